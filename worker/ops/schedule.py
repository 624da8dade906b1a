"""How often each job runs, and whether the nightly full pass has come. Plain values, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

JOBS = ("poll", "inventory", "reconcile", "verify", "escalate", "deliver")  # in the order of `once all`
FULL_JOBS = frozenset({"poll", "reconcile"})  # those that a full pass covers
AHEAD_MAX = timedelta(days=1)  # a last pass later than this was recorded under a wrong clock


@dataclass(frozen=True, slots=True)
class ScheduleValues:
    """The configured intervals. `full` is a local time of `timezone` (IANA); `lease` the life of a lease."""

    poll: timedelta
    inventory: timedelta
    reconcile: timedelta
    verify: timedelta
    escalate: timedelta
    deliver: timedelta
    full: time
    lease: timedelta
    timezone: str

    def every(self, job: str) -> timedelta:
        """The interval of one of JOBS."""
        interval: timedelta = getattr(self, job)
        return interval


def is_full_due(now: datetime, last_full_at: datetime | None, at: time, timezone: str) -> bool:
    """Whether the last scheduled instant, the latest local `at` that is not after `now`, had no pass yet.

    Instants are aware. A local time that a change of clocks skips comes an hour later by the new one; one
    that it repeats counts once, the first time. Nights that were slept through are made up for by one pass.
    A `last_full_at` over a day ahead of `now` comes from a wrong clock and does not count.
    """
    if last_full_at is None or last_full_at > now + AHEAD_MAX:
        return True
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    scheduled = datetime.combine(today, at, zone).astimezone(UTC)
    if scheduled > now:
        scheduled = datetime.combine(today - timedelta(days=1), at, zone).astimezone(UTC)
    return last_full_at < scheduled
