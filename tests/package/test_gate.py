"""How all tests are dealt to processes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gate import HERE, dealt


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
