"""Days from forms, in the organisation's time zone; periods in addresses."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from worker.app.refused import Refused
from worker.desk.calls import Call
from worker.domain.text.reason import because
from worker.ports.state.overview import Period

FIRST, LAST = 1970, 9998  # years; days beyond don't have an instant in every time zone


def day_in(text: str) -> date | None:
    """The day that a field holds; None for an empty one. Raises Refused."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refused(because("{given} is no date.", given=f"'{text}'")) from None
    if not FIRST <= day.year <= LAST:
        raise Refused(
            because(
                "'{given}' is too far away; dates are from {first} to {last}.",
                given=text,
                first=str(FIRST),
                last=str(LAST),
            )
        )
    return day


def start_of(call: Call, day: date | None) -> datetime | None:
    """The day's first instant, in UTC."""
    if day is None:
        return None
    return datetime.combine(day, time(), ZoneInfo(call.services.place.timezone)).astimezone(UTC)


def end_of(call: Call, day: date | None) -> datetime | None:
    """The first instant after the day, in UTC."""
    return None if day is None else start_of(call, day + timedelta(days=1))


def period_text(period: Period) -> str:
    """A period as an address has it: `FROM/TO` as in ISO 8601; nothing after the stroke for one that goes on."""
    return f"{period.from_at.isoformat()}/{period.to_at.isoformat() if period.to_at else ''}"


def period_in(text: str) -> Period | None:
    """The inverse of `period_text`; None for any other text."""
    begun, _, ended = text.partition("/")
    try:
        return Period(_instant(begun), _instant(ended) if ended else None)
    except (ValueError, OverflowError):
        return None


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text).astimezone(UTC)
    if not FIRST <= at.year <= LAST:
        raise ValueError(text)
    return at
