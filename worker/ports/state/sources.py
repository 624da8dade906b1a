"""What is known about each connector's reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from worker.ports.connectors.base import Port


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is known about one connector's reads; `trouble` is set from a failed read until a good one."""

    name: str
    port: Port
    cursor: str | None = None
    first_pass_at: datetime | None = None
    last_attempt_at: datetime | None = None
    last_success_at: datetime | None = None
    last_full_at: datetime | None = None
    taken_at: datetime | None = None
    failures: int = 0
    trouble: str | None = None
    remedy: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


WHOLE = ""  # in place of a group's id: all of the source


class WantedRead(NamedTuple):
    """A read that somebody asked for, of one group or of the WHOLE source."""

    source: str
    group_id: str
    asked_at: datetime


class Sources(Protocol):
    """One row for each connector that is read from."""

    def get(self, name: str, port: Port) -> SourceState:
        """The state; an empty one for a source that was never read."""

    def put(self, state: SourceState) -> None:
        """Insert or replace."""

    def all(self) -> list[SourceState]:
        """By name."""

    def removed(self, port: Port) -> set[str]:
        """Those that were read and that the configuration no longer names, as `remove` was told."""

    def remove(self, port: Port, names: Collection[str]) -> None:
        """Remember that of all sources of this kind exactly these are no longer configured."""

    def want(self, source: str, groups: Iterable[str], now: datetime) -> None:
        """Ask for a read of these groups before its time; of all of the source for WHOLE. Idempotent."""

    def wanted(self) -> list[WantedRead]:
        """What was asked for and not read yet, by source and group."""

    def had(self, wanted: Iterable[WantedRead]) -> None:
        """Forget the reads that were asked for by these instants, because they were tried."""
