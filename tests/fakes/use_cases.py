"""Use cases that do as they are told, and remember what they were asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from worker.app.jobs.report import Report
from worker.ops.schedule import ScheduleValues
from worker.ports.state.leases import Lease


@dataclass
class FakeUseCase:
    """`does` is called with the lease, in the job's thread; `report` is what comes of it."""

    name: str
    does: Callable[[Lease | None], None] = lambda _lease: None
    report: Report | None = None
    runs: list[tuple[datetime, Lease | None, bool | None]] = field(default_factory=list)

    def run_once(self, now: datetime, lease: Lease | None = None, *, full: bool | None = None) -> Report:
        self.runs.append((now, lease, full))
        self.does(lease)
        return self.report or Report(self.name)


class FakeFullUseCase(FakeUseCase):
    def run_once(self, now: datetime, lease: Lease | None = None, *, full: bool | None = False) -> Report:
        return super().run_once(now, lease, full=full)


class FakeApp:
    """`ops.jobs.UseCases`."""

    def __init__(self) -> None:
        self.poll = FakeFullUseCase("poll")
        self.inventory = FakeUseCase("inventory")
        self.reconcile = FakeFullUseCase("reconcile")
        self.verify = FakeUseCase("verify")
        self.escalate = FakeUseCase("escalate")
        self.deliver = FakeUseCase("deliver")
        self.retention = FakeUseCase("retention")

    def case(self, name: str) -> FakeUseCase:
        case: FakeUseCase = getattr(self, name)
        return case


def schedule_of(*, every: timedelta, lease: timedelta = timedelta(seconds=30)) -> ScheduleValues:
    """Every job at one interval."""
    return ScheduleValues(
        poll=every,
        inventory=every,
        reconcile=every,
        verify=every,
        escalate=every,
        deliver=every,
        full=time(2, 30),
        lease=lease,
        timezone="UTC",
    )
