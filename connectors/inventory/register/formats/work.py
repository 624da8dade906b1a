"""The values that the worker and the process that reads a register exchange. Plain values.

Only that process imports `reading` and its libraries (Excel, Word).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import TypeAdapter

from connectors.inventory.register.config import RegisterConfig
from connectors.inventory.register.meaning.rows import Problem
from connectors.kit.child import Work
from worker.domain.model import Roster


@dataclass(frozen=True, slots=True)
class Asked:
    """The request: a register's name, and how to read it. `modified_at` and `now` are aware UTC."""

    name: str
    modified_at: datetime
    config: RegisterConfig
    region: str
    timezone: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """A register that was read. `headings` are (table, heading, its meaning), "" for unused ones."""

    rosters: tuple[Roster, ...]
    taken_at: datetime
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    headings: tuple[tuple[str, str, str], ...]


def in_parts(reading: Reading) -> Iterator[Roster | Reading]:
    """Yield the rosters one by one, then the reading without them."""
    yield from reading.rosters
    yield replace(reading, rosters=())


def whole(parts: Iterator[Roster | Reading]) -> Reading:
    """Return the reading that `in_parts` split."""
    rosters: list[Roster] = []
    for part in parts:
        if isinstance(part, Reading):
            return replace(part, rosters=tuple(rosters))
        rosters.append(part)
    raise AssertionError("a reading ends with itself")


WORK: Work[Asked, Roster | Reading] = Work(
    "connectors.inventory.register.formats.work:WORK",
    "connectors.inventory.register.formats.reading:read_file",
    TypeAdapter(Asked),
    TypeAdapter(Roster | Reading),
)
