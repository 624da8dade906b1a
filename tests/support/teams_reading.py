"""Accounts, a team, channels and a chat of a fake Teams, and what the inventory reads of them."""

from __future__ import annotations

from connectors.inventory.teams.connector import TeamsInventory
from worker.domain.model import Role, Roster
from worker.ports import SnapshotEnd

AMINA, SAM, NOOR = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
WARD = "10000000-0000-4000-8000-000000000001"
PRIVATE, SHARED, OPEN = "19:private@thread.tacv2", "19:shared@thread.tacv2", "19:open@thread.tacv2"
CHAT = "19:chat@thread.v2"


def read(inventory: TeamsInventory, groups: list[str] | None = None) -> tuple[list[Roster], SnapshotEnd]:
    *rosters, end = inventory.changes(None, groups)
    assert isinstance(end, SnapshotEnd)
    return [one for one in rosters if isinstance(one, Roster)], end


def roles(roster: Roster) -> dict[str, Role]:
    return {one.handle: one.role for one in roster.members}
