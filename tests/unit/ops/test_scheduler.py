"""The loop. Waits in here are for events, with time-outs that only a failure reaches."""

import os
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from fakes.log_lines import Lines
from fakes.use_cases import schedule_of
from worker.app.jobs.table import JOBS
from worker.ops.clock import ManualClock, system_now
from worker.ops.jobs import Jobs
from worker.ops.scheduler import BEAT, STALLED_AFTER_S, Every, Loop, Watch, wait_for

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PATIENCE_S = 20.0


class Seconds:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 5000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


# --- when a job is due --------------------------------------------------------------------------------


def test_a_job_is_due_at_once_and_then_on_a_grid(seconds: Seconds) -> None:
    every = Every(MINUTE, clock_s=seconds)

    assert every.get_next_fire_time(None, NINE) == NINE
    assert every.get_next_fire_time(NINE, NINE) == NINE + MINUTE


def test_the_grid_does_not_drift_with_late_starts(seconds: Seconds) -> None:
    every = Every(MINUTE, clock_s=seconds)
    now = NINE
    for late_s in (0.5, 3, 0.01, 20):
        now = every.get_next_fire_time(now, now) + timedelta(seconds=late_s)
        seconds.now = 5000.0 + (now - NINE).total_seconds()

    assert every.get_next_fire_time(now, now) == NINE + 5 * MINUTE


def test_one_that_starts_a_little_early_does_not_start_twice(seconds: Seconds) -> None:
    every = Every(MINUTE, clock_s=seconds)
    seconds.now += 59.999

    assert every.get_next_fire_time(NINE, NINE) == NINE + timedelta(seconds=60.001)


def test_what_was_missed_is_not_made_up_for(seconds: Seconds) -> None:
    every = Every(MINUTE, clock_s=seconds)
    seconds.now += 3 * 3600 + 10

    assert every.get_next_fire_time(NINE, NINE + timedelta(hours=3)) == NINE + timedelta(hours=3, seconds=50)


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(days=20_000)])
def test_a_clock_that_was_set_moves_the_instants_and_not_the_intervals(
    seconds: Seconds, jump: timedelta
) -> None:
    every = Every(MINUTE, clock_s=seconds)
    seconds.now += 10

    assert every.get_next_fire_time(NINE, NINE + jump) == NINE + jump + timedelta(seconds=50)


def test_replicas_are_spread_by_a_tenth_of_the_interval_and_do_not_drift(seconds: Seconds) -> None:
    every = Every(MINUTE, 6, clock_s=seconds)
    now, offsets = NINE, []
    for step in range(1, 200):
        at = every.get_next_fire_time(now, now)
        offsets.append((at - NINE - step * MINUTE).total_seconds())
        now = at
        seconds.now = 5000.0 + (now - NINE).total_seconds()

    assert min(offsets) >= -0.001
    assert max(offsets) <= 6.001
    assert max(offsets) - min(offsets) > 3


# --- the watch ----------------------------------------------------------------------------------------


@pytest.fixture
def watch(clock: ManualClock, seconds: Seconds) -> Watch:
    return Watch(clock, seconds)


def pass_time(clock: ManualClock, seconds: Seconds, by_s: float) -> None:
    clock.advance(timedelta(seconds=by_s))
    seconds.now += by_s


def test_time_that_passes_is_no_jump(watch: Watch, clock: ManualClock, seconds: Seconds) -> None:
    pass_time(clock, seconds, 3600)

    assert watch.jumped_s() == 0


@pytest.mark.parametrize("by_s", [-3600, 3600, 2.5])
def test_a_clock_that_was_set_is_noticed_once(
    watch: Watch, clock: ManualClock, seconds: Seconds, by_s: float
) -> None:
    pass_time(clock, seconds, 10)
    clock.advance(timedelta(seconds=by_s))

    assert watch.jumped_s() == pytest.approx(by_s)
    assert watch.jumped_s() == 0


def test_a_clock_that_is_slewed_is_left_alone(watch: Watch, clock: ManualClock, seconds: Seconds) -> None:
    for _ in range(1000):
        pass_time(clock, seconds, 0.5)
        clock.advance(timedelta(milliseconds=1))
        assert watch.jumped_s() == 0


def test_a_loop_that_does_not_turn_is_noticed_once(
    watch: Watch, clock: ManualClock, seconds: Seconds
) -> None:
    pass_time(clock, seconds, STALLED_AFTER_S - 1)
    assert watch.stalled_s() == 0
    pass_time(clock, seconds, 1)
    assert watch.stalled_s() == STALLED_AFTER_S
    assert watch.stalled_s() == 0
    watch.turned()
    assert watch.loop_turned_at == NINE + timedelta(seconds=STALLED_AFTER_S)
    pass_time(clock, seconds, STALLED_AFTER_S)
    assert watch.stalled_s() == STALLED_AFTER_S


def test_a_loop_that_stands_still_is_no_longer_alive_until_it_turns_again(
    watch: Watch, clock: ManualClock, seconds: Seconds
) -> None:
    pass_time(clock, seconds, STALLED_AFTER_S - 1)
    assert watch.trouble() == ""
    pass_time(clock, seconds, 1)
    assert watch.trouble() == watch.trouble() == "no job was started for 60 s"

    watch.turned()  # a machine that was suspended, a long pause: it only was late
    assert watch.trouble() == ""


def test_a_wall_clock_that_was_set_is_no_stall(watch: Watch, clock: ManualClock) -> None:
    clock.advance(timedelta(days=1))

    assert watch.trouble() == ""


# --- the loop -----------------------------------------------------------------------------------------


@pytest.fixture
def paused(jobs: Jobs, watch: Watch) -> Iterator[Loop]:
    """A loop whose jobs are planned and not started."""
    loop = Loop(jobs, schedule_of(every=timedelta(hours=1)), watch)
    loop.start(paused=True)
    yield loop
    loop.end()


def test_each_job_is_planned_at_once(paused: Loop) -> None:
    latest = system_now() + timedelta(seconds=6)

    assert all((at := paused.next_run_at(name)) and at <= latest for name in (*JOBS, BEAT))


def test_after_the_clock_was_set_every_job_is_due_within_its_interval(
    paused: Loop, clock: ManualClock, lines: Lines
) -> None:
    paused.replan(system_now() + timedelta(days=400))  # as it was planned before the clock was set back
    clock.advance(timedelta(days=-400))

    paused.tick()

    latest = system_now() + timedelta(hours=2)
    assert all((at := paused.next_run_at(name)) and at <= latest for name in (*JOBS, BEAT))
    assert [line["by_s"] for line in lines.of("clock.jumped")] == [-400 * 86400.0]


def test_who_wants_to_know_is_told_that_the_clock_was_set_and_the_loop_goes_on(
    jobs: Jobs, watch: Watch, clock: ManualClock
) -> None:
    told, is_told = list[tuple[float, datetime]](), threading.Event()

    def jumped(by_s: float, now: datetime) -> None:
        told.append((by_s, now))
        is_told.set()
        raise OSError("the database is away")

    loop = Loop(jobs, schedule_of(every=timedelta(hours=1)), watch, jumped=jumped)
    loop.start()
    clock.advance(timedelta(seconds=-90))
    loop.tick()
    assert is_told.wait(PATIENCE_S)
    loop.tick()
    loop.end()

    assert [by_s for by_s, _ in told] == [-90.0]
    assert abs(told[0][1] - system_now()) < MINUTE


def test_a_loop_that_stands_still_is_said_aloud(
    paused: Loop, clock: ManualClock, seconds: Seconds, lines: Lines
) -> None:
    pass_time(clock, seconds, 90)
    paused.tick()
    paused.tick()

    assert [(line["level"], line["for_s"]) for line in lines.of("loop.stalled")] == [("error", 90)]


def test_a_job_can_be_made_due(paused: Loop) -> None:
    paused.replan(system_now())
    paused.make_due("poll")

    at = paused.next_run_at("poll")
    assert at is not None
    assert at <= system_now()


def test_a_loop_that_did_not_start_yet_does_not_know_when_jobs_are_due(jobs: Jobs) -> None:
    loop = Loop(jobs, schedule_of(every=MINUTE))

    assert [loop.next_run_at(name) for name in ("poll", "poll.full")] == [None, None]


# --- waiting ------------------------------------------------------------------------------------------


def test_what_comes_late_is_waited_for() -> None:
    left = [False, True, True]

    assert wait_for(lambda: left.pop(0))
    assert left == [True], "and not asked for again"


def test_what_is_wrong_ends_the_waiting() -> None:
    def fails() -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        wait_for(fails)


def test_a_signal_ends_the_waiting(own_logging: None) -> None:
    def is_asked_to_stop() -> bool:
        os.kill(os.getpid(), signal.SIGTERM)
        return False

    assert not wait_for(is_asked_to_stop)
