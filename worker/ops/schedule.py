"""Whether the nightly full pass has come. Plain values, no clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

AHEAD_MAX = timedelta(days=1)  # a last pass later than this was recorded under a wrong clock


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
