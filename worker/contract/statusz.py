"""/statusz: one process, and what the state says of jobs, leases, sources and alarms."""

from __future__ import annotations

from datetime import datetime

from worker.app.tell.health import Judged
from worker.contract.shape import Counts, Data, Instant, Shape
from worker.domain.watch.alarms import AlarmCause, ToldAlarm
from worker.ports import Port
from worker.ports.state.leases import JobRun, ListedLease
from worker.ports.state.sources import SourceState


class HeldLeaseShape(Shape):
    """A lease that somebody holds, or held until `expires_at`."""

    job: str
    holder: str
    fence: int
    expires_at: Instant

    @classmethod
    def of(cls, listed: ListedLease) -> HeldLeaseShape:
        lease = listed.lease
        return cls(job=lease.job, holder=lease.holder, fence=lease.fence, expires_at=listed.expires_at)


class ScheduledJobShape(Shape):
    """A job's last run and its next one in this process. `report` is null for a job that has not run yet."""

    name: str
    last_run_at: Instant | None
    last_ok_at: Instant | None
    next_run_at: Instant | None
    report: Data | None

    @classmethod
    def of(
        cls, name: str, run: JobRun | None, report: Data | None, next_run_at: datetime | None
    ) -> ScheduledJobShape:
        """`report` is that of `run`, fit to be shown."""
        return cls(
            name=name,
            last_run_at=run.run_at if run else None,
            last_ok_at=run.ok_at if run else None,
            next_run_at=next_run_at,
            report=report,
        )


class StoredSourceShape(Shape):
    """A source, judged by what is stored of its reads."""

    name: str
    port: Port
    kind: str
    ok: bool
    message: str
    remedy: str
    last_success_at: Instant | None
    stale: bool
    counts: Counts

    @classmethod
    def of(cls, state: SourceState, kind: str, found: Judged, message: str, remedy: str) -> StoredSourceShape:
        """`message` and `remedy` are those of `found`, fit to be shown."""
        return cls(
            name=state.name,
            port=state.port,
            kind=kind,
            ok=found.ok,
            message=message,
            remedy=remedy,
            last_success_at=state.last_success_at,
            stale=found.is_stale,
            counts=dict(state.counts),
        )


class AlarmShape(Shape):
    """An alarm that was told and is not over."""

    cause: AlarmCause
    about: str
    since: Instant

    @classmethod
    def of(cls, alarm: ToldAlarm) -> AlarmShape:
        return cls(cause=alarm.cause, about=alarm.about, since=alarm.since_at)


class StatusShape(Shape):
    """The whole document."""

    process: str
    version: str
    leases: list[HeldLeaseShape]
    jobs: list[ScheduledJobShape]
    sources: list[StoredSourceShape]
    alarms: list[AlarmShape]


class UnansweredShape(Shape):
    """What is there while the database does not answer."""

    process: str
    version: str
    error: str
