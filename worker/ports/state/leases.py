"""Leases and runs: one process at a time does a job, for a limited time, and its last run is kept.

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
    """The exclusive right to a job, for a limited time. After `trusted_until` (local clock) the holder must stop."""

    job: str
    holder: str
    fence: int
    trusted_until: datetime


class ListedLease(NamedTuple):
    """A lease with the instant at which it ends, or ended, in the database."""

    lease: Lease
    expires_at: datetime


class JobRun(NamedTuple):
    """The last run of one job, and when a run of it was last good."""

    name: str
    run_at: datetime
    ok_at: datetime | None
    report: Mapping[str, Any]


def full_run(job: str) -> str:
    """The name of the run in which a job's latest full pass is kept, beside the latest of all its runs."""
    return f"{job}.full"


class Leases(Protocol):
    """The leases on jobs. Every change is one conditional UPDATE."""

    def acquire(self, job: str, holder: str, now: datetime, life: timedelta) -> Lease | None:
        """Take a free or expired lease (its fence grows by one), or renew the holder's; None if another holds it.

        One that ends later than `life` and an hour from `now` counts as expired: it was taken by a wrong clock.
        `trusted_until` is `now` plus `life` less a safety margin. The caller reads `now` *before* the call.
        """

    def release(self, lease: Lease) -> None:
        """Give the lease back early; no effect if it was taken over."""

    def all(self) -> list[ListedLease]:
        """Every lease ever taken, by job."""


class JobRuns(Protocol):
    """The last run of each job."""

    def record(self, name: str, now: datetime, *, is_ok: bool, report: Mapping[str, Any]) -> None:
        """Store the latest run."""

    def all(self) -> list[JobRun]:
        """The latest run of every job, by name."""
