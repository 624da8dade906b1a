"""Run jobs by name, each once under its lease; record and log the run. No failing job can end the loop.

    run(name, now) -> lease taken? -> use case, lease renewed meanwhile -> recorded -> lease given back

The last nightly full pass of a job is known from its second row in JobRuns, `poll.full` or `reconcile.full`,
which is written only for full passes. A source's own `last_full_at` moves with every full read, nightly or not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Condition
from time import monotonic
from typing import Any

import structlog

from worker.app.jobs.observer import SILENT, Observer
from worker.app.jobs.report import Report
from worker.app.jobs.table import JOBS, Job, JobSchedule, UseCases
from worker.ops import events
from worker.ops.health import reason
from worker.ops.interrupt import Interrupt, Stopped
from worker.ops.repeats import Repeats
from worker.ops.schedule import is_full_due
from worker.ops.tenure import Tenure
from worker.ports.state.leases import Lease, LeaseLost, full_run
from worker.ports.state.store import Store
from worker.storage.sql.errors import trouble_of

FULL_RETRY = timedelta(hours=1)  # after a nightly pass that was not ok
# Counts of existing things; any other count that is not 0 means that something was done, and is worth a line
TOTALS = frozenset({
    "sources", "unchanged", "groups", "members", "watched", "weighed", "inconclusive", "held_for_tomorrow", "alarms",
    "pinged",
})  # fmt: skip

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _JobRun:
    """One run in progress."""

    job: Job
    now: datetime
    lease: Lease
    full: bool
    due_only: bool

    @property
    def name(self) -> str:
        return self.job.name


class Jobs:
    """Runs jobs in the caller's thread, one run at a time of each name.

    `clock` times the leases. It must be the real clock if another process may hold them, even if the jobs get
    another `now`: a clock set ahead would take every lease away. `holder` names this process, uniquely among all
    that share the database. With an `interrupt`, build the use cases over `InterruptibleStore(store, interrupt)`,
    or they can't be interrupted. The `observer` gets each run after it is recorded, but not a run that was cut off
    (its lease was lost, or the process ends).
    """

    def __init__(
        self,
        use_cases: UseCases,
        store: Store,
        clock: Callable[[], datetime],
        holder: str,
        schedule: JobSchedule,
        *,
        interrupt: Interrupt | None = None,
        observer: Observer = SILENT,
    ) -> None:
        self.interrupt = interrupt or Interrupt()
        self._observer = observer
        self._use_cases = use_cases
        self._store = store
        self._clock = clock
        self._schedule = schedule
        self.holder = holder
        self._running: set[str] = set()
        self._changed = Condition()
        self._counts: dict[str, Mapping[str, int]] = {}
        self._repeats = Repeats()

    @property
    def running(self) -> tuple[str, ...]:
        """The jobs that run now in this process."""
        with self._changed:
            return tuple(name for name in JOBS if name in self._running)

    def wait_idle(self, timeout_s: float) -> tuple[str, ...]:
        """Wait until no job runs, at most `timeout_s`; return those that still run."""
        with self._changed:
            self._changed.wait_for(lambda: not self._running, timeout_s)
        return self.running

    def run_now(self, name: str) -> Report | None:
        """`run` at the clock's present instant."""
        return self.run(name, self._clock(), due_only=True)

    def run(self, name: str, now: datetime, *, full: bool = False, due_only: bool = False) -> Report | None:
        """Run one of JOBS once; if a nightly full pass is due, the run is that pass.

        `now` is aware UTC. Returns None if the job runs already, here or in another process, or if the worker is
        stopping. Raises only ValueError, for an unknown name: all other errors are logged, and are troubles of the
        report.
        """
        if name not in JOBS:
            raise ValueError(f"{name!r} is no job; there are {', '.join(JOBS)}")
        with self._changed:
            why = "the worker is stopping" if self.interrupt.is_stopping else "it is running already"
            if self.interrupt.is_stopping or name in self._running:
                log.debug(events.JOB_SKIPPED, job=name, why=why)
                return None
            self._running.add(name)
        try:
            return self._run(name, now, full=full, due_only=due_only)
        except Exception as error:  # noqa: BLE001  the loop must go on: the next run may mend it
            return self._failed(name, now, error)
        finally:
            with self._changed:
                self._running.discard(name)
                self._changed.notify_all()

    def _run(self, name: str, now: datetime, *, full: bool, due_only: bool) -> Report | None:
        tenure = Tenure.take(self._store.leases, name, self.holder, self._schedule.lease, self._clock)
        if tenure is None:
            log.debug(events.JOB_SKIPPED, job=name, why="another process holds its lease")
            return None
        with ExitStack() as stack:
            stack.enter_context(tenure)
            stack.enter_context(self._observer.running())
            self.interrupt.watch(tenure)
            stack.callback(self.interrupt.forget, tenure)
            job = JOBS[name]
            is_full = job.has_full_pass and (full or self._is_full_due(name, now))
            return self._under_lease(_JobRun(job, now, tenure.lease, is_full, due_only))

    def _under_lease(self, run: _JobRun) -> Report:
        log.debug(events.JOB_STARTED, job=run.name, full=run.full)
        began_s = monotonic()
        try:
            report = run.job.run(self._use_cases, run.now, run.lease, full=run.full, due_only=run.due_only)
            took_s = round(monotonic() - began_s, 3)
            self._record(run, report, took_s)
        except LeaseLost as error:
            return self._gave_up(run.name, f"{error} The process that holds it now goes on with it.")
        except Stopped as error:
            return self._gave_up(run.name, f"{error} The next run goes on from there.")
        except Exception as error:  # noqa: BLE001  see `run`
            report = self._failed(run.name, run.now, error)
            took_s = round(monotonic() - began_s, 3)
            self._record_failure(run, report, took_s)
            self._observer.ran(report, took_s)
            return report
        self._tell(run, report, took_s)
        self._observer.ran(report, took_s)
        return report

    # --- the nightly pass ------------------------------------------------------------------------

    def _is_full_due(self, name: str, now: datetime) -> bool:
        """True if a full pass is due. One that failed is repeated after `FULL_RETRY`, not at every run.

        A single failing source may be the reason, and a full pass reads all of them.
        """
        with self._store.reading() as reader:
            last = next((run for run in reader.jobs.all() if run.name == full_run(name)), None)
        run_at, ok_at = (last.run_at, last.ok_at) if last else (None, None)
        at, timezone = self._schedule.full, self._schedule.timezone
        if not is_full_due(now, ok_at, at, timezone):
            return False
        return is_full_due(now, run_at, at, timezone) or run_at is None or now - run_at >= FULL_RETRY

    # --- records and the log ---------------------------------------------------------------------

    def _record(self, run: _JobRun, report: Report, took_s: float) -> None:
        told: dict[str, Any] = {
            "counts": dict(report.counts),
            "troubles": list(report.troubles),
            "full": run.full,
            "took_s": took_s,
        }
        with self._store.begin(run.lease) as uow:
            uow.jobs.record(run.name, run.now, is_ok=report.is_ok, report=told)
            if run.full:
                uow.jobs.record(full_run(run.name), run.now, is_ok=report.is_ok, report=told)

    def _record_failure(self, run: _JobRun, report: Report, took_s: float) -> None:
        try:
            self._record(run, report, took_s)
        except Exception as error:  # noqa: BLE001  most likely what made the job fail
            log.warning(events.JOB_UNRECORDED, job=run.name, error=reason(error))

    def _failed(self, name: str, now: datetime, error: Exception) -> Report:
        is_fault = trouble_of(error) is None  # of the program, which its traceback shows
        trouble = f"{name} failed: {f'{type(error).__name__}: {error}' if is_fault else reason(error)}"
        is_news = self._repeats.is_news(name, trouble, now)
        log.error(
            events.JOB_FAILED, job=name, error=trouble, exc_info=error if is_fault and is_news else None
        )
        return Report(name, {}, (trouble,))

    def _gave_up(self, name: str, why: str) -> Report:
        log.info(events.JOB_STOPPED, job=name, why=why)
        return Report(name, {}, (why,))

    def _tell(self, run: _JobRun, report: Report, took_s: float) -> None:
        """Log one line for a run that did something, at debug level for others; repeat a trouble every hour."""
        for trouble in report.troubles:
            if self._repeats.is_news(run.name, trouble, run.now):
                log.warning(events.JOB_TROUBLED, job=run.name, trouble=trouble)
        self._repeats.keep(run.name, report.troubles)
        before = self._counts.get(run.name, dict.fromkeys(report.counts, 0))
        is_news = run.full or has_done(report) or before != report.counts
        self._counts[run.name] = report.counts
        level = log.info if is_news else log.debug
        counts = {name: count for name, count in report.counts.items() if count}
        level(events.JOB_FINISHED, job=run.name, full=run.full, took_s=took_s, ok=report.is_ok, counts=counts)


def has_done(report: Report) -> bool:
    """True if a run changed anything."""
    return any(count for name, count in report.counts.items() if name not in TOTALS)
