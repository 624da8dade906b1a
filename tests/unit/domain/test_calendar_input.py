"""Business time: what is refused, and with what remedy; hours and days as people write them."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from worker.domain.escalation.calendar import (
    BusinessCalendar,
    Calendar,
    CalendarClock,
    add,
    elapsed,
    is_open,
    next_open,
    parse_days,
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
RIYADH = BusinessCalendar((time(8), time(16)), SUN_THU, "Asia/Riyadh", "SA")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


# --- What is refused ----------------------------------------------------------------------------------------

CLOSED_400_DAYS = replace(
    BusinessCalendar(WHOLE_DAY, EVERY_DAY, "UTC"),
    extra_holidays=frozenset(date(2026, 1, 1) + number * DAY for number in range(400)),
)
NAIVE = datetime(2026, 1, 13, 9)  # noqa: DTZ001


def test_a_calendar_that_is_closed_for_400_days_says_what_to_widen() -> None:
    with pytest.raises(
        ValueError, match=r"no time is open in the 400 days after 2026-01-01; widen its days or hours"
    ):
        add(CLOSED_400_DAYS, at("2026-01-01T00:00Z"), HOUR)


def test_a_calendar_that_opens_within_400_days_is_waited_for() -> None:
    assert next_open(CLOSED_400_DAYS, at("2026-01-01T00:01Z")) == at("2027-02-05T00:00Z")


def test_no_business_time_passes_while_a_calendar_is_closed() -> None:
    assert elapsed(CLOSED_400_DAYS, at("2026-01-01T00:00Z"), at("2027-02-05T00:00Z")) == ZERO


def test_a_negative_amount_is_refused() -> None:
    with pytest.raises(ValueError, match="negative; amounts start at 0"):
        add(CLOCK, at("2026-01-01T00:00Z"), -MINUTE)


@pytest.mark.parametrize("calendar", [CLOCK, LONDON])
def test_a_naive_instant_is_refused(calendar: Calendar) -> None:
    with pytest.raises(ValueError, match="has no time zone; pass an aware datetime"):
        add(calendar, NAIVE, HOUR)
    with pytest.raises(ValueError, match="has no time zone"):
        elapsed(calendar, at("2026-01-01T00:00Z"), NAIVE)
    with pytest.raises(ValueError, match="has no time zone"):
        is_open(calendar, NAIVE)


@pytest.mark.parametrize("start", ["0001-06-01T00:00Z", "9999-06-01T00:00Z"])
def test_a_year_that_no_zone_fits_into_is_refused(start: str) -> None:
    with pytest.raises(OverflowError, match="outside 2 to 9998"):
        elapsed(LONDON, at(start), at(start) + DAY)


@pytest.mark.parametrize(
    "field, value, message",
    [
        ("hours", (time(17), time(9)), r"hours '17:00-09:00': must start before they end; a night shift"),
        ("hours", (time(9), time(9)), "must start before they end"),
        ("hours", (time(9, tzinfo=UTC), time(17)), "must be local wall times"),
        ("hours", (time(9), time(17, tzinfo=UTC)), "must be local wall times"),
        ("days", frozenset(), "name no day of the week; use for example 'mon-fri'"),
        ("days", frozenset({4, 7}), r"days '7': is no weekday; they go from 0 \(Monday\) to 6 \(Sunday\)"),
        (
            "timezone",
            "Europe/Londn",
            "timezone 'Europe/Londn': is no IANA time zone; did you mean 'Europe/London'",
        ),
        ("timezone", "europe/london", "did you mean 'Europe/London'"),
        ("timezone", "?", "use a name such as 'Europe/London'"),
        ("timezone", "../etc/passwd", "is no IANA time zone"),
        ("country", "gb", "country 'gb': is no country whose holidays are known; did you mean 'GB'"),
        ("country", "Ruritania", "use an ISO 3166 code such as 'GB'"),
        ("country", None, "subdivision 'ENG': has no country; set country, such as 'GB'"),
        ("subdivision", "ENGL", "subdivision 'ENGL': is no part of GB; did you mean 'ENG'"),
        ("subdivision", "Q", "is no part of GB; it has ENG, NIR, SCT, WLS"),
    ],
)
def test_a_calendar_that_cannot_be_meant_names_its_field_and_the_remedy(
    field: str, value: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        replace(LONDON, **{field: value})


def test_a_part_of_a_country_that_has_none_says_so() -> None:
    with pytest.raises(ValueError, match="is no part of SA; it has none"):
        replace(RIYADH, subdivision="01")


def test_a_day_cannot_be_a_holiday_of_the_house_and_worked() -> None:
    day = frozenset({date(2026, 12, 28)})
    with pytest.raises(ValueError, match=r"extra_holidays '2026-12-28': is in ignored_holidays too"):
        replace(LONDON, extra_holidays=day, ignored_holidays=day)


def test_the_parts_of_an_unknown_country_are_refused() -> None:
    with pytest.raises(ValueError, match="is no country whose holidays are known"):
        subdivisions("XX")


# --- What people write --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, expected",
    [
        ("09:00-17:30", (time(9), time(17, 30))),
        ("9:00 - 17:30", (time(9), time(17, 30))),
        (" 09:00\u201317:30 ", (time(9), time(17, 30))),
        ("00:00-24:00", (time(0), time(0))),
        ("22:00-24:00", (time(22), time(0))),
    ],
)
def test_hours_are_read(text: str, expected: tuple[time, time]) -> None:
    assert parse_hours(text) == expected


@pytest.mark.parametrize(
    "text, message",
    [
        ("9-17", r"hours '9-17': expected opening-closing as HH:MM-HH:MM, such as '09:00-17:30'"),
        ("", "expected opening-closing"),
        ("٠٩:٠٠-١٧:٠٠", "expected opening-closing"),
        ("09:00-17:60", "no such time of day; hours go from 00:00 to 24:00"),
        ("24:00-24:00", "no such time of day"),
        ("17:30-09:00", "must start before they end"),
        ("18:00-00:00", "for midnight write '18:00-24:00'"),
    ],
)
def test_hours_that_are_none_say_how_to_write_them(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_hours(text)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("mon,wed,sat-sun", {0, 2, 5, 6}),
        ("sun-thu", {6, 0, 1, 2, 3}),
        ("fri-mon", {4, 5, 6, 0}),
        ("sat", {5}),
        ("wed-wed", {2}),
        ("mon-sun", {0, 1, 2, 3, 4, 5, 6}),
        (" Monday \u2013 FRI , Sunday ", {0, 1, 2, 3, 4, 6}),
    ],
)
def test_days_are_read(text: str, expected: set[int]) -> None:
    assert parse_days(text) == expected


@pytest.mark.parametrize(
    "text, message",
    [
        ("mon-frii", "days 'mon-frii': 'frii' is no day of the week; did you mean 'fri'"),
        ("Tuseday", "did you mean 'tuesday'"),
        ("", "use mon, tue, wed, thu, fri, sat, sun, such as 'mon-fri'"),
        ("mon-", "'' is no day of the week"),
        ("mon-wed-fri", "'wed-fri' is no day of the week"),
        ("1-5", "use mon, tue"),
    ],
)
def test_days_that_are_none_say_what_is_near(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_days(text)
