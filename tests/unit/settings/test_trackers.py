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


def calls(listen: str, path: str = "/lab") -> str:
    return f', calls: {{listen: "{listen}", path: {path}, secret: "${{env:LAB}}"}}'


@pytest.mark.parametrize("path", ["/lab", "/hub"])
def test_two_can_t_listen_at_one_address(tmp_path: Path, path: str) -> None:
    both = calls("0.0.0.0:8071") + "}, {" + LAB.replace("lab,", "hub,", 1) + calls("0.0.0.0:8071", path)

    with pytest.raises(SettingsError) as raised:
        settings(tmp_path, both)

    assert "trackers[1].calls.listen" in str(raised.value)
    assert "lab listens on 0.0.0.0:8071, too" in str(raised.value)
    assert len(settings(tmp_path, both.replace("0.0.0.0:8071", "127.0.0.1:0")).trackers) == 2, (
        "any that is free"
    )


def test_nothing_can_listen_where_health_and_metrics_are(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"ops listens on 127\.0\.0\.1:9464, too"):
        settings(tmp_path, calls("127.0.0.1:9464"))
