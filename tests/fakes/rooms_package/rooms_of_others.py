"""A connector of another package: an inventory of meeting rooms, with a note and a command of its own.

Tests install it into a temporary folder (`contract/test_entry_points.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from datetime import datetime

import typer
from pydantic import BaseModel, ConfigDict

from worker.domain.model import Group, Member, Role, Roster
from worker.ports import (
    Capabilities,
    CheckResult,
    Commands,
    ConnectorContext,
    ConnectorSpec,
    Count,
    Metric,
    Noted,
    Passive,
    Port,
    SnapshotEnd,
)
from worker.ports.connectors.commands import CommandLine

LISTED = Noted("rooms.listed", logging.INFO, (Count(Metric("whosleft_rooms_listed", "Lists of rooms.")),))


class RoomsConfig(BaseModel):
    model_config = ConfigDict(extra="forbid")

    floor: int = 1


class Rooms(Passive):
    can = Capabilities(sees_all_groups=True)

    def __init__(self, config: RoomsConfig, context: ConnectorContext) -> None:
        self.name = context.name
        self._floor = config.floor
        self._context = context

    def changes(
        self, _cursor: str | None, _groups: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        now: datetime = self._context.now()
        self._context.note(LISTED)
        members = (Member("lee@corp.example", Role.ADMIN, email="lee@corp.example"),)
        yield Roster(Group(f"room-{self._floor}", f"Room on floor {self._floor}", "rooms"), members, now)
        yield SnapshotEnd(now, 1)

    def check(self) -> CheckResult:
        return CheckResult(ok=True, message=f"{self.name}: one room on floor {self._floor}")


def commands(line: CommandLine) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help="The rooms of others.")

    @app.command()
    def count() -> None:
        """Count them."""
        line.say("one room")

    return app


SPEC = ConnectorSpec(
    kind="rooms",
    port=Port.INVENTORY,
    config=RoomsConfig,
    build=Rooms,
    summary="rooms of another package",
    notes=(LISTED,),
    commands=Commands("rooms", commands),
)
