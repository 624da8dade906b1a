"""Every connector of the registry is whole: a folder of the known shape, a manual, and a contract suite."""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import ValidationError

from connectors.registry import ADVISORIES, DIRECTORIES, INVENTORIES, NOTIFIERS, TRACKERS, load
from worker.ports import Port

HERE = Path(__file__).parent
TABLES = {
    Port.DIRECTORY: DIRECTORIES,
    Port.INVENTORY: INVENTORIES,
    Port.NOTIFY: NOTIFIERS,
    Port.ADVISORIES: ADVISORIES,
    Port.TRACKER: TRACKERS,
}
SUITES = {
    Port.DIRECTORY: ("contracts.directory", "DirectoryContract", "test_directories.py"),
    Port.INVENTORY: ("contracts.inventory", "InventoryContract", "test_inventories*.py"),
    Port.NOTIFY: ("contracts.notifier", "AnyNotifierContract", "test_notifiers*.py"),
    Port.ADVISORIES: ("contracts.advisory_feed", "AdvisoryFeedContract", "test_advisory_feeds.py"),
    Port.TRACKER: ("contracts.tracker", "AnyTrackerContract", "test_trackers*.py"),
}
HEADINGS = ("Rights needed", "Endpoints", "Limits", "Known gaps")
CONNECTORS = [
    pytest.param(port, kind, place, id=f"{port}-{kind}")
    for port, table in TABLES.items()
    for kind, place in table.items()
]

every_connector = pytest.mark.parametrize("port, kind, place", CONNECTORS)


@every_connector
def test_its_spec_is_of_this_kind_and_port(port: Port, kind: str, place: str) -> None:
    spec = load(place)
    assert (spec.kind, spec.port) == (kind, port)
    assert spec.summary


@every_connector
def test_its_folder_has_every_part(port: Port, kind: str, place: str) -> None:
    folder = folder_of(place)
    parts = ("__init__.py", "config.py", "connector.py", "README.md")
    assert [part for part in parts if not (folder / part).is_file()] == []


@every_connector
def test_its_manual_has_the_fixed_headings_in_order(port: Port, kind: str, place: str) -> None:
    text = (folder_of(place) / "README.md").read_text(encoding="utf-8")
    assert tuple(h for h in re.findall(r"^## (.+)$", text, re.MULTILINE) if h in HEADINGS) == HEADINGS


@every_connector
def test_its_configuration_refuses_unknown_keys(port: Port, kind: str, place: str) -> None:
    with pytest.raises(ValidationError) as raised:
        load(place).config.model_validate({"no_such_key": 1})
    assert ("extra_forbidden", ("no_such_key",)) in [(e["type"], e["loc"]) for e in raised.value.errors()]


@every_connector
def test_it_passes_the_contract_suite_of_its_port(port: Port, kind: str, place: str) -> None:
    assert kind in [suite.kind for suite in suites_of(port)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("port", list(Port))
def test_every_port_has_a_fake_that_passes_its_contract_suite(port: Port) -> None:
    assert None in [suite.kind for suite in suites_of(port)]  # type: ignore[attr-defined]


def suites_of(port: Port) -> Iterator[type]:
    """The test classes of a port's contract; each names its connector's `kind`, a fake None."""
    module_name, contract_name, file_name = SUITES[port]
    contracts = importlib.import_module(module_name)
    names = (contract_name, f"Pushed{contract_name}")
    contract = tuple(getattr(contracts, name) for name in names if hasattr(contracts, name))
    for path in sorted(HERE.glob(file_name)):
        for value in vars(module_at(path)).values():
            if isinstance(value, type) and issubclass(value, contract) and value.__name__.startswith("Test"):
                yield value


def module_at(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"registry_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def folder_of(place: str) -> Path:
    module = importlib.import_module(place.partition(":")[0])
    assert module.__file__ is not None
    return Path(module.__file__).parent
