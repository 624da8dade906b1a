"""Use cases that do as they are told, and remember what they were asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from worker.app.jobs.report import Report
from worker.app.jobs.retention import Retention
from worker.app.jobs.table import JOBS, JobSchedule, UseCase, UseCases
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


class FakePacedUseCase(FakeUseCase):
    """One that can do only what is due."""

    def run_once(
        self,
        now: datetime,
        lease: Lease | None = None,
        *,
        full: bool | None = None,
        due_only: bool = False,
    ) -> Report:
        del due_only
        return super().run_once(now, lease, full=full)


class FakeApp:
    """The use cases of the jobs, by their names here; `use_cases` are those that `ops.jobs.Jobs` takes."""

    def __init__(self) -> None:
        self._cases = {
            name: (
                FakeFullUseCase if job.has_full_pass else FakePacedUseCase if job.is_paced else FakeUseCase
            )(name)
            for name, job in JOBS.items()
        }
        self.retention = FakeUseCase("retention")

    def case(self, name: str) -> FakeUseCase:
        return self._cases[name]

    @property
    def use_cases(self) -> UseCases:
        found: dict[type[UseCase], UseCase] = {
            JOBS[name].use_case: case for name, case in self._cases.items()
        }
        return found | {Retention: self.retention}


def schedule_of(*, every: timedelta, lease: timedelta = timedelta(seconds=30)) -> JobSchedule:
    """Every job at one interval."""
    return JobSchedule(dict.fromkeys(JOBS, every), time(2, 30), lease, "UTC")
