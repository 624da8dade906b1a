"""The one list of all jobs. Scheduler, settings, command line, metrics and tests read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Protocol, TypeAlias, runtime_checkable

from worker.app.jobs.controls import RunControls
from worker.app.jobs.deliver import Deliver
from worker.app.jobs.escalate import Escalate
from worker.app.jobs.inventory import TakeInventory
from worker.app.jobs.mirror import Mirror
from worker.app.jobs.poll import Poll
from worker.app.jobs.reconcile import Reconcile
from worker.app.jobs.remediate import Remediate
from worker.app.jobs.report import Report
from worker.app.jobs.retention import Retention
from worker.app.jobs.verify import Verify
from worker.app.jobs.watch_itself import WatchItself
from worker.ports import Port
from worker.ports.state.leases import Lease

ALL = "all"  # in place of a job's name: all jobs, in the table's order


class UseCase(Protocol):
    """What a job runs. If the job has full passes (`Job.has_full_pass`), it also takes `full=True`."""

    def run_once(self, now: datetime, lease: Lease | None = None) -> Report: ...


@runtime_checkable
class KnowsDue(Protocol):
    """A use case that knows whether it is due before its interval is over. One of a paced job takes `due_only=True`."""

    def is_due(self, now: datetime) -> bool: ...


UseCases: TypeAlias = Mapping[type[UseCase], UseCase]  # each by its class


@dataclass(frozen=True, slots=True)
class Job:
    """One row of the table. `name` is also the key in the configuration's `schedule:`.

    `every` is the default interval; `text` describes it in the configuration's schema. The nightly pass runs each
    job that `has_full_pass`, and then its `at_night`, under the same lease. `feeds` are the jobs that are due at once
    after a run that found something. `reads` are the connectors whose news make this job due. The scheduler
    has a job that `is_paced` do only what is due. One that is not `is_in_all` is run by its own name alone.
    """

    name: str
    use_case: type[UseCase]
    every: timedelta
    text: str
    has_full_pass: bool = False
    at_night: type[UseCase] | None = None
    feeds: tuple[str, ...] = ()
    reads: Port | None = None
    is_paced: bool = False
    is_in_all: bool = True

    def run(
        self,
        use_cases: UseCases,
        now: datetime,
        lease: Lease | None = None,
        *,
        full: bool,
        due_only: bool = False,
    ) -> Report:
        """Run its use case once. `full` asks for a full pass, if the job has one, with `at_night` after it."""
        run_once: Callable[..., Report] = use_cases[self.use_case].run_once
        if due_only and self.is_paced:
            return run_once(now, lease, due_only=True)
        if not (full and self.has_full_pass):
            return run_once(now, lease)
        report = run_once(now, lease, full=True)
        if self.at_night is None:
            return report
        more = use_cases[self.at_night].run_once(now, lease)
        return replace(report, counts={**report.counts, **more.counts})


_TABLE = (
    Job("poll", Poll, timedelta(seconds=60), "Ask the directories for changes.",
        has_full_pass=True, feeds=("reconcile",), reads=Port.DIRECTORY),
    Job("inventory", TakeInventory, timedelta(minutes=15), "Read the inventories.",
        feeds=("reconcile", "verify"), reads=Port.INVENTORY, is_paced=True),
    # Who may be forgotten is known best when everything was looked at
    Job("reconcile", Reconcile, timedelta(seconds=30), "Compare what changed.",
        has_full_pass=True, at_night=Retention),
    Job("controls", RunControls, timedelta(minutes=15), "Check the groups against the organisation's rules."),
    Job("remediate", Remediate, timedelta(seconds=30), "Let machines do what a rule allows."),
    Job("verify", Verify, timedelta(seconds=60), "Weigh done tickets against newer inventories."),
    Job("escalate", Escalate, timedelta(seconds=60), "Look for steps that are due."),
    Job("mirror", Mirror, timedelta(minutes=5), "Keep the copies of tickets in trackers."),
    Job("deliver", Deliver, timedelta(seconds=5), "Send what waits."),
    Job("watch", WatchItself, timedelta(seconds=60), "Look whether the worker works; read calendars of rotas.",
        is_paced=True, is_in_all=False),
)  # fmt: skip
JOBS: Mapping[str, Job] = {job.name: job for job in _TABLE}  # in the order of `once all`
OF_ALL = tuple(job.name for job in _TABLE if job.is_in_all)


def knowing_due(use_cases: UseCases) -> dict[str, KnowsDue]:
    """The use cases that know whether they are due, by the job's name."""
    found = {name: use_cases[job.use_case] for name, job in JOBS.items()}
    return {name: one for name, one in found.items() if isinstance(one, KnowsDue)}


@dataclass(frozen=True, slots=True)
class JobSchedule:
    """When the jobs run: each at its interval `every`, and the nightly pass at a local time of `timezone` (IANA).

    `lease` is how long one process holds a job.
    """

    every: Mapping[str, timedelta]
    full: time
    lease: timedelta
    timezone: str
