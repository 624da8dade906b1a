"""Trackers in the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.running.wiring import KINDS, kinds_of
from worker.settings import Settings, SettingsError, load

LAB = 'name: lab, kind: gitlab, url: "https://lab.example.org", token: "${env:LAB}", project: "1"'


def settings(folder: Path, more: str = "") -> Settings:
    file = folder / "whosleft.yaml"
    file.write_text(
        f"directories: [{{name: corp, kind: file, path: people.csv}}]\ntrackers: [{{{LAB}{more}}}]\n"
    )
    return load(file, kinds=KINDS, env={"LAB": "invented"})


def test_the_kind_of_every_connector_is_known(tmp_path: Path) -> None:
    assert {"corp": "file", "lab": "gitlab"}.items() <= kinds_of(settings(tmp_path)).items()


def test_it_is_minimal_and_for_all_tickets_by_default(tmp_path: Path) -> None:
    [one] = settings(tmp_path).trackers
    assert (one.content, one.when.kinds, one.when.sensitive, one.assign) == ("minimal", (), None, True)


@pytest.mark.parametrize(
    "more, said",
    [
        (", when: {kinds: [remove_membre]}", "remove_member"),
        (", content: whole", "minimal"),
        (", token2: x", "token2"),
        ("}, {name: corp, kind: gitlab", "is the name of the entry in line 1"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        settings(tmp_path, more)
    assert said in str(raised.value)
