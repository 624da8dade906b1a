"""What health, /statusz and the metrics show of the stored state. Implemented by `worker/storage/figures.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from worker.domain.watch.alarms import ToldAlarm
from worker.ports.state.leases import JobRun, ListedLease
from worker.ports.state.mirrors import CopySort
from worker.ports.state.overview import Part, PartCount
from worker.ports.state.sources import SourceState
from worker.ports.state.tickets import TicketSort


@dataclass(frozen=True, slots=True)
class Pile:
    """The tickets of one kind in one state. `oldest_at`: when the oldest of them was opened."""

    count: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class ProcessState:
    """The last run of each job, the leases with holder and end, what is known of each source, and standing alarms."""

    leases: tuple[ListedLease, ...] = ()
    jobs: tuple[JobRun, ...] = ()
    sources: tuple[SourceState, ...] = ()
    alarms: tuple[ToldAlarm, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of one moment. `tickets` has no empty piles."""

    standing: ProcessState
    tickets: Mapping[TicketSort, Pile]
    overdue: int
    held_plans: int
    outbox_waiting: int  # messages that may go now and have not arrived
    exposed: Mapping[Part, PartCount]  # as the console counts them
    copies: Mapping[CopySort, int] = field(default_factory=dict)  # in trackers


class Vitals(Protocol):
    """Each call is one transaction that only reads. It may take as long as the database takes to refuse."""

    def check(self, *, has_desk: bool) -> None:
        """Return if this release can work with the tables, and with `has_desk` the desk with its; else raise."""

    def standing(self) -> ProcessState:
        """Jobs and sources by name, leases by job."""

    def figures(self, now: datetime) -> Figures:
        """The counts at `now` (aware UTC)."""
