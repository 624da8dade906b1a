"""Business time: tables for the places where it goes wrong."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest

from worker.domain.escalation.calendar import (
    BusinessCalendar,
    Calendar,
    CalendarClock,
    add,
    elapsed,
    is_open,
    next_open,
    parse_hours,
    subdivisions,
)

ZERO = timedelta(0)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MON_FRI = frozenset(range(5))
SUN_THU = frozenset({6, 0, 1, 2, 3})
EVERY_DAY = frozenset(range(7))
WHOLE_DAY = (time(0), time(0))

CLOCK = CalendarClock()
LONDON = BusinessCalendar((time(9), time(17, 30)), MON_FRI, "Europe/London", "GB", "ENG")
BRITISH = replace(LONDON, subdivision=None)
RIYADH = BusinessCalendar((time(8), time(16)), SUN_THU, "Asia/Riyadh", "SA")
DUBAI = BusinessCalendar((time(9), time(18)), MON_FRI, "Asia/Dubai", "AE")
NEW_YORK = BusinessCalendar((time(9), time(17)), MON_FRI, "America/New_York", "US")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def open_all_day(zone: str, days: frozenset[int] = EVERY_DAY) -> BusinessCalendar:
    return BusinessCalendar(WHOLE_DAY, days, zone)


def daily(zone: str, hours: str) -> BusinessCalendar:
    return BusinessCalendar(parse_hours(hours), EVERY_DAY, zone)


@pytest.mark.parametrize(
    "calendar, start, amount, expected",
    [
        pytest.param(
            CLOCK, "2026-12-24T17:00Z", 4 * HOUR, "2026-12-24T21:00Z", id="the plain clock never closes"
        ),
        pytest.param(LONDON, "2026-01-13T09:30Z", 4 * HOUR, "2026-01-13T13:30Z", id="within one day"),
        pytest.param(LONDON, "2026-01-13T16:30Z", 4 * HOUR, "2026-01-14T12:00Z", id="over the night"),
        pytest.param(LONDON, "2026-01-16T17:00Z", HOUR, "2026-01-19T09:30Z", id="over the weekend"),
        pytest.param(LONDON, "2026-01-17T12:00Z", HOUR, "2026-01-19T10:00Z", id="from the weekend"),
        pytest.param(LONDON, "2026-01-13T03:00Z", HOUR, "2026-01-13T10:00Z", id="from before opening"),
        pytest.param(LONDON, "2026-01-13T22:00Z", HOUR, "2026-01-14T10:00Z", id="from after closing"),
        pytest.param(LONDON, "2026-01-13T11:00Z", ZERO, "2026-01-13T11:00Z", id="nothing, in hours, is now"),
        pytest.param(
            LONDON, "2026-01-13T22:00Z", ZERO, "2026-01-14T09:00Z", id="nothing, out of hours, is held"
        ),
        pytest.param(
            LONDON, "2026-01-13T17:30Z", ZERO, "2026-01-14T09:00Z", id="closing time is out of hours"
        ),
        pytest.param(
            LONDON, "2026-01-13T09:00Z", 8.5 * HOUR, "2026-01-14T09:00Z", id="used up at closing is held too"
        ),
        pytest.param(
            LONDON, "2026-03-27T17:00Z", HOUR, "2026-03-30T08:30Z", id="the weekend clocks go forward"
        ),
        pytest.param(LONDON, "2026-10-23T16:00Z", HOUR, "2026-10-26T09:30Z", id="the weekend clocks go back"),
        pytest.param(
            LONDON, "2026-04-02T16:00Z", HOUR, "2026-04-07T08:30Z", id="Good Friday and Easter Monday"
        ),
        pytest.param(
            BRITISH, "2026-04-02T16:00Z", HOUR, "2026-04-06T08:30Z", id="no Easter Monday all over GB"
        ),
        pytest.param(
            LONDON, "2026-12-24T17:00Z", HOUR, "2026-12-29T09:30Z", id="Boxing Day moves to the Monday"
        ),
        pytest.param(
            replace(LONDON, extra_holidays=frozenset({date(2026, 12, 29)})),
            "2026-12-24T17:00Z",
            HOUR,
            "2026-12-30T09:30Z",
            id="a holiday of the house",
        ),
        pytest.param(
            replace(LONDON, ignored_holidays=frozenset({date(2026, 12, 28)})),
            "2026-12-24T17:00Z",
            HOUR,
            "2026-12-28T09:30Z",
            id="a public holiday that is worked",
        ),
        pytest.param(
            RIYADH, "2026-11-26T12:30Z", HOUR, "2026-11-29T05:30Z", id="Saudi weekend, Friday and Saturday"
        ),
        pytest.param(RIYADH, "2026-09-22T12:30Z", HOUR, "2026-09-24T05:30Z", id="Saudi National Day"),
        pytest.param(DUBAI, "2026-11-27T13:30Z", HOUR, "2026-11-30T05:30Z", id="Emirati weekend since 2022"),
        pytest.param(DUBAI, "2026-12-01T13:30Z", HOUR, "2026-12-04T05:30Z", id="Emirati National Days"),
        pytest.param(NEW_YORK, "2026-03-06T21:30Z", HOUR, "2026-03-09T13:30Z", id="New York springs forward"),
        pytest.param(NEW_YORK, "2026-10-30T20:30Z", HOUR, "2026-11-02T14:30Z", id="New York falls back"),
        pytest.param(
            NEW_YORK, "2026-07-02T20:30Z", HOUR, "2026-07-06T13:30Z", id="4 July observed on a Friday"
        ),
    ],
)
def test_adding_business_time_ends_where_a_person_would_say(
    calendar: Calendar, start: str, amount: timedelta, expected: str
) -> None:
    assert add(calendar, at(start), amount) == at(expected)
    assert elapsed(calendar, at(start), at(expected)) == amount


@pytest.mark.parametrize(
    "calendar, start, end, expected",
    [
        pytest.param(CLOCK, "2026-01-01T00:00Z", "2026-01-02T00:00Z", DAY, id="plain"),
        pytest.param(LONDON, "2026-01-12T00:00Z", "2026-01-19T00:00Z", 42.5 * HOUR, id="a week of work"),
        pytest.param(LONDON, "2026-01-17T00:00Z", "2026-01-19T00:00Z", ZERO, id="a weekend"),
        pytest.param(LONDON, "2026-01-13T12:00Z", "2026-01-13T12:00Z", ZERO, id="no time at all"),
        pytest.param(LONDON, "2026-01-14T12:00Z", "2026-01-13T12:00Z", ZERO, id="backwards is nothing"),
        pytest.param(
            CLOCK, "2026-01-14T12:00Z", "2026-01-13T12:00Z", ZERO, id="backwards by the plain clock"
        ),
        pytest.param(
            open_all_day("America/New_York"),
            "2026-03-08T00:00-05:00",
            "2026-03-09T00:00-04:00",
            23 * HOUR,
            id="23 hours when New York springs forward",
        ),
        pytest.param(
            open_all_day("America/New_York"),
            "2026-11-01T00:00-04:00",
            "2026-11-02T00:00-05:00",
            25 * HOUR,
            id="25 hours when New York falls back",
        ),
        pytest.param(
            daily("Europe/London", "00:30-03:00"),
            "2026-03-29T00:00Z",
            "2026-03-29T12:00Z",
            1.5 * HOUR,
            id="open over the hour that is skipped",
        ),
        pytest.param(
            daily("Europe/London", "00:30-03:00"),
            "2026-10-24T23:00Z",
            "2026-10-25T12:00Z",
            3.5 * HOUR,
            id="open over the hour that is repeated",
        ),
        pytest.param(
            daily("Europe/London", "01:10-01:50"),
            "2026-03-29T00:00Z",
            "2026-03-29T23:00Z",
            ZERO,
            id="all its hours are skipped",
        ),
        pytest.param(
            daily("Europe/London", "01:10-01:50"),
            "2026-10-24T23:00Z",
            "2026-10-25T23:00Z",
            80 * MINUTE,
            id="all its hours are repeated",
        ),
        pytest.param(
            open_all_day("Africa/Cairo", frozenset({4})),
            "2026-04-23T00:00Z",
            "2026-04-26T00:00Z",
            23 * HOUR,
            id="a Friday without a midnight",
        ),
        pytest.param(
            open_all_day("Africa/Cairo", frozenset({3})),
            "2026-10-28T00:00Z",
            "2026-11-01T00:00Z",
            25 * HOUR,
            id="a Thursday whose last hour comes twice",
        ),
        pytest.param(
            open_all_day("Pacific/Apia", frozenset({4})),
            "2011-12-24T10:00Z",
            "2012-01-05T00:00Z",
            ZERO,
            id="a Friday that Samoa left out",
        ),
    ],
)
def test_elapsed_counts_the_open_time_that_really_passes(
    calendar: Calendar, start: str, end: str, expected: timedelta
) -> None:
    assert elapsed(calendar, at(start), at(end)) == expected


@pytest.mark.parametrize(
    "calendar, start, expected",
    [
        pytest.param(
            daily("Europe/London", "01:30-09:00"),
            "2026-03-28T12:00Z",
            "2026-03-29T01:00Z",
            id="opening time is skipped: open as the clocks change",
        ),
        pytest.param(
            daily("Europe/London", "01:30-09:00"),
            "2026-10-24T12:00Z",
            "2026-10-25T00:30Z",
            id="opening time comes twice: the first counts",
        ),
        pytest.param(
            daily("Europe/London", "01:30-09:00"),
            "2026-10-25T01:00Z",
            "2026-10-25T01:30Z",
            id="the clock goes back to before opening: closed again",
        ),
        pytest.param(
            daily("Africa/Cairo", "00:00-08:00"),
            "2026-04-23T12:00Z",
            "2026-04-23T22:00Z",
            id="opens at a midnight that isn't there",
        ),
        pytest.param(
            open_all_day("America/St_Johns", frozenset({6})),
            "2010-11-06T12:00Z",
            "2010-11-07T02:30Z",
            id="Sunday begins in Newfoundland,",
        ),
        pytest.param(
            open_all_day("America/St_Johns", frozenset({6})),
            "2010-11-07T02:31Z",
            "2010-11-07T03:30Z",
            id="is Saturday again a minute later, and begins again",
        ),
        pytest.param(
            open_all_day("Pacific/Apia", frozenset({4})),
            "2011-12-24T12:00Z",
            "2012-01-05T10:00Z",
            id="the next Friday that Samoa had",
        ),
        pytest.param(CLOCK, "2026-12-25T03:00Z", "2026-12-25T03:00Z", id="the plain clock is open"),
    ],
)
def test_next_open_is_the_first_instant_with_an_open_time_on_the_wall(
    calendar: Calendar, start: str, expected: str
) -> None:
    assert next_open(calendar, at(start)) == at(expected)


@pytest.mark.parametrize(
    "calendar, instant, expected",
    [
        (LONDON, "2026-01-13T08:59:59Z", False),
        (LONDON, "2026-01-13T09:00:00Z", True),
        (LONDON, "2026-01-13T17:29:59Z", True),
        (LONDON, "2026-01-13T17:30:00Z", False),
        (LONDON, "2026-07-14T08:30:00Z", True),
        (LONDON, "2026-07-14T17:00:00+05:00", True),
        (LONDON, "2026-01-17T12:00:00Z", False),
        (LONDON, "2026-04-06T12:00:00Z", False),
        (BRITISH, "2026-04-06T12:00:00Z", True),
        (open_all_day("Europe/London"), "2026-01-13T23:59:59Z", True),
        (CLOCK, "2026-12-25T03:00:00Z", True),
    ],
)
def test_opening_time_is_open_and_closing_time_is_not(
    calendar: Calendar, instant: str, expected: bool
) -> None:
    assert is_open(calendar, at(instant)) is expected


@pytest.mark.parametrize("calendar", [CLOCK, LONDON])
def test_an_instant_of_another_zone_comes_back_as_utc(calendar: Calendar) -> None:
    due = add(calendar, datetime(2026, 1, 13, 15, tzinfo=timezone(5 * HOUR)), HOUR)

    assert due == at("2026-01-13T11:00Z")
    assert due.tzinfo is UTC


def test_business_time_of_years_is_added_as_well() -> None:
    assert add(open_all_day("UTC"), at("2026-01-01T00:00Z"), 2000 * DAY) == at("2031-06-24T00:00Z")


def test_gb_alone_names_the_parts_that_have_holidays_of_their_own() -> None:
    assert subdivisions("GB") == ("ENG", "NIR", "SCT", "WLS")
    assert subdivisions("SA") == ()
