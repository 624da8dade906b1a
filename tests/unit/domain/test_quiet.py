"""When a person may be told: by their clock, their days and their holidays."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slow_clock import DAY, LONG, MINUTE, SlowClock, places
from worker.domain.escalation.quiet import QuietHours, held_until, zone_of

LONDON = "Europe/London"
NIGHTS = QuietHours(time(20), time(7))


def at(text: str, zone: str = LONDON) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def test_by_day_people_are_told_at_once() -> None:
    assert held_until(NIGHTS, at("2026-11-03 12:00"), LONDON) is None


@pytest.mark.parametrize("told", ["2026-11-03 20:00", "2026-11-03 23:30", "2026-11-04 06:59"])
def test_at_night_a_message_waits_for_the_morning(told: str) -> None:
    assert held_until(NIGHTS, at(told), LONDON) == at("2026-11-04 07:00")


def test_the_end_of_the_night_is_not_quiet() -> None:
    assert held_until(NIGHTS, at("2026-11-04 07:00"), LONDON) is None


def test_it_is_the_recipient_s_night() -> None:
    noon = at("2026-11-03 12:00")

    assert held_until(NIGHTS, noon, "Asia/Tokyo") == at("2026-11-04 07:00", "Asia/Tokyo")


def test_a_night_belongs_to_the_day_of_its_start() -> None:
    weekdays = QuietHours(time(20), time(7), frozenset({0, 1, 2, 3, 4}))

    assert held_until(weekdays, at("2026-11-07 03:00"), LONDON) == at("2026-11-07 07:00"), "Friday's night"
    assert held_until(weekdays, at("2026-11-07 21:00"), LONDON) is None, "Saturday's"
    assert held_until(weekdays, at("2026-11-09 03:00"), LONDON) is None, "Sunday's"


def test_hours_within_a_day_may_be_quiet() -> None:
    lunch = QuietHours(time(12), time(13))

    assert held_until(lunch, at("2026-11-03 12:30"), LONDON) == at("2026-11-03 13:00")
    assert held_until(lunch, at("2026-11-03 13:00"), LONDON) is None


def test_holidays_with_their_nights_are_one_quiet_time() -> None:
    eve = at("2026-12-24 21:00")

    # Christmas, Boxing Day on Saturday, Sunday night, and its substitute on Monday, are not one: Sunday is a day
    assert held_until(NIGHTS, eve, LONDON, "GB") == at("2026-12-27 07:00")
    assert held_until(NIGHTS, at("2026-12-25 12:00"), LONDON, "GB") == at("2026-12-27 07:00")
    assert held_until(NIGHTS, at("2026-12-27 12:00"), LONDON, "GB") is None
    assert held_until(NIGHTS, eve, LONDON, None) == at("2026-12-25 07:00")
    assert held_until(NIGHTS, eve, LONDON, "XX") == at("2026-12-25 07:00"), "nobody knows its holidays"


def test_holidays_may_be_days_like_others() -> None:
    worked = QuietHours(time(20), time(7), holidays=False)

    assert held_until(worked, at("2026-12-25 12:00"), LONDON, "GB") is None


def test_a_whole_day_is_no_quiet_hours() -> None:
    with pytest.raises(ValueError, match="leave time"):
        QuietHours(time(7), time(7))


@pytest.mark.parametrize(
    "now, until",
    [
        pytest.param(
            "2026-10-25T00:15+00:00", "2026-10-25T01:30+00:00", id="repeated: held to the last 01:30"
        ),
        pytest.param("2026-10-25T01:00+00:00", "2026-10-25T01:30+00:00", id="no break in between"),
        pytest.param("2026-03-29T00:30+00:00", "2026-03-29T01:00+00:00", id="skipped: held to the change"),
    ],
)
def test_when_clocks_change_it_ends_once(now: str, until: str) -> None:
    quiet = QuietHours(time(22), time(1, 30))

    assert held_until(quiet, datetime.fromisoformat(now), LONDON) == datetime.fromisoformat(until)


WALLS = st.builds(time, st.sampled_from((0, 1, 2, 3, 7, 20, 23)), st.sampled_from((0, 30)))
HOURS = st.tuples(WALLS, WALLS).filter(lambda pair: pair[0] != pair[1])
DAYS = st.frozensets(st.integers(0, 6))


@settings(deadline=None, max_examples=60)
@given(places(), HOURS, DAYS, st.integers(0, 2 * 1440))
def test_it_is_held_until_the_first_minute_that_is_not_quiet(
    place: tuple[str, datetime], hours: tuple[time, time], days: frozenset[int], minute: int
) -> None:
    zone, since = place
    quiet = QuietHours(*hours, days, holidays=False)
    clock = SlowClock(zone, since)
    spans = [
        (clock.begins(day, hours[0]), clock.ends(day if hours[0] < hours[1] else day + DAY, hours[1]))
        for day in clock.days()
        if day.weekday() in days
    ]
    now = since + minute * MINUTE
    later = (now + number * MINUTE for number in range(LONG * 1440))
    told = next(one for one in later if not any(first <= one < last for first, last in spans))

    assert held_until(quiet, now, zone) == (None if told == now else told)


@given(places(), HOURS, st.sampled_from(("GB", "DE", "US", "IN", None)))
def test_what_is_released_is_not_held_again(
    place: tuple[str, datetime], hours: tuple[time, time], country: str | None
) -> None:
    zone, now = place
    quiet = QuietHours(*hours)
    until = held_until(quiet, now, zone, country) or now

    assert until >= now
    assert held_until(quiet, until, zone, country) is None


@pytest.mark.parametrize(
    "stated, messenger, country, zone",
    [
        ("Asia/Tokyo", "Europe/Paris", "GB", "Asia/Tokyo"),
        (None, "Europe/Paris", "GB", "Europe/Paris"),
        ("GMT Standard Time", "", "GB", "Europe/London"),
        (None, None, "US", "Europe/Lisbon"),
        (None, None, None, "Europe/Lisbon"),
    ],
)
def test_the_first_zone_that_is_known_counts(
    stated: str | None, messenger: str | None, country: str | None, zone: str
) -> None:
    assert zone_of(stated, messenger, country, "Europe/Lisbon") == zone


def test_instants_come_back_in_utc() -> None:
    held = held_until(NIGHTS, at("2026-07-03 21:00"), LONDON)

    assert held == datetime(2026, 7, 4, 6, tzinfo=UTC)
    assert held is not None
    assert held.tzinfo is UTC
    assert date(2026, 7, 4) == held.date()
