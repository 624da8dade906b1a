"""When the daily test message and the weekly report are due."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MONDAY = 0


def day_of(now: datetime, at: time, timezone: str) -> date:
    """The local day whose `at` came last; `timezone` is IANA. A skipped local time comes an hour later."""
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    is_past = datetime.combine(today, at, zone).astimezone(UTC) <= now
    return today if is_past else today - timedelta(days=1)


def week_of(day: date) -> date:
    """The Monday on or before a day."""
    return day - timedelta(days=(day.weekday() - MONDAY) % 7)
