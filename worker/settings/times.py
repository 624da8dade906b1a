"""The types of days, times of day and moments in settings, as people write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import (
    BeforeValidator,
    PlainSerializer,
    WithJsonSchema,
)

from worker.domain.escalation.calendar import parse_days, parse_hours
from worker.domain.escalation.policy import After, parse_after
from worker.domain.escalation.wall_clock import nameable
from worker.settings.fields import one_or_more, parsed
from worker.settings.problems import Wrong, shown

_TIME_OF_DAY = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def time_of_day(value: Any) -> time:
    if isinstance(value, time):
        return value
    match = _TIME_OF_DAY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Wrong(f"{shown(value)} is no time of day", 'Write it as "HH:MM", from "00:00" to "23:59".')
    return time(int(match[1]), int(match[2]))


TimeOfDay: TypeAlias = Annotated[
    time,
    BeforeValidator(time_of_day),
    PlainSerializer(lambda value: f"{value:%H:%M}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": f"^{_TIME_OF_DAY.pattern}$"}),
]


def _day(value: Any) -> date:
    try:
        return nameable(value if isinstance(value, date) else date.fromisoformat(value))
    except (TypeError, ValueError):
        raise Wrong(f"{shown(value)} is no day", "Write year, month and day, such as 2026-12-24.") from None


Day: TypeAlias = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]


def _moment(value: Any) -> datetime:
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(0))
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return datetime.combine(nameable(moment.date()), moment.timetz())
    except (TypeError, ValueError):
        remedy = (
            'Write day and time, such as "2026-12-24 09:00", or an instant, such as "2026-12-24T09:00:00Z".'
        )
        raise Wrong(f"{shown(value)} is no point in time", remedy) from None


LocalTime: TypeAlias = Annotated[  # without a zone: by the wall clock of the section's time zone
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "examples": ["2026-12-24 09:00"]})
]


def instant_in(moment: datetime, timezone: str) -> datetime:
    """A `LocalTime` as aware UTC; one without a zone is in `timezone` (IANA)."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))
    return aware.astimezone(UTC)


Hours: TypeAlias = Annotated[
    tuple[time, time],
    parsed(parse_hours, "09:00-17:30"),
    PlainSerializer(lambda span: f"{span[0]:%H:%M}-{span[1]:%H:%M}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["09:00-17:30"]}),
]


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _days(value: Any) -> Any:
    is_words = isinstance(value, list | tuple) and all(isinstance(day, str) for day in value)
    return ",".join(value) if is_words else value


def days_text(days: frozenset[int]) -> str:
    return ",".join(WEEKDAYS[day] for day in sorted(days))


Days: TypeAlias = Annotated[
    frozenset[int],
    parsed(parse_days, "mon-fri"),
    BeforeValidator(_days),
    PlainSerializer(days_text, return_type=str, when_used="json"),
    one_or_more({"type": "string", "examples": ["mon-fri", "mon,wed"]}),
]


def _after(text: str) -> After:
    try:
        return parse_after(text)
    except ValueError as error:
        _, is_near, near = str(error).rpartition("did you mean '")
        before = "due+" if text.strip().casefold().startswith("due+") else ""
        remedy = "Write a share of the time to due (50%), a duration (2h), due, or due+4h."
        hint = f"Did you mean '{before}{near}"
        raise Wrong(f"{shown(text)} is no moment for a step", hint if is_near else remedy) from None


Moment: TypeAlias = Annotated[
    After,
    parsed(_after, "due+4h"),
    WithJsonSchema({"type": "string", "examples": ["50%", "2h", "due", "due+4h"]}),
]
