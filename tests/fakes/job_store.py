"""The part of a store that jobs need, in memory: leases, and what each job did last."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from worker.domain.instants import APART_MAX, has_come
from worker.ports.state.leases import JobRun, Lease, LeaseLost, ListedLease
from worker.ports.state.store import Store, UnitOfWork

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FakeLeases:
    """`ports.leases.Leases`. `broken`: every call raises it, as a database that does not answer."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[str, int, datetime]] = {}
        self.broken: Exception | None = None
        self.acquired = threading.Semaphore(0)  # one more for each call of acquire that ended
        self._lock = threading.Lock()

    def acquire(self, job: str, holder: str, now: datetime, life: timedelta) -> Lease | None:
        try:
            with self._lock:
                return self._acquire(job, holder, now, life)
        finally:
            self.acquired.release()

    def _acquire(self, job: str, holder: str, now: datetime, life: timedelta) -> Lease | None:
        self._answer()
        old, fence, expires_at = self.rows.get(job, ("", 0, EPOCH))
        if old != holder and not has_come(expires_at, now, life + APART_MAX):
            return None
        if old != holder or expires_at <= now:
            fence += 1
        self.rows[job] = (holder, fence, now + life)
        return Lease(job, holder, fence, now + life * 0.8)

    def release(self, lease: Lease) -> None:
        with self._lock:
            self._answer()
            if self.is_held(lease):
                self.rows[lease.job] = ("", lease.fence, EPOCH)

    def all(self) -> list[ListedLease]:
        return [
            ListedLease(Lease(job, holder, fence, at), at)
            for job, (holder, fence, at) in sorted(self.rows.items())
        ]

    def is_held(self, lease: Lease) -> bool:
        return self.rows.get(lease.job, ("", 0, EPOCH))[:2] == (lease.holder, lease.fence)

    def holder(self, job: str) -> str:
        return self.rows.get(job, ("", 0, EPOCH))[0]

    def seize(self, job: str, holder: str = "another") -> None:
        """What happens to a lease that ran out while its holder slept."""
        with self._lock:
            _, fence, expires_at = self.rows[job]
            self.rows[job] = (holder, fence + 1, expires_at + timedelta(minutes=30))

    def _answer(self) -> None:
        if self.broken is not None:
            raise self.broken


class FakeJobRuns:
    """`ports.store.JobRuns`."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[datetime, datetime | None, Mapping[str, Any]]] = {}

    def record(self, name: str, now: datetime, *, is_ok: bool, report: Mapping[str, Any]) -> None:
        ok_at = now if is_ok else self.rows.get(name, (now, None, {}))[1]
        self.rows[name] = (now, ok_at, report)

    def all(self) -> list[JobRun]:
        return [JobRun(name, *row) for name, row in sorted(self.rows.items())]


class FakeUnitOfWork:
    def __init__(self, jobs: FakeJobRuns) -> None:
        self.jobs = jobs


class FakeJobStore:
    """Transactions that are refused at their end when the lease is no longer held."""

    def __init__(self) -> None:
        self.leases = FakeLeases()
        self.jobs = FakeJobRuns()
        self.begun = 0
        self.committed = 0

    @contextmanager
    def begin(self, lease: Lease | None = None) -> Iterator[UnitOfWork]:
        self.begun += 1
        runs = FakeJobRuns()
        runs.rows = dict(self.jobs.rows)
        yield cast("UnitOfWork", FakeUnitOfWork(runs))
        if lease is not None and not self.leases.is_held(lease):
            raise LeaseLost(
                f"The lease on {lease.job!r} (holder {lease.holder}, fence {lease.fence}) was taken over."
            )
        self.jobs.rows = runs.rows
        self.committed += 1

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        yield cast("UnitOfWork", FakeUnitOfWork(self.jobs))

    def as_store(self) -> Store:
        return cast("Store", self)
