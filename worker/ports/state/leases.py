"""Leases and runs: a job is done by one process at a time, for a limited time, and what it did is kept.

Implemented by `worker/storage/leases.py` and `worker/storage/sources.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol


class LeaseLost(Exception):
    """Another holder took the lease over: nothing of this transaction was written."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A time-bounded exclusive right. After `trusted_until` (local clock) the holder must stop by itself."""

    job: str
    holder: str
    fence: int
    trusted_until: datetime


class ListedLease(NamedTuple):
    """A lease with the instant at which it ends in the database, or ended."""

    lease: Lease
    expires_at: datetime


class JobRun(NamedTuple):
    """What one job did last, and when a run of it was last good."""

    name: str
    run_at: datetime
    ok_at: datetime | None
    report: Mapping[str, Any]


class Leases(Protocol):
    """Who may do which job. Every change is one conditional UPDATE."""

    def acquire(self, job: str, holder: str, now: datetime, life: timedelta) -> Lease | None:
        """Take a free or expired lease (its fence grows by one), or renew one's own; None if another holds it.

        `trusted_until` counts from `now`, which the caller reads *before* the call, less a safety margin.
        """

    def release(self, lease: Lease) -> None:
        """Give it back early; no effect when it was taken over already."""

    def all(self) -> list[ListedLease]:
        """Every lease ever taken, by job."""


class JobRuns(Protocol):
    """What each job did last."""

    def record(self, name: str, now: datetime, *, is_ok: bool, report: Mapping[str, Any]) -> None:
        """Store the latest run."""

    def all(self) -> list[JobRun]:
        """The latest run of every job, by name."""
