"""A gateway's side of the inventory contract."""

from __future__ import annotations

from datetime import datetime

from contracts.inventory import TAKEN_AT, World
from fakes.gateways.server import GatewayServer, Person, Room
from fakes.graph.http import Reply
from worker.domain.model import Member, Roster
from worker.ports import Inventory


class GatewayWorld(World):
    """`members_at` is the part of the target at which members are read."""

    def __init__(self, server: GatewayServer, inventory: Inventory, members_at: str) -> None:
        self.server = server
        self.inventory = inventory
        self._members_at = members_at

    def show(self, *rosters: Roster, taken_at: datetime = TAKEN_AT) -> None:
        self.server.mend()
        self.server.rooms = {
            roster.group.group_id: Room(roster.group.name, [person_of(member) for member in roster.members])
            for roster in rosters
        }

    def spoil(self, group_id: str) -> None:
        self.server.rooms[group_id].bad_rows.append({"id": "status@broadcast", "role": "participant"})

    def break_mid_way(self) -> None:
        self.server.tell(self._members_at, Reply(body=b'[{"id": "4477', cut_after=9))

    def take_away(self) -> None:
        self.server.tell("/", Reply(is_dropped=True))

    def mend(self) -> None:
        self.server.mend()
        for room in self.server.rooms.values():
            room.bad_rows.clear()


def person_of(member: Member) -> Person:
    """The gateway's person behind a member of the contract."""
    return Person(
        member.phone.removeprefix("+") if member.phone else None, member.role, None, member.display_name
    )
