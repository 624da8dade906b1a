"""Connectors of other packages are found by their entry points, and one that clashes is an error that names both."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import fakes.rooms_package.rooms_of_others as package
import worker
from connectors import registry
from worker.ops.metrics import Metrics
from worker.ports import BadConfig, Port
from worker.running.wiring import build_connectors, commands_of_connectors, load_settings, notes_of
from worker.settings import SettingsError

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ROOMS = "rooms_of_others"
CONFIG = "inventories: [{name: meeting, kind: rooms, floor: 3}]\n"


def install(folder: Path, points: str, name: str = "rooms") -> None:
    """As an installer leaves it: the module, and beside it what the distribution says of itself."""
    shutil.copy(str(package.__file__), folder / f"{ROOMS}.py")
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{points}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that packages are installed in."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    registry.places.cache_clear()
    yield folder
    registry.places.cache_clear()
    sys.modules.pop(ROOMS, None)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "whosleft.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def test_one_is_configured_read_and_noted_like_our_own(site: Path, config: Path) -> None:
    install(site, f"inventory.rooms = {ROOMS}:SPEC")
    settings = load_settings(config)
    metrics = Metrics(notes=notes_of(settings))
    connectors = build_connectors(settings, lambda: NOW, observer=metrics)

    roster, _ = connectors.inventories[0].changes(None)

    assert (roster.group.group_id, connectors.inventories[0].name) == ("room-3", "meeting")  # type: ignore[union-attr]
    assert metrics.registry.get_sample_value("whosleft_rooms_listed_total", {"source": "meeting"}) == 1


def test_its_faults_are_its_own_as_ours_are(
    site: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: object) -> str:
        raise KeyError("a shape that nobody foresaw")

    install(site, f"inventory.rooms = {ROOMS}:SPEC")
    settings = load_settings(config)
    monkeypatch.setattr(f"{ROOMS}.Rooms.watermark", broken)

    assert build_connectors(settings, lambda: NOW).inventories[0].watermark() is None


def test_its_keys_are_checked_as_ours_are(site: Path, config: Path) -> None:
    install(site, f"inventory.rooms = {ROOMS}:SPEC")
    config.write_text(CONFIG.replace("floor", "flor"), encoding="utf-8")

    with pytest.raises(SettingsError, match="flor"):
        load_settings(config)


def test_without_its_package_the_kind_is_unknown(site: Path, config: Path) -> None:
    with pytest.raises(SettingsError, match="rooms"):
        load_settings(config)


def test_the_program_has_its_commands_and_checks_it(site: Path, config: Path) -> None:
    install(site, f"inventory.rooms = {ROOMS}:SPEC")

    def run(*words: str) -> str:
        path = os.pathsep.join([str(site), str(Path(worker.__path__[0]).parent)])
        done = subprocess.run(
            [sys.executable, "-m", "worker", *words],
            env={**os.environ, "PYTHONPATH": path, "WHOSLEFT_CONFIG": str(config)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    assert run("rooms", "count") == "one room\n"
    assert "The rooms of others." in run("--help")
    source, _ = json.loads(run("check", "--json"))["sources"]
    assert source["message"] == "meeting: one room on floor 3"


@pytest.mark.parametrize(
    "points, said",
    [
        ("inventory.register = other:SPEC", ["inventory.register", "connectors.inventory.register:SPEC", "other:SPEC"]),
        ("rooms = other:SPEC", ["rooms", "other:SPEC", "inventory.KIND"]),
        ("calendar.rooms = other:SPEC", ["calendar.rooms", "other:SPEC"]),
    ],
)  # fmt: skip
def test_a_name_that_is_taken_or_none_is_an_error_that_says_whose(
    site: Path, config: Path, points: str, said: list[str]
) -> None:
    install(site, points)

    with pytest.raises(BadConfig) as raised:
        load_settings(config)

    assert [word for word in said if word not in f"{raised.value.message} {raised.value.remedy}"] == []
    assert raised.value.remedy


def test_two_packages_with_one_kind_are_both_named(site: Path) -> None:
    install(site, f"inventory.rooms = {ROOMS}:SPEC")
    install(site, "inventory.rooms = halls:SPEC", "halls")

    with pytest.raises(BadConfig, match=r"Two connectors are called inventory\.rooms") as raised:
        registry.places()

    assert {ROOMS, "halls"} <= {word.partition(":")[0] for word in raised.value.message.split()}


def test_two_connectors_with_one_command_are_both_named(site: Path) -> None:
    install(site, f"inventory.rooms = {ROOMS}:SPEC\ninventory.halls = halls:SPEC")
    text = (site / f"{ROOMS}.py").read_text(encoding="utf-8")
    (site / "halls.py").write_text(text.replace('kind="rooms"', 'kind="halls"'), encoding="utf-8")

    with pytest.raises(BadConfig, match=r"commands called rooms: inventory\.\w+ and inventory\.\w+"):
        commands_of_connectors()
    sys.modules.pop("halls")


@pytest.mark.parametrize(
    "points, said",
    [
        ("inventory.rooms = no_such_module:SPEC", "no_such_module"),
        (f"inventory.rooms = {ROOMS}:NO_SUCH_SPEC", "NO_SUCH_SPEC"),
        (f"directory.rooms = {ROOMS}:SPEC", "declares itself as inventory.rooms"),
    ],
)
def test_a_package_that_is_broken_is_named_and_stops_only_who_asks_for_it(
    site: Path, points: str, said: str
) -> None:
    install(site, points)
    port, _, kind = points.partition(" ")[0].partition(".")

    with pytest.raises(BadConfig, match=said):
        registry.spec(Port(port), kind)
    assert registry.spec(Port.INVENTORY, "register").kind == "register"


def test_a_declaration_imports_nothing_heavy_the_version_no_declaration_and_a_worker_no_desk() -> None:
    code = (
        "import sys; from connectors import registry\n"
        "for port, kinds in registry.places().items():\n"
        "    for kind in kinds: registry.spec(port, kind)\n"
        "print(sorted({'ldap3', 'httpx2', 'msal', 'slack_sdk', 'openpyxl', 'lxml', 'docx'} & set(sys.modules)))"
    )
    version = (
        "import sys; from worker.program import app\n"
        "app(['version'], standalone_mode=False)\n"
        "print(sorted(one for one in sys.modules if one.startswith(('connectors.directory', 'connectors.inventory'))))"
    )
    jobs = (
        "import sys; from worker.running import serving\n"
        "print(sorted(one for one in sys.modules if one in {'fastapi', 'msal'} or one.startswith('worker.desk')))"
    )
    root = str(Path(worker.__path__[0]).parent)
    for script in (code, version, jobs):
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONPATH": root},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.splitlines()[-1] == "[]"


def test_the_command_looks_for_no_garbage_in_what_it_imported() -> None:
    code = (
        "import gc, sys; from worker.__main__ import main\n"
        "sys.argv = ['whosleft', 'version']\n"
        "try: main()\n"
        "except SystemExit as end: print(end.code, gc.isenabled(), gc.get_freeze_count() > 100_000)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 True True"
