from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.ops.schedule import is_full_due

HALF_PAST_TWO = time(2, 30)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    "now, last, timezone, due",
    [
        ("2026-11-24T02:29:59Z", "2026-11-23T02:30:00Z", "UTC", False),
        ("2026-11-24T02:30:00Z", "2026-11-23T02:30:00Z", "UTC", True),
        ("2026-11-24T02:30:00Z", "2026-11-24T02:30:00Z", "UTC", False),
        ("2026-11-24T23:00:00Z", "2026-11-24T02:31:00Z", "UTC", False),
        ("2026-11-24T01:00:00Z", "2026-11-20T02:31:00Z", "UTC", True),  # three nights slept through
        ("2026-11-23T23:31:00Z", "2026-11-23T09:00:00Z", "Asia/Riyadh", True),  # 02:31 there, and tomorrow
        ("2026-11-23T23:29:00Z", "2026-11-23T09:00:00Z", "Asia/Riyadh", False),
        ("2026-11-24T07:31:00Z", "2026-11-24T07:29:00Z", "America/New_York", True),
        # Berlin, 29 March 2026: 02:00 becomes 03:00, so 02:30 comes as 03:30 (01:30 UTC)
        ("2026-03-29T01:29:00Z", "2026-03-28T01:31:00Z", "Europe/Berlin", False),
        ("2026-03-29T01:30:00Z", "2026-03-28T01:31:00Z", "Europe/Berlin", True),
        # Berlin, 25 October 2026: 02:30 comes twice, at 00:30 and 01:30 UTC
        ("2026-10-25T00:30:00Z", "2026-10-24T00:31:00Z", "Europe/Berlin", True),
        ("2026-10-25T01:30:00Z", "2026-10-25T00:31:00Z", "Europe/Berlin", False),
        ("2026-10-26T01:30:00Z", "2026-10-25T00:31:00Z", "Europe/Berlin", True),
    ],
)
def test_it_is_due_when_the_last_scheduled_instant_had_no_pass(
    now: str, last: str, timezone: str, due: bool
) -> None:
    assert is_full_due(at(now), at(last), HALF_PAST_TWO, timezone) is due


def test_the_first_pass_is_due_at_once() -> None:
    assert is_full_due(at("2026-11-24T12:00:00Z"), None, HALF_PAST_TWO, "UTC")


def test_a_last_pass_from_a_clock_that_ran_ahead_does_not_stop_them_for_years() -> None:
    now = at("2026-11-24T12:00:00Z")

    assert is_full_due(now, at("2099-01-01T00:00:00Z"), HALF_PAST_TWO, "UTC")
    assert not is_full_due(now, now + timedelta(seconds=2), HALF_PAST_TWO, "UTC"), "a small step of the clock"


FROM_2020_TO_2035_S = st.integers(1_577_836_800, 2_051_222_400)
INSTANTS = FROM_2020_TO_2035_S.map(lambda s: datetime.fromtimestamp(s, UTC))
ZONES = st.sampled_from(sorted(zone for zone in available_timezones() if "/" in zone))


@given(INSTANTS, st.times(), ZONES)
def test_once_done_it_is_not_due_again_until_the_next_night(now: datetime, at: time, zone: str) -> None:
    assert not is_full_due(now, now, at, zone)
    assert is_full_due(now + timedelta(hours=27), now, at, zone), "a day has 25 hours at most, and a gap two"


@given(INSTANTS, ZONES)
def test_a_minutely_poll_does_one_pass_a_local_day(start: datetime, zone: str) -> None:
    now, last, done = start, start, []
    for _ in range(72 * 4):  # three days, by quarters of an hour
        now += timedelta(minutes=15)
        if is_full_due(now, last, HALF_PAST_TWO, zone):
            last = now
            done.append(now.astimezone(ZoneInfo(zone)).date())

    assert len(done) == len(set(done))
    assert len(done) in {3, 4}
