"""How all tests are dealt to processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gate import HERE, dealt, forget
from nearest import is_near
from worker.domain.escalation.wall_clock import only_zone, timezones


def some(path: str, count: int, *servers: str) -> list[Any]:
    return [SimpleNamespace(path=Path(HERE, path), fixturenames=servers, at=at) for at in range(count)]


def test_each_share_begins_with_its_part_of_what_takes_long_and_servers_stay_together() -> None:
    rooms = some("integration/test_rooms.py", 4, "synapse_server")
    more_rooms = some("integration/test_more_rooms.py", 4, "synapse_server")
    worlds, quick = some("sim/test_worlds.py", 5), some("unit/test_quick.py", 47)
    items = cast("list[pytest.Item]", [*quick, *rooms, *worlds, *more_rooms])

    ordered = dealt(items, 2)

    assert ordered[:5] == worlds  # 35 s
    assert ordered[30:38] == [*rooms, *more_rooms]  # 32 s
    assert [one for one in ordered if one in quick] == quick
    assert len(ordered) == len(items)


def test_one_process_runs_what_takes_long_first() -> None:
    quick, worlds = some("unit/test_quick.py", 3), some("sim/test_worlds.py", 2)
    assert dealt([*quick, *worlds], 1) == [*worlds, *quick]


def test_counted_tests_find_nothing_that_the_core_remembers_from_others() -> None:
    only_zone("FR"), timezones()
    forget()
    assert only_zone.cache_info().currsize == timezones.cache_info().currsize == 0


@pytest.mark.parametrize(
    "changed, is_it",
    [
        ("tests/package/test_gate.py", True),
        ("tests/support/gate.py", True),  # imported
        ("worker/domain/gate.py", True),  # named after it
        ("worker/domain/replay/history.py", False),
        ("pathlib/__init__.py", True),  # a package
    ],
)
def test_a_test_file_is_near_what_it_imports_and_is_named_after(changed: str, *, is_it: bool) -> None:
    assert is_near(Path(__file__), (changed,)) is is_it


def test_a_run_ends_in_time_and_says_what_had_no_room(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--within", "0"]
    no_git = {**os.environ, "GIT_DIR": str(tmp_path)}
    ran = subprocess.run(
        [*command, "tests/unit/domain/test_watch.py"], cwd=HERE.parent, env=no_git, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert "Tests of one file in ten, since no module was changed; " in ran.stdout
    assert "had no room in 0 seconds. `make test` runs all." in ran.stdout
    assert "passed" not in ran.stdout
