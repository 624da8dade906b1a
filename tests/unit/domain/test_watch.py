"""What is told of an alarm, how well the worker is, and when the test message is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from worker.domain.watch.alarms import (
    BLINDING,
    Alarm,
    AlarmCause,
    News,
    ToldAlarm,
    clocks_apart,
    clocks_elsewhere,
    news,
)
from worker.domain.watch.canary import day_of, week_of
from worker.domain.watch.pulse import RUN_MAX, JobSight, Pulse, State, pulse

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
REPEAT = 4 * HOUR
LATE = Alarm(AlarmCause.LATE)
STALE = Alarm(AlarmCause.STALE, "corp")


def told(alarm: Alarm, ago: timedelta) -> ToldAlarm:
    return ToldAlarm(alarm.cause, alarm.about, NOW - ago, NOW - ago)


# --- news -------------------------------------------------------------------------------------------------


def test_an_alarm_is_told_once_for_each_cause() -> None:
    assert news([], [LATE, STALE], REPEAT, NOW) == News(raised=(LATE, STALE))
    assert news([told(LATE, HOUR)], [LATE, STALE], REPEAT, NOW) == News(raised=(STALE,))


def test_one_that_stands_is_told_again_after_a_while() -> None:
    assert news([told(LATE, REPEAT - MINUTE)], [LATE], REPEAT, NOW) == News()
    assert news([told(LATE, REPEAT)], [LATE], REPEAT, NOW) == News(repeated=(LATE,))


def test_one_that_is_nothing_to_hurry_about_is_told_again_once_a_day() -> None:
    off = Alarm(AlarmCause.GUARD, "leavers_max")

    assert news([told(off, REPEAT)], [off], REPEAT, NOW) == News()
    assert news([told(off, 24 * HOUR)], [off], REPEAT, NOW) == News(repeated=(off,))
    assert news([told(off, 24 * HOUR)], [off], 48 * HOUR, NOW) == News()


def test_one_that_was_told_in_the_future_is_told_again() -> None:
    long_ahead = told(LATE, -HOUR - MINUTE)
    assert news([long_ahead], [LATE], REPEAT, NOW) == News(repeated=(LATE,)), "the clock was set back"


def test_one_that_another_process_told_just_now_is_not_told_again() -> None:
    assert news([told(LATE, -timedelta(seconds=2))], [LATE], REPEAT, NOW) == News(), "this one began before"
    assert news([told(LATE, -HOUR)], [LATE], REPEAT, NOW) == News(), "clocks may be so far apart"


def test_one_that_is_over_is_told() -> None:
    assert news([told(LATE, HOUR)], [], REPEAT, NOW) == News(over=(told(LATE, HOUR),))


@pytest.mark.parametrize(
    "theirs, ours, count",
    [
        (NOW, None, None),
        (None, NOW, None),
        (NOW + MINUTE, NOW, None),
        (NOW + 2 * MINUTE, NOW, 120),
        (NOW - 2 * MINUTE, NOW, -120),
    ],
)
def test_clocks_that_differ_are_an_alarm(
    theirs: datetime | None, ours: datetime | None, count: int | None
) -> None:
    expected = [] if count is None else [Alarm(AlarmCause.CLOCK, "here", count=count)]
    assert list(clocks_apart("here", theirs, ours, MINUTE)) == expected


def test_a_clock_elsewhere_stands_until_its_worker_would_have_told_it_again() -> None:
    there = ToldAlarm(AlarmCause.CLOCK, "there", NOW, NOW)
    others = [replace(there, about="here"), replace(there, about=""), told(LATE, HOUR)]

    def found(after: timedelta) -> tuple[Alarm, ...]:
        return clocks_elsewhere([there, *others], "here", REPEAT, NOW + after)

    [alarm] = found(MINUTE)
    assert (alarm.key, alarm.is_elsewhere) == (there.key, True)
    assert news([there], [alarm], REPEAT, NOW + REPEAT) == News(), "it is told again there"
    assert found(REPEAT + HOUR - MINUTE)
    assert found(REPEAT + HOUR) == ()
    assert found(-REPEAT - 3 * HOUR) == (), "it was told by a clock that was ahead"


# --- the pulse --------------------------------------------------------------------------------------------


def job(run: float | None = 0, ok: float | None = 0, *, is_held: bool = False) -> JobSight:
    """A job of a minute that ran, and ran well, so many minutes ago."""
    run_at, ok_at = (None if ago is None else NOW - ago * MINUTE for ago in (run, ok))
    return JobSight("poll", MINUTE, run_at, ok_at, is_held)


@pytest.mark.parametrize(
    "one, state",
    [
        (job(), State.WELL),
        (job(3, 3), State.WELL),
        (job(3.1, 3.1), State.SILENT),  # nobody does it
        (job(30, 30, is_held=True), State.WELL),  # a long pass
        (job(62, 62, is_held=True), State.SILENT),  # it hangs
        (job(0, 1), State.SILENT),  # once is a passing fault
        (job(0, 3), State.BLIND),
        (job(0, None), State.BLIND),
        (job(None, None), State.SILENT),
        (job(-59, -59), State.WELL),  # clocks differ
        (job(-61, -61), State.SILENT),  # by a wrong clock, and never since
    ],
)
def test_a_job_is_well_if_its_last_run_was_good_and_not_long_ago(one: JobSight, state: State) -> None:
    assert one.pulse(2 * MINUTE, NOW).state is state
    assert RUN_MAX == HOUR


def test_the_worst_counts_and_says_why() -> None:
    assert pulse([job(), job(0, 1), job(0, 5)], [], 2 * MINUTE, NOW) == Pulse(
        State.BLIND, "the job poll does not succeed (good last at 2026-11-24 11:55:00 UTC)"
    )
    assert pulse([job(), job(None, None)], [], 2 * MINUTE, NOW) == Pulse(
        State.SILENT, "the job poll was not done yet"
    )
    assert pulse([job()], [], 2 * MINUTE, NOW) == Pulse(State.WELL)


def test_an_alarm_that_blinds_is_told_at_once_and_others_are_not() -> None:
    others = [Alarm(cause) for cause in AlarmCause if cause not in BLINDING]

    assert pulse([job()], others, 2 * MINUTE, NOW).state is State.WELL
    assert pulse([job()], [*others, LATE, STALE], 2 * MINUTE, NOW) == Pulse(
        State.BLIND, "not well: late, stale corp"
    )


@pytest.mark.parametrize(
    "one, since, is_unheld",
    [
        (job(3), None, False),
        (job(3.1), None, True),
        (job(99, is_held=True), None, False),
        (job(99), 1.0, False),  # everything was stopped until then
        (job(99), 50.0, True),
        (job(None), None, False),
        (job(None), 4.0, True),
        (job(-61), None, True),
        (job(-61), 3, False),
    ],
)
def test_a_job_is_nobody_s_when_its_time_is_over_and_nobody_has_its_lease(
    one: JobSight, since: float | None, is_unheld: bool
) -> None:
    began_at = None if since is None else NOW - since * MINUTE

    assert one.is_unheld(2 * MINUTE, began_at, NOW) is is_unheld


# --- the test message -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "now, day",
    [
        (datetime(2026, 11, 24, 7, 59, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 11, 24, 8, 0, tzinfo=UTC), date(2026, 11, 24)),
        (datetime(2026, 7, 1, 6, 59, tzinfo=UTC), date(2026, 6, 30)),
        (datetime(2026, 7, 1, 7, 0, tzinfo=UTC), date(2026, 7, 1)),  # summer time
    ],
)
def test_a_day_begins_at_its_local_time(now: datetime, day: date) -> None:
    assert day_of(now, time(8), "Europe/London") == day


def test_a_local_time_that_is_skipped_comes_later() -> None:
    before = datetime(2026, 3, 29, 0, 59, tzinfo=UTC)

    assert day_of(before, time(1, 30), "Europe/London") == date(2026, 3, 28)
    assert day_of(before + HOUR, time(1, 30), "Europe/London") == date(2026, 3, 29)


def test_a_week_begins_on_monday() -> None:
    assert {week_of(date(2026, 11, day)) for day in range(23, 30)} == {date(2026, 11, 23)}
