"""The values that the worker and the process that reads a calendar exchange. Plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from connectors.kit.child import Bounds, Work

BYTES_MAX = 2 << 20
BOUNDS = Bounds(memory_bytes=384 << 20, cpu_s=20, wait_s=60.0)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which days to read, and how: `timezone` (IANA) is for times without one, `aliases` are addresses by name."""

    name: str
    timezone: str
    aliases: dict[str, str]
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody is on call; `person` is an e-mail address."""

    person: str
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Turns:
    """All turns of a calendar by beginning, and sentences about what was odd."""

    turns: tuple[Turn, ...]
    notes: tuple[str, ...]


WORK: Work[Asked, Turns] = Work(
    "connectors.kit.ical.work:WORK",
    "connectors.kit.ical.reading:read_calendar",
    TypeAdapter(Asked),
    TypeAdapter(Turns),
)
