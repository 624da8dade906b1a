"""Short ways to read a register that a test has just written."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.inventory.register.config import RegisterConfig
from connectors.inventory.register.connector import RegisterInventory
from connectors.inventory.register.formats.work import Reading
from fakes.in_process import in_process
from fakes.office import Rows, write_xlsx
from worker.domain.model import Member, Roster
from worker.ports import ConnectorContext

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SAVED_AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
A, B, C = "+447700900101", "+447700900102", "+447700900103"
HEAD: list[Any] = ["Group name", "Member name", "Phone", "Role"]
TWO_WARDS = {"Ward 7": [(A, "admin"), (B, "member")], "Ward 8": [(C, "member")]}  # as `shown` shows them


def context(
    folder: Path = Path(), *, region: str = "GB", timezone: str = "Europe/London"
) -> ConnectorContext:
    return ConnectorContext("wards", folder, region, timezone, "en", lambda: NOW)


def register(config: RegisterConfig, around: ConnectorContext) -> RegisterInventory:
    """The inventory, which reads in the test's own process."""
    return RegisterInventory(config, around, in_process)


def read_file(
    path: Path,
    *,
    region: str = "GB",
    timezone: str = "Europe/London",
    saved_at: datetime = SAVED_AT,
    **config: object,
) -> Reading:
    """Read a register as the connector does, as if it was saved at `saved_at`."""
    os.utime(path, (saved_at.timestamp(), saved_at.timestamp()))
    settings = RegisterConfig.model_validate({"path": path.name, **config})
    return register(settings, context(path.parent, region=region, timezone=timezone)).read()


def read_rows(folder: Path, rows: Rows, **options: object) -> Reading:
    """Read rows of an Excel sheet named Groups."""
    path = folder / "groups.xlsx"
    write_xlsx(path, rows)
    return read_file(path, **options)  # type: ignore[arg-type]


def only(reading: Reading) -> Roster:
    (roster,) = reading.rosters
    return roster


def brief(members: tuple[Member, ...]) -> list[tuple[str, str]]:
    """Handle and role of each member."""
    return [(member.handle, member.role.value) for member in members]


def shown(reading: Reading) -> dict[str, list[tuple[str, str]]]:
    return {roster.group.name: brief(roster.members) for roster in reading.rosters}


def places(reading: Reading) -> list[str]:
    return [problem.place for problem in reading.problems]
