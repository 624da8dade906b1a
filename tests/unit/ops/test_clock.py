from datetime import UTC, datetime, timedelta, timezone

import pytest

from worker.ops.clock import FixedClock, ManualClock, system_now

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
RIYADH = timezone(timedelta(hours=3))


def test_the_system_clock_is_aware_and_utc() -> None:
    assert system_now().tzinfo is UTC
    assert (
        abs(system_now().timestamp() - datetime.fromtimestamp(system_now().timestamp(), UTC).timestamp()) < 1
    )


def test_a_fixed_clock_stands_still() -> None:
    clock = FixedClock(NINE)

    assert clock() == clock() == NINE


def test_a_manual_clock_moves_when_it_is_told_to() -> None:
    clock = ManualClock(NINE)

    assert clock.advance(timedelta(hours=2)) == clock() == NINE + timedelta(hours=2)
    clock.set(NINE)
    assert clock() == NINE


@pytest.mark.parametrize("kind", [FixedClock, ManualClock])
def test_whatever_zone_it_is_given_it_speaks_utc(kind: type[FixedClock | ManualClock]) -> None:
    shown = kind(NINE.astimezone(RIYADH))()

    assert shown == NINE
    assert shown.tzinfo is UTC


@pytest.mark.parametrize("kind", [FixedClock, ManualClock])
def test_an_instant_without_a_zone_is_refused(kind: type[FixedClock | ManualClock]) -> None:
    with pytest.raises(ValueError, match=r"2026-11-24T09:00:00 has no time zone.*write 2026-11-24T09:00:00Z"):
        kind(NINE.replace(tzinfo=None))
