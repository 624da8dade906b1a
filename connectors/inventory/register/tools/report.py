"""`whosleft register check FILE`: the cells of a register that can't be understood, and how to mend them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connectors.inventory.register.config import RegisterConfig
from connectors.inventory.register.connector import RegisterInventory, counts_of
from connectors.kit.child import Apart, plain
from worker.ports import ConnectorContext, ConnectorError


@dataclass(frozen=True, slots=True)
class CellProblem:
    """One thing to mend: its place ("sheet 'Groups', C14"), what is wrong, and what to do."""

    place: str
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class RegisterReport:
    """The report about one register. `is_readable` is false if nothing of it could be used.

    `headings` are (sheet, heading, meaning); the meaning is a key of `columns:`, or "" if the column isn't used.
    `warnings` need no action. `taken_at` is aware UTC.
    """

    is_readable: bool
    problems: tuple[CellProblem, ...] = ()
    warnings: tuple[str, ...] = ()
    groups: int = 0
    members: int = 0
    admins: int = 0
    taken_at: datetime | None = None
    headings: tuple[tuple[str, str, str], ...] = ()


def check_register(
    path: Path, context: ConnectorContext, config: RegisterConfig | None = None, apart: Apart | None = None
) -> RegisterReport:
    """Read the register at `path` (relative to `context.base_dir`) as the worker would, and report on it.

    `config` gives `columns`, `sheet` and `messenger`; its own path is ignored. Never raises a ConnectorError: for an
    unreadable register, the report has one problem. Changes nothing.
    """
    used = (config or RegisterConfig(path=path)).model_copy(update={"path": path})
    try:
        reading = RegisterInventory(used, context, apart).read()
    except ConnectorError as error:
        what = error.message.removeprefix(f"{path.name}: ")
        return RegisterReport(is_readable=False, problems=(CellProblem(path.name, what, error.remedy),))
    counts = counts_of(reading)
    of_groups = [f"{roster.group.name}: {text}" for roster in reading.rosters for text in roster.warnings]
    return RegisterReport(
        is_readable=True,
        problems=tuple(CellProblem(plain(p.place), plain(p.what), plain(p.remedy)) for p in reading.problems),
        warnings=tuple(map(plain, (*reading.warnings, *of_groups))),
        groups=counts["groups"],
        members=counts["members"],
        admins=counts["admins"],
        taken_at=reading.taken_at,
        headings=tuple((plain(table), plain(text), meaning) for table, text, meaning in reading.headings),
    )


def check_file(
    path: Path, context: ConnectorContext, config: RegisterConfig | None = None, apart: Apart | None = None
) -> list[CellProblem]:
    """Return only the problems of `check_register`, in the order of the file."""
    return list(check_register(path, context, config, apart).problems)
