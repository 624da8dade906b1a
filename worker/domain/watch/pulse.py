"""Whether the worker is well: what the dead man's switch is told.

an alarm that blinds, or a job that fails          -> blind, with the reason
a job that was not done well of late               -> silent: the switch waits a while by itself
anything else                                      -> well
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from worker.domain.instants import APART_MAX
from worker.domain.watch.alarms import BLINDING, Alarm

FAILURES = 3  # runs in a row that were not good; one may be a passing fault
RUN_MAX = timedelta(hours=1)  # a job that takes longer hangs, though it holds its lease


class State(StrEnum):
    """How the worker is."""

    WELL = "well"
    SILENT = "silent"
    BLIND = "blind"


@dataclass(frozen=True, slots=True)
class Pulse:
    """How the worker is, with the reason in one line if it is not well."""

    state: State
    why: str = ""


@dataclass(frozen=True, slots=True)
class JobSight:
    """What is known of a job: its interval, its last run and its last good one (aware UTC; None: never).

    `is_held`: somebody has its lease now, so it runs.
    """

    name: str
    every: timedelta
    run_at: datetime | None
    ok_at: datetime | None
    is_held: bool = False

    def is_unheld(self, patience: timedelta, since: datetime | None, now: datetime) -> bool:
        """Return True if nobody does the job: it is overdue by more than `patience`, and nobody has its lease.

        Counted from its last run, or from `since` if that is later: before `since`, when this process began to look,
        everything may have been stopped. None: from the last run in any case.
        """
        times = [at for at in (self.run_at, since) if at is not None]
        is_late = not any(_is_recent(at, now, self.every + patience) for at in times)
        return bool(times) and is_late and not self.is_held

    def pulse(self, patience: timedelta, now: datetime) -> Pulse:
        """How the worker is, by this job alone."""
        good = "never" if self.ok_at is None else f"last at {self.ok_at:%Y-%m-%d %H:%M:%S} UTC"
        why = f"the job {self.name} does not succeed (good {good})"
        if self.run_at is None:
            return Pulse(State.SILENT, f"the job {self.name} was not done yet")
        is_last_good = self.ok_at == self.run_at
        if not is_last_good and (self.ok_at is None or self.run_at - self.ok_at >= FAILURES * self.every):
            return Pulse(State.BLIND, why)
        longest = self.every + (RUN_MAX if self.is_held else patience)
        is_well = is_last_good and _is_recent(self.run_at, now, longest)
        return Pulse(State.WELL) if is_well else Pulse(State.SILENT, why)


def _is_recent(at: datetime, now: datetime, longest: timedelta) -> bool:
    """Whether it is no longer ago. What lies ahead was done by a wrong clock: nobody knows when."""
    return -APART_MAX <= now - at <= longest


def pulse(jobs: Iterable[JobSight], wrong: Iterable[Alarm], patience: timedelta, now: datetime) -> Pulse:
    """How the worker is, by the jobs that matter and by what is wrong; the worst counts."""
    blinding = [f"{one.cause.value} {one.about}".strip() for one in wrong if one.cause in BLINDING]
    if blinding:
        return Pulse(State.BLIND, f"not well: {', '.join(blinding)}")
    found = [job.pulse(patience, now) for job in jobs]
    for state in (State.BLIND, State.SILENT):
        for one in found:
            if one.state is state:
                return one
    return Pulse(State.WELL)
