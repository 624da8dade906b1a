from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from pydantic import BaseModel

from fakes.kinds import KINDS, ChatOptions, FileOptions, Format, RegisterOptions
from worker.ports import Port
from worker.settings import NotifierEntry, Settings, SettingsError, connector_options, load

DIRECTORY = """\
directories:
  - name: corp
    kind: file
    path: people.csv
    format: ldif
    attributes: {phones: [mobile]}
"""


class LateKinds(Mapping[str, type[BaseModel]]):
    """Notes which kinds are looked up, as a registry that imports late would."""

    def __init__(self, models: Mapping[str, type[BaseModel]]) -> None:
        self.models = models
        self.looked_up: set[str] = set()

    def __getitem__(self, kind: str) -> type[BaseModel]:
        self.looked_up.add(kind)
        return self.models[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self.models)

    def __len__(self) -> int:
        return len(self.models)

    def __contains__(self, kind: object) -> bool:
        return kind in self.models


def write(folder: Path, text: str) -> Path:
    path = folder / "whosleft.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_entry_s_own_keys_become_its_connector_s_model(tmp_path: Path) -> None:
    (entry,) = load(write(tmp_path, DIRECTORY), kinds=KINDS).directories
    options = connector_options(entry, FileOptions)
    assert (options.path, options.format, options.attributes.phones) == (
        "people.csv",
        Format.LDIF,
        ("mobile",),
    )


def test_only_the_kinds_that_are_used_are_looked_up(tmp_path: Path) -> None:
    late = LateKinds(KINDS[Port.DIRECTORY])
    load(write(tmp_path, DIRECTORY), kinds={**KINDS, Port.DIRECTORY: late})
    assert late.looked_up == {"file"}


def test_without_kinds_options_are_kept_unchecked_and_checked_later_by_line(tmp_path: Path) -> None:
    path = write(tmp_path, DIRECTORY + "    paht: x\n")
    (entry,) = load(path).directories
    with pytest.raises(SettingsError) as error:
        connector_options(entry, FileOptions)
    assert str(error.value) == (
        f"{path}:7:5: directories[0].paht: there is no key 'paht' here. Did you mean 'path'?"
    )


def test_an_entry_that_is_in_no_file_is_named(tmp_path: Path) -> None:
    entry = NotifierEntry.model_validate({"name": "soc", "kind": "slack", "chanel": "#x"})
    with pytest.raises(SettingsError) as error:
        connector_options(entry, ChatOptions)
    assert str(error.value).splitlines() == [
        "entry 'soc': the key 'token' is missing. Add 'token: …'.",
        "entry 'soc': chanel: there is no key 'chanel' here. Did you mean 'channel'?",
    ]


def test_settings_can_be_built_without_a_file() -> None:
    settings = Settings.model_validate({"inventories": [{"name": "a", "kind": "register", "path": "g.csv"}]})
    assert connector_options(settings.inventories[0], RegisterOptions).path == "g.csv"


def test_a_wrong_section_does_not_hide_what_is_wrong_with_an_entry(tmp_path: Path) -> None:
    text = "guard: 5\n" + DIRECTORY.replace("ldif", "xml")
    with pytest.raises(SettingsError) as error:
        load(write(tmp_path, text), kinds=KINDS)
    assert [problem.key for problem in error.value.problems] == ["guard", "directories[0].format"]
