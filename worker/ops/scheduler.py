"""The loop: each job at its interval, until the process is told to stop.

APScheduler decides when, in memory; the lease in the database decides which process acts. Intervals follow the
monotonic clock, so that setting the wall clock neither stops the loop nor makes it catch up.
"""

from __future__ import annotations

import logging
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from math import floor
from threading import Event, current_thread, main_thread
from time import monotonic
from types import FrameType

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from worker.app.jobs.table import JOBS, JobSchedule
from worker.ops import events
from worker.ops.clock import system_now
from worker.ops.ending import THREADS, end_process, told_by
from worker.ops.jobs import Jobs, has_done
from worker.ops.lookout import Lookout
from worker.ops.memory import give_back

GRACE_S = 8.0  # for running jobs to reach a commit; Kubernetes kills after 30, and people after 10
TICK_S = 0.5
BEAT_S = 5.0  # how often the loop shows that it runs
STALLED_AFTER_S = 60.0
JUMP_MIN_S = 2.0  # a clock that is only slewed moves less between two ticks
JITTER_SHARE = 10  # of the interval, so that replicas do not ask for a lease all at once
JITTER_MAX_S = 5.0
BEAT = "beat"
LOOKOUT = "lookout"
LOOKOUT_S = 3.0  # between two looks for news of sources

log = structlog.stdlib.get_logger(__name__)


class Every(BaseTrigger):  # type: ignore[misc]  # APScheduler publishes no types
    """Fires at once, then on a grid of `interval`, each time up to `jitter_s` late; skips missed times."""

    def __init__(
        self, interval: timedelta, jitter_s: float = 0.0, clock_s: Callable[[], float] = monotonic
    ) -> None:
        self._interval_s = interval.total_seconds()
        self._jitter_s = jitter_s
        self._clock_s = clock_s
        self._origin_s = clock_s()

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        jitter_s = random.uniform(0, self._jitter_s)  # noqa: S311  spreads load, guards nothing
        if previous_fire_time is None:
            return now + timedelta(seconds=jitter_s)
        return self.next_after(now, jitter_s)

    def next_after(self, now: datetime, jitter_s: float = 0.0) -> datetime:
        """The next instant of the grid, by the wall clock that shows `now`."""
        at_s = self._clock_s()
        # At least half an interval away: a job that fires a little early must not fire twice
        step = floor((at_s - self._origin_s) / self._interval_s + 0.5) + 1
        wait_s = self._origin_s + step * self._interval_s - at_s
        return now + timedelta(seconds=wait_s + jitter_s)


class Watch:
    """Watches whether the loop runs, and whether the wall clock was set meanwhile."""

    def __init__(
        self, clock: Callable[[], datetime] = system_now, clock_s: Callable[[], float] = monotonic
    ) -> None:
        self._clock = clock
        self._clock_s = clock_s
        self._offset_s = self._measure()
        self._turned_s = clock_s()
        self._is_stalled = False
        self.loop_turned_at = clock()

    def turned(self) -> None:
        """Record that the scheduler's own thread has started a job."""
        self._turned_s = self._clock_s()
        self.loop_turned_at = self._clock()
        self._is_stalled = False

    def trouble(self) -> str:
        """Return why the process should be restarted; empty while the loop runs, or if it runs again."""
        for_s = self._clock_s() - self._turned_s
        return f"no job was started for {for_s:.0f} s" if for_s >= STALLED_AFTER_S else ""

    def jumped_s(self) -> float:
        """Seconds by which the wall clock was set since the last call; 0 if it was not."""
        offset_s = self._measure()
        by_s, self._offset_s = offset_s - self._offset_s, offset_s
        return by_s if abs(by_s) >= JUMP_MIN_S else 0.0

    def stalled_s(self) -> float:
        """Seconds for which the loop has not run; 0 if it runs, or if this was reported already."""
        for_s = self._clock_s() - self._turned_s
        if for_s < STALLED_AFTER_S or self._is_stalled:
            return 0.0
        self._is_stalled = True
        return for_s

    def _measure(self) -> float:
        return self._clock().timestamp() - self._clock_s()


class Loop:
    """The scheduler of one process, and the watch over it."""

    def __init__(
        self,
        jobs: Jobs,
        schedule: JobSchedule,
        watch: Watch | None = None,
        lookout: Lookout | None = None,
        jumped: Callable[[float, datetime], None] | None = None,
        rests: Callable[[], None] = give_back,
    ) -> None:
        self.watch = watch or Watch()
        self._jumped = jumped
        self._rests = rests
        self._jobs = jobs
        self._lookout = lookout or Lookout({})
        # It warns about each run that is skipped because the one before goes on; here that is intended
        logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(len(JOBS) + 2, {"thread_name_prefix": THREADS})},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )
        self._triggers = {BEAT: Every(timedelta(seconds=BEAT_S))}
        self._scheduler.add_job(self.watch.turned, self._triggers[BEAT], id=BEAT)
        if self._lookout.has_sources:
            self._triggers[LOOKOUT] = Every(timedelta(seconds=LOOKOUT_S))
            self._scheduler.add_job(self.look, self._triggers[LOOKOUT], id=LOOKOUT)
        for name in JOBS:
            interval = schedule.every[name]
            jitter_s = min(interval.total_seconds() / JITTER_SHARE, JITTER_MAX_S)
            self._triggers[name] = Every(interval, jitter_s)
            self._scheduler.add_job(self.run, self._triggers[name], args=[name], id=name)

    def start(self, *, paused: bool = False) -> None:
        """Start the scheduler's thread; every job is due at once."""
        self._scheduler.start(paused=paused)

    def end(self) -> None:
        """Start no further job. Returns at once, even if jobs run."""
        self._scheduler.shutdown(wait=False)

    def run(self, name: str) -> None:
        """Run a job now; if a read found something, the jobs that it feeds are due. Rest if no other job runs."""
        report = self._jobs.run_now(name)
        if report is not None and has_done(report):
            for fed in JOBS[name].feeds:
                self.make_due(fed)
        if not self._jobs.running:
            self._rests()

    def next_run_at(self, name: str) -> datetime | None:
        """The instant at which the job is next due, in UTC."""
        job = self._scheduler.get_job(name)
        at: datetime | None = getattr(job, "next_run_time", None)  # not set before the start
        return at

    def make_due(self, name: str) -> None:
        """Run the job as soon as possible (for a webhook or a button). Does nothing once the loop has ended."""
        with suppress(JobLookupError):
            self._scheduler.modify_job(name, next_run_time=system_now())

    def look(self) -> None:
        """Make the jobs due that read a source with news, even if one runs: that run may have missed the news."""
        for name in self._lookout.look() - set(self._jobs.running):
            log.debug(events.NEWS_SEEN)
            self._lookout.went(name)
            self.make_due(name)

    def tick(self) -> None:
        """Check on the loop; called about twice a second."""
        if by_s := self.watch.jumped_s():
            log.warning(events.CLOCK_JUMPED, by_s=round(by_s, 1))
            if self._jumped is not None:  # it writes to the database, for which the loop must not wait
                self._scheduler.add_job(self._jumped, args=[by_s, system_now()])
            self.replan(system_now())
        if for_s := self.watch.stalled_s():
            log.error(events.LOOP_STALLED, for_s=round(for_s))

    def replan(self, now: datetime) -> None:
        """Plan each job anew: after the clock was set, the old instants mean nothing."""
        for name, trigger in self._triggers.items():
            self._scheduler.modify_job(name, next_run_time=trigger.next_after(now))


class _Signals:
    """SIGTERM, SIGINT and SIGHUP: the first asks to stop, the second ends the process at once.

    A terminal that is closed may send SIGHUP twice, so that one only asks. It stays ignored where it is, as by nohup.
    """

    def __init__(self, end: Callable[[int], None]) -> None:
        self.asked: signal.Signals | None = next(iter(told_by), None)
        self._end = end

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        # Only assigns a name: logging or setting an Event in here could wait for a lock that this thread holds
        if self.asked is None:
            self.asked = signal.Signals(number)
        elif number != signal.SIGHUP:
            self._end(128 + number)

    @contextmanager
    def handled(self) -> Iterator[None]:
        if current_thread() is not main_thread():  # Python hands signals to the main thread only
            yield
            return
        taken = [signal.SIGTERM, signal.SIGINT]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            taken.append(signal.SIGHUP)
        before = {number: signal.signal(number, self) for number in taken}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def serve(
    jobs: Jobs,
    schedule: JobSchedule,
    stop: Event | None = None,
    *,
    loop: Loop | None = None,
    lookout: Lookout | None = None,
    grace_s: float = GRACE_S,
    end: Callable[[int], None] = end_process,
) -> bool:
    """Run all jobs until `stop` is set (then False) or SIGTERM, SIGINT or SIGHUP comes (then True).

    No job starts after that; running ones end at their next commit. If one does not within `grace_s`, its lease is
    given back, so that nothing more of it is written; the next run does the work. If a signal came, the process is
    then ended with code 0 through `end`. After `stop` the job is left to itself: call `ending.leave` before the
    process ends. A second SIGTERM or SIGINT ends the process at once, with code 128 plus the signal's number. Signals
    are handled only in the main thread.
    """
    loop = loop or Loop(jobs, schedule, lookout=lookout)
    stop = stop or Event()
    signals = _Signals(end)
    with signals.handled():
        loop.start()
        every = {name: interval.total_seconds() for name, interval in schedule.every.items()}
        log.info(events.WORKER_STARTED, holder=jobs.holder, jobs=every)
        while not (stop.wait(TICK_S) or signals.asked):
            loop.tick()
        cause = signals.asked.name if signals.asked else None
        log.info(events.WORKER_STOPPING, signal=cause, running=jobs.running)
        jobs.interrupt.stop()
        loop.end()
        abandoned = jobs.wait_idle(grace_s)
        jobs.interrupt.give_back()
        log.info(events.WORKER_STOPPED, abandoned=abandoned)
        if abandoned and signals.asked:
            end(0)
        return signals.asked is not None


def wait_for(is_there: Callable[[], bool], end: Callable[[int], None] = end_process) -> bool:
    """Wait until `is_there` is true; False if told to end before. Raises what `is_there` raises."""
    signals = _Signals(end)
    stop = Event()
    with signals.handled():
        while not signals.asked:
            if is_there():
                return True
            stop.wait(TICK_S)
    return False


def wait_for_signal(end: Callable[[int], None] = end_process) -> None:
    """Wait to be told to end; a second SIGTERM or SIGINT ends the process at once."""
    signals = _Signals(end)
    stop = Event()
    with signals.handled():
        while not signals.asked:
            stop.wait(TICK_S)
