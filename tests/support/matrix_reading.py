"""Rooms of a Synapse, and what the inventory reads of them."""

from __future__ import annotations

from connectors.inventory.matrix.connector import MatrixInventory
from fakes.matrix.server import MatrixServer
from worker.domain.model import Roster
from worker.ports import SnapshotEnd

WARD = "!ward:corp.example"


def rooms(server: MatrixServer, creator: str, number: int) -> None:
    for at in range(number):
        server.room(f"!{at:03}", creator, [creator], name=f"Ward {at}")


def read(
    inventory: MatrixInventory, groups: list[str] | None = None, cursor: str | None = None
) -> tuple[list[Roster], SnapshotEnd]:
    *rosters, end = inventory.changes(cursor, groups)
    assert isinstance(end, SnapshotEnd)
    return [one for one in rosters if isinstance(one, Roster)], end


def ids(rosters: list[Roster]) -> list[str]:
    return [roster.group.group_id for roster in rosters]
