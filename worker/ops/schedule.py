"""Decide whether the nightly full pass is due. Plain values, no clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

AHEAD_MAX = timedelta(days=1)  # a last pass later than this was recorded under a wrong clock


def is_full_due(now: datetime, last_full_at: datetime | None, at: time, timezone: str) -> bool:
    """True if there was no pass yet since the last scheduled instant, the latest local `at` up to `now`.

    Instants are aware. A local time that a change of clocks skips comes an hour later by the new clock. A repeated
    local time counts once, the first time. One pass makes up for several missed nights. A `last_full_at` over a day
    ahead of `now` comes from a wrong clock and does not count.
    """
    if last_full_at is None or last_full_at > now + AHEAD_MAX:
        return True
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    scheduled = datetime.combine(today, at, zone).astimezone(UTC)
    if scheduled > now:
        scheduled = datetime.combine(today - timedelta(days=1), at, zone).astimezone(UTC)
    return last_full_at < scheduled
