"""Business time: properties over every zone that there is, and the wall clock read minute by minute."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from itertools import product
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.escalation.calendar import (
    BusinessCalendar,
    Calendar,
    CalendarClock,
    add,
    elapsed,
    is_open,
    next_open,
)

ZERO = timedelta(0)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
EVERY_DAY = frozenset(range(7))
WHOLE_DAY = (time(0), time(0))
ZONES = sorted(available_timezones())
CLOCK = CalendarClock()


# --- Another way to the same answers: the wall clock, minute by minute --------------------------------------


def shows_open_time(calendar: BusinessCalendar, instant: datetime) -> bool:
    """Read the clock on the wall; holidays are none of its business."""
    wall = instant.astimezone(ZoneInfo(calendar.timezone)).replace(tzinfo=None)
    opening, closing = calendar.hours
    is_before_closing = closing == time(0) or wall.time() < closing
    return wall.weekday() in calendar.days and opening <= wall.time() and is_before_closing


def counted(calendar: BusinessCalendar, start: datetime, minutes: int) -> timedelta:
    shown = [shows_open_time(calendar, start + number * MINUTE) for number in range(minutes)]
    return shown.count(True) * MINUTE


def offset(zone: str, instant: datetime) -> timedelta | None:
    return instant.astimezone(ZoneInfo(zone)).utcoffset()


@lru_cache(maxsize=4096)
def changes(zone: str, year: int) -> tuple[datetime, ...]:
    """Return the minutes of a year at which the zone's clocks change, found six hours at a time."""
    start = datetime(year, 1, 1, tzinfo=UTC)
    probes = (start + number * 6 * HOUR for number in range(366 * 4))
    return tuple(change(zone, p) for p in probes if offset(zone, p) != offset(zone, p + 6 * HOUR))


def change(zone: str, before: datetime) -> datetime:
    minutes = (before + number * MINUTE for number in range(361))
    return next(minute for minute in minutes if offset(zone, minute) != offset(zone, before))


# --- What is drawn ------------------------------------------------------------------------------------------

COUNTRIES = (
    (None, None),
    ("GB", "ENG"),
    ("GB", "SCT"),
    ("US", None),
    ("SA", None),
    ("AE", None),
    ("DE", "BY"),
)
minutes_of_day = st.integers(0, 24 * 60 - 1)
instants = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def wall(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


@st.composite
def hours_of_day(draw: st.DrawFn) -> tuple[time, time]:
    opening = draw(minutes_of_day)
    return wall(opening), wall(draw(st.integers(opening + 1, 24 * 60)))


@st.composite
def calendars(draw: st.DrawFn) -> BusinessCalendar:
    country, subdivision = draw(st.sampled_from(COUNTRIES))
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    zone = draw(st.sampled_from(ZONES))
    return BusinessCalendar(draw(hours_of_day()), days, zone, country, subdivision)


@st.composite
def amounts(draw: st.DrawFn, calendar: Calendar) -> timedelta:
    """Up to thirty openings, on the microsecond, at closing time as often as not."""
    hours = calendar.hours if isinstance(calendar, BusinessCalendar) else WHOLE_DAY
    opening, closing = (timedelta(hours=t.hour, minutes=t.minute) for t in hours)
    span = (closing or DAY) - opening
    return draw(st.integers(0, 30)) * span + draw(st.just(ZERO) | st.timedeltas(ZERO, span))


any_calendar = st.just(CLOCK) | calendars()


# --- Properties ---------------------------------------------------------------------------------------------


@given(st.data(), any_calendar, instants)
def test_elapsed_is_the_inverse_of_add(data: st.DataObject, calendar: Calendar, start: datetime) -> None:
    amount = data.draw(amounts(calendar))

    assert elapsed(calendar, start, add(calendar, start, amount)) == amount


@given(st.data(), any_calendar, instants)
def test_adding_twice_is_adding_the_sum(data: st.DataObject, calendar: Calendar, start: datetime) -> None:
    first, second = data.draw(amounts(calendar)), data.draw(amounts(calendar))

    assert add(calendar, add(calendar, start, first), second) == add(calendar, start, first + second)


@given(st.data(), any_calendar, instants)
def test_later_or_more_never_ends_earlier(data: st.DataObject, calendar: Calendar, start: datetime) -> None:
    delay = data.draw(st.timedeltas(ZERO, 10 * DAY))
    amount, more = data.draw(amounts(calendar)), data.draw(amounts(calendar))

    assert add(calendar, start, amount) <= add(calendar, start + delay, amount)
    assert add(calendar, start, amount) <= add(calendar, start, amount + more)


@given(st.data(), calendars(), instants)
def test_what_is_due_is_due_in_open_hours_aware_and_in_utc(
    data: st.DataObject, calendar: BusinessCalendar, start: datetime
) -> None:
    due = add(calendar, start, data.draw(amounts(calendar)))

    assert shows_open_time(calendar, due)
    assert is_open(calendar, due)
    assert due.tzinfo is UTC
    assert due >= start


@given(calendars(), instants)
def test_next_open_skips_only_closed_time_and_stays_where_it_is(
    calendar: BusinessCalendar, start: datetime
) -> None:
    opens = next_open(calendar, start)

    assert elapsed(calendar, start, opens) == ZERO
    assert next_open(calendar, opens) == opens
    assert (opens == start) == is_open(calendar, start)


@given(st.data(), calendars(), instants)
def test_a_holiday_is_never_open(data: st.DataObject, calendar: BusinessCalendar, start: datetime) -> None:
    local_day = next_open(calendar, start).astimezone(ZoneInfo(calendar.timezone)).date()
    closed = replace(calendar, extra_holidays=frozenset({local_day}))
    due = add(closed, start, data.draw(amounts(calendar)))

    assert due.astimezone(ZoneInfo(calendar.timezone)).date() != local_day
    assert not is_open(closed, next_open(calendar, start))


@given(st.data(), hours_of_day(), st.sampled_from(ZONES), st.integers(1980, 2037))
def test_elapsed_agrees_with_counting_minutes_on_the_wall_clock(
    data: st.DataObject, hours: tuple[time, time], zone: str, year: int
) -> None:
    calendar = BusinessCalendar(hours, data.draw(st.frozensets(st.integers(0, 6), min_size=1)), zone)
    middle = data.draw(st.sampled_from((*changes(zone, year), datetime(year, 7, 1, tzinfo=UTC))))
    start = middle - data.draw(st.integers(0, 2000)) * MINUTE

    assert elapsed(calendar, start, start + 3000 * MINUTE) == counted(calendar, start, 3000)


@pytest.mark.parametrize("zone", ZONES)
def test_a_calendar_that_is_always_open_is_the_plain_clock_in_every_zone(zone: str) -> None:
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)

    assert elapsed(BusinessCalendar(WHOLE_DAY, EVERY_DAY, zone), start, end) == end - start
    assert add(BusinessCalendar(WHOLE_DAY, EVERY_DAY, zone), start, end - start) == end


@pytest.mark.parametrize("zone", ZONES)
def test_business_time_survives_every_change_of_clocks_in_every_zone(zone: str) -> None:
    calendar = BusinessCalendar((time(0, 15), time(2, 45)), EVERY_DAY, zone, "GB", "ENG")
    starts = [
        change + step * HOUR
        for change in (*changes(zone, 2026), datetime(2026, 6, 1, tzinfo=UTC))
        for step in (-25, -1, 0)
    ]
    cases = list(product(starts, (ZERO, 40 * MINUTE, 5 * HOUR)))
    due = [add(calendar, start, amount) for start, amount in cases]

    assert [elapsed(calendar, start, end) for (start, _), end in zip(cases, due, strict=True)] == [
        a for _, a in cases
    ]
    assert all(shows_open_time(calendar, end) for end in due)
