"""Business time: how much of it lies between two instants, and when a given amount has passed.

A calendar is either the plain clock or opening hours in a time zone with working days and public holidays.
Pure: instants come in as aware datetimes and leave as aware UTC. The policy decides what is due and who is
told, not this module.

    calendar -> offsets of its zone (per year, cached) -> open spans in UTC -> add, elapsed, next_open
"""

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from types import ModuleType
from typing import TypeAlias
from zoneinfo import ZoneInfo

from worker.domain.escalation.wall_clock import DAY, offsets, timezones
from worker.domain.model import ENDS_WITH_A_DAY, Evidence

SEARCH_MAX = timedelta(days=400)  # a year and a long closure: further off, the calendar is a mistake

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY_OF = {name[:size]: number for number, name in enumerate(_WEEKDAYS) for size in (3, len(name))}
_HOURS = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*[-\u2013]\s*([0-9]{1,2}):([0-9]{2})")
_MIDNIGHT_ENDS = (24, 0)


@dataclass(frozen=True, slots=True)
class CalendarClock:
    """Plain elapsed time: always open."""


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Opening hours on working days, by the wall clock of one time zone.

    ``hours`` are the local opening and closing times of one span a day, closing excluded; a closing time of
    00:00 is the end of the day (24:00). ``days`` are weekdays, Monday 0. ``timezone`` is an IANA name.
    ``country`` and ``subdivision`` choose the public holidays of the `holidays` library (ISO 3166 codes);
    no country, no holidays. ``extra_holidays`` are closed as well; ``ignored_holidays`` are public holidays
    that are worked.

    It is open whenever the wall clock there reads a time within the hours on a working day. So when clocks
    change: a skipped opening time opens at the instant of the change; repeated hours are open each time; a
    day of 23 or 25 hours counts the seconds that really pass; a skipped date is never open.

    Holidays are those the library knows: with no subdivision only the ones that the whole country shares
    (Easter Monday is *not* one in GB: Scotland works), moon-dependent dates are estimates until announced,
    and most countries end at the year 2100. The library's own tables, read 0.109.

    Raises ValueError that names the field, what is wrong and the remedy. Equal calendars hash alike.
    """

    hours: tuple[time, time]
    days: frozenset[int]
    timezone: str
    country: str | None = None
    subdivision: str | None = None
    extra_holidays: frozenset[date] = frozenset()
    ignored_holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        """Refuse values that make no calendar."""
        _check_hours(*self.hours)
        _check_days(self.days)
        _check_timezone(self.timezone)
        _check_country(self.country, self.subdivision)
        if both := self.extra_holidays & self.ignored_holidays:
            raise _error(
                "extra_holidays", min(both).isoformat(), "is in ignored_holidays too; keep it in one of them"
            )


Calendar: TypeAlias = CalendarClock | BusinessCalendar


def add(calendar: Calendar, start: datetime, amount: timedelta) -> datetime:
    """Return the first open instant at which ``amount`` of the calendar's time has passed since ``start``.

    With no amount the result is the first open instant at or after ``start``. An amount that is used up
    exactly at closing time ends at the next opening, when somebody is there to act. So ``is_open`` holds for
    every result, ``elapsed(c, s, add(c, s, x)) == x``, and adding in two steps is adding once.

    ``start`` is aware (any zone), the result aware UTC. Takes time in proportion to the days passed. Raises
    ValueError for a naive start, a negative amount or a calendar that is closed for `SEARCH_MAX` on end;
    OverflowError past the year 9998.
    """
    if amount < timedelta(0):
        raise ValueError(f"business time to add: {amount} is negative; amounts start at 0")
    instant = _utc(start)
    if isinstance(calendar, CalendarClock):
        return instant + amount
    spans = _spans_from(calendar, instant)
    left = amount
    opens, closes = next(spans)
    while left >= closes - opens:
        left -= closes - opens
        opens, closes = next(spans)
    return opens + left


def elapsed(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Return the calendar's time between two aware instants; 0 when ``end`` isn't after ``start``.

    Takes time in proportion to the days between. Raises ValueError for a naive instant, OverflowError
    outside the years 2 to 9998.
    """
    since, until = _utc(start), _utc(end)
    if until <= since:
        return timedelta(0)
    if isinstance(calendar, CalendarClock):
        return until - since
    return sum((closes - opens for opens, closes in _spans(calendar, since, until)), timedelta(0))


def next_open(calendar: Calendar, instant: datetime) -> datetime:
    """Return the first open instant at or after ``instant``, aware UTC: ``instant`` itself when it is open.

    A second call with the result returns it again. Raises as `add` does.
    """
    return add(calendar, instant, timedelta(0))


def is_open(calendar: Calendar, instant: datetime) -> bool:
    """True if the wall clock of the calendar's zone shows an open time at the aware ``instant``.

    Opening time is open, closing time isn't. Raises ValueError for a naive instant.
    """
    moment = _utc(instant)
    if isinstance(calendar, CalendarClock):
        return True
    local = moment.astimezone(ZoneInfo(calendar.timezone))
    opening, closing = _bounds(calendar)
    return opening <= _since_midnight(local.time()) < closing and _is_working_day(calendar, local.date())


def subdivisions(country: str) -> tuple[str, ...]:
    """Return the codes of a known country's parts that may have holidays of their own, sorted; () for none.

    Where there are some and the calendar names none, its holidays are only those the whole country shares.
    Raises ValueError for an unknown country.
    """
    _check_country(country, None)
    return tuple(sorted(_countries()[country]))


def parse_hours(text: str) -> tuple[time, time]:
    """Return the opening and closing time of ``09:00-17:30``; a closing time of ``24:00`` comes back as
    0:00.

    Raises ValueError, with an example, for anything else and for hours that don't end after they start.
    """
    opening, closing = parse_turn_hours(text)
    if closing == time(0) and not text.rstrip().endswith("24:00"):
        raise _error("hours", text, f"ends before it starts; for midnight write '{opening:%H:%M}-24:00'")
    _check_hours(opening, closing)
    return opening, closing


def parse_turn_hours(text: str) -> tuple[time, time]:
    """As `parse_hours`, for hours that may go over midnight: ``18:00-09:00`` ends on the next day.

    So do hours whose end is their start, which are a whole day. Raises ValueError, with an example.
    """
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        raise _error(
            "hours", text, "expected opening-closing as HH:MM-HH:MM, such as '09:00-17:30' or '00:00-24:00'"
        )
    hour, minute, end_hour, end_minute = map(int, match.groups())
    try:
        opening = time(hour, minute)
        closing = time(0) if (end_hour, end_minute) == _MIDNIGHT_ENDS else time(end_hour, end_minute)
    except ValueError:
        raise _error("hours", text, "no such time of day; hours go from 00:00 to 24:00") from None
    return opening, closing


def parse_days(text: str) -> frozenset[int]:
    """Return the weekdays, Monday 0, that text such as ``mon-fri`` or ``mon,wed,sat-sun`` names.

    ``sun-thu`` goes over the week's end. Three letters or the whole English name, in any case. Raises
    ValueError with the nearest valid day.
    """
    days: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.replace("\u2013", "-").partition("-")
        start = _weekday(first, text)
        count = (_weekday(last, text) - start) % len(_WEEKDAYS) if dash else 0
        days.update((start + step) % len(_WEEKDAYS) for step in range(count + 1))
    return frozenset(days)


def _weekday(word: str, text: str) -> int:
    name = word.strip().casefold()
    if name not in _WEEKDAY_OF:
        near = _nearest(name, _WEEKDAY_OF)
        remedy = (
            f"did you mean {near!r}?" if near else "use mon, tue, wed, thu, fri, sat, sun, such as 'mon-fri'"
        )
        raise _error("days", text, f"{word.strip()!r} is no day of the week; {remedy}")
    return _WEEKDAY_OF[name]


def _spans_from(calendar: BusinessCalendar, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the open spans from ``start`` on, without end; ValueError if none is within `SEARCH_MAX`."""
    cursor = start
    while True:
        before = cursor
        for opens, closes in _spans(calendar, cursor, cursor + SEARCH_MAX):
            yield opens, closes
            cursor = closes
        if cursor == before:
            raise _error(
                "days",
                ",".join(_WEEKDAYS[day][:3] for day in sorted(calendar.days)),
                f"no time is open in the {SEARCH_MAX.days} days after {before.date()}; "
                "widen its days or hours, or shorten its extra_holidays",
            )


def _spans(
    calendar: BusinessCalendar, start: datetime, stop: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the open spans within [start, stop): half-open, UTC, ascending, disjoint (they may touch).

    Goes along the stretches of constant offset, not along the dates: where clocks go back over midnight the
    same date comes twice, and dates in order would give instants out of order.
    """
    opening, closing = _bounds(calendar)
    for year in range(start.year, stop.year + 1):
        for since, until, offset in offsets(calendar.timezone, year):
            lower, upper = max(since, start), min(until, stop)
            midnight = datetime.combine((lower + offset).date(), time(0), UTC) - offset
            while midnight < upper:
                opens, closes = max(midnight + opening, lower), min(midnight + closing, upper)
                if opens < closes and _is_working_day(calendar, (midnight + offset).date()):
                    yield opens, closes
                midnight += DAY


def _is_working_day(calendar: BusinessCalendar, day: date) -> bool:
    if day.weekday() not in calendar.days or day in calendar.extra_holidays:
        return False
    if calendar.country is None or day in calendar.ignored_holidays:
        return True
    return day not in _public_holidays(calendar.country, calendar.subdivision, day.year)


def is_public_holiday(country: str | None, day: date) -> bool:
    """True if the whole country is off on this day. A country that is not given, or not known, has no holidays."""
    if country is None or country not in _countries():
        return False
    return day in _public_holidays(country, None, day.year)


@lru_cache(maxsize=4096)
def _public_holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    return frozenset(_library().country_holidays(country, subdiv=subdivision, years=year, expand=False))


def _bounds(calendar: BusinessCalendar) -> tuple[timedelta, timedelta]:
    opening, closing = calendar.hours
    return _since_midnight(opening), _since_midnight(closing) or DAY


def _since_midnight(wall: time) -> timedelta:
    return timedelta(hours=wall.hour, minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond)


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(
            f"instant {instant.isoformat()}: has no time zone; pass an aware datetime, such as one in UTC"
        )
    return instant.astimezone(UTC)


def _check_hours(opening: time, closing: time) -> None:
    shown = f"{opening:%H:%M}-{closing:%H:%M}"
    if opening.tzinfo or closing.tzinfo:
        raise _error("hours", shown, "must be local wall times; drop their tzinfo and set timezone")
    if closing != time(0) and opening >= closing:
        raise _error(
            "hours", shown, "must start before they end; a night shift over midnight needs '00:00-24:00'"
        )


def _check_days(days: frozenset[int]) -> None:
    if not days:
        raise _error("days", "", "name no day of the week; use for example 'mon-fri'")
    if wrong := days - set(range(len(_WEEKDAYS))):
        raise _error("days", str(min(wrong)), "is no weekday; they go from 0 (Monday) to 6 (Sunday)")


def last_day(ends_at: datetime, timezone: str) -> date:
    """The last local day before ``ends_at``: an instant at midnight belongs to the day before it."""
    return (ends_at - timedelta(microseconds=1)).astimezone(ZoneInfo(timezone)).date()


def left_on(at: datetime, evidence: Evidence, timezone: str) -> date:
    """The local day of a leaving. Expiry and leave date end with their day, so at the start of the next."""
    if evidence in ENDS_WITH_A_DAY:
        return last_day(at, timezone)
    return at.astimezone(ZoneInfo(timezone)).date()


def _check_timezone(timezone: str) -> None:
    if timezone not in timezones():
        near = _nearest(timezone, timezones())
        remedy = f"did you mean {near!r}?" if near else "use a name such as 'Europe/London'"
        raise _error("timezone", timezone, f"is no IANA time zone; {remedy}")


def _check_country(country: str | None, subdivision: str | None) -> None:
    if country is None:
        if subdivision is not None:
            raise _error("subdivision", subdivision, "has no country; set country, such as 'GB'")
        return
    if country not in _countries():
        near = _nearest(country, _countries())
        remedy = f"did you mean {near!r}?" if near else "use an ISO 3166 code such as 'GB'"
        raise _error("country", country, f"is no country whose holidays are known; {remedy}")
    if subdivision is None:
        return
    try:
        _library().country_holidays(country, subdiv=subdivision)
    except NotImplementedError:
        known = sorted(_countries()[country])
        near = _nearest(subdivision, known)
        remedy = f"did you mean {near!r}?" if near else f"it has {', '.join(known) or 'none'}"
        raise _error("subdivision", subdivision, f"is no part of {country}; {remedy}") from None


@lru_cache(maxsize=1)
def _countries() -> dict[str, list[str]]:
    known: dict[str, list[str]] = _library().list_supported_countries()
    return known


def _library() -> ModuleType:
    import holidays  # noqa: PLC0415  3 MiB, for configurations that name a country

    return holidays


def _nearest(word: str, valid: Iterable[str]) -> str | None:
    folded = {name.casefold(): name for name in sorted(valid)}
    close = difflib.get_close_matches(word.casefold(), folded, n=1)
    return folded[close[0]] if close else None


def _error(field: str, value: str, problem: str) -> ValueError:
    return ValueError(f"business calendar, {field} {value!r}: {problem}")
