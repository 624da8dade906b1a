"""Days from forms, in the organisation's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from worker.app.refused import Refused
from worker.desk.calls import Call

FIRST, LAST = 1970, 9998  # years; days beyond don't have an instant in every time zone


def day_in(text: str) -> date | None:
    """The day that a field holds; None for an empty one. Raises Refused."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refused(f"'{text}' is no date.") from None
    if not FIRST <= day.year <= LAST:
        raise Refused(f"'{text}' is too far away; dates are from {FIRST} to {LAST}.")
    return day


def start_of(call: Call, day: date | None) -> datetime | None:
    """The day's first instant, in UTC."""
    if day is None:
        return None
    return datetime.combine(day, time(), ZoneInfo(call.services.place.timezone)).astimezone(UTC)


def end_of(call: Call, day: date | None) -> datetime | None:
    """The first instant after the day, in UTC."""
    return None if day is None else start_of(call, day + timedelta(days=1))
