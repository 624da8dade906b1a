"""Which instant a local time is, and which zone a country has."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slow_clock import DAY, SlowClock, places
from worker.domain.escalation.wall_clock import (
    first_showing,
    last_showing,
    local_day,
    named_day,
    only_zone,
    start_of_day,
)


@given(places(), st.integers(0, 3), st.integers(0, 24 * 60 - 1))
def test_showings_are_those_of_the_wall_clock(place: tuple[str, datetime], days: int, minute: int) -> None:
    zone, since = place
    clock = SlowClock(zone, since)
    day, wall = since.date() + days * DAY, time(*divmod(minute, 60))

    assert first_showing(zone, day, wall) == clock.begins(day, wall)
    assert last_showing(zone, day, wall) == clock.ends(day, wall)


@pytest.mark.parametrize(
    "written, is_day",
    [("2026-11-24", "2026-11-24"), ("9999-12-31", "2999-12-31"), ("0001-01-01", "1970-01-01")],
)
def test_a_day_that_is_too_far_stands_for_the_last_there_is(written: str, is_day: str) -> None:
    assert str(named_day(written)) == is_day


def test_a_skipped_day_is_the_instant_of_the_change() -> None:
    change = datetime(2011, 12, 30, 10, tzinfo=UTC)

    assert first_showing("Pacific/Apia", date(2011, 12, 30), time(9)) == change
    assert last_showing("Pacific/Apia", date(2011, 12, 30), time(17)) == change


def test_a_day_is_that_of_the_zone() -> None:
    assert local_day("Pacific/Auckland", datetime(2026, 11, 2, 20, tzinfo=UTC)) == date(2026, 11, 3)


@pytest.mark.parametrize(
    "zone, now, start",
    [
        ("Asia/Kolkata", datetime(2026, 11, 2, 20, tzinfo=UTC), datetime(2026, 11, 2, 18, 30, tzinfo=UTC)),
        (
            "Africa/Cairo",
            datetime(2026, 4, 24, 9, tzinfo=UTC),
            datetime(2026, 4, 23, 22, tzinfo=UTC),
        ),  # skips it
        (
            "America/Havana",
            datetime(2026, 11, 1, 5, tzinfo=UTC),
            datetime(2026, 11, 1, 4, tzinfo=UTC),
        ),  # twice
        ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC), datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ],
)
def test_a_day_starts_at_its_first_instant(zone: str, now: datetime, start: datetime) -> None:
    assert start_of_day(zone, now) == start
    assert start_of_day(zone, start) == start
    assert local_day(zone, start - timedelta(seconds=1)) < local_day(zone, now)


@given(places(), st.integers(0, 3 * 24 * 60))
def test_a_day_has_started_and_is_the_same_since(place: tuple[str, datetime], minutes: int) -> None:
    zone, since = place
    now = since + timedelta(minutes=minutes)

    start = start_of_day(zone, now)

    assert start <= now
    assert local_day(zone, start) == local_day(zone, now)


@pytest.mark.parametrize(
    "country, zone",
    [
        ("GB", "Europe/London"),
        ("IN", "Asia/Kolkata"),
        ("DE", "Europe/Berlin"),  # Europe/Busingen reads the same
        ("US", None),
        ("ES", None),  # the Canaries
        ("XX", None),
        ("", None),
    ],
)
def test_the_only_zone_of_a_country(country: str, zone: str | None) -> None:
    assert only_zone(country) == zone
