"""Watch: whether the worker itself works.

test message looked for -> what is wrong -> the switch is told -> alarms raised, repeated, over -> what is due is sent
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from worker.app.jobs.advisories import WatchAdvisories
from worker.app.jobs.canary import Canary
from worker.app.jobs.faults import Faults
from worker.app.jobs.report import Report
from worker.app.jobs.switch import Switch
from worker.app.jobs.watch import WatchFeeds
from worker.domain.watch.alarms import Alarm, news
from worker.domain.watch.pulse import Pulse, pulse
from worker.ports.state.leases import Lease
from worker.ports.state.store import Store, UnitOfWork

MATTER = ("poll", "reconcile", "escalate", "deliver")  # the jobs without which nothing else is worth much


class WatchItself:
    """Looks after the worker, then reads what is kept elsewhere. `clock` is this process's real clock."""

    def __init__(
        self,
        store: Store,
        faults: Faults,
        switch: Switch,
        canary: Canary,
        feeds: WatchFeeds,
        advisories: WatchAdvisories,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._faults = faults
        self._switch = switch
        self._canary = canary
        self._feeds = feeds
        self._advisories = advisories
        self._clock = clock
        self._began_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether the switch is to be told, which may be more often than this job runs."""
        return self._switch.is_due(now)

    def run_once(self, now: datetime, lease: Lease | None = None, *, due_only: bool = False) -> Report:
        """Look once. `due_only`: this process goes on running, and `now` is its real clock (the scheduler's runs)."""
        if due_only and self._began_at is None:
            self._began_at = now
        since, clock = (self._began_at, self._clock) if due_only else (None, None)
        troubles = self._canary.look(now, lease)
        concerns = self._faults.concerns(now)
        with self._store.reading() as uow:
            found = (*self._faults.found(uow, now, since, clock() if clock else None), *concerns)
            how = self._pulse(uow, found, now)
        is_heard, trouble = self._switch.ping(how, now, lease, is_forced=not due_only)
        if trouble:
            troubles.append(trouble)
        with self._store.begin(lease) as uow:
            ours = clock() if clock else None
            found = (*self._faults.found(uow, now, since, ours), *concerns)
            raised, over = self._tell(uow, found, now, self._faults.told_at(uow, ours, now))
            sent = self._canary.send(uow, found, now)
        counts = {"alarms": len(found), "raised": raised, "over": over, "pinged": int(is_heard), "sent": sent}
        read = self._feeds.run_once(now, lease, due_only=due_only)
        told = self._advisories.run_once(now, lease, due_only=due_only)
        return Report(
            "watch", {**counts, **read.counts, **told.counts}, (*troubles, *read.troubles, *told.troubles)
        )

    def _pulse(self, uow: UnitOfWork, found: Sequence[Alarm], now: datetime) -> Pulse:
        jobs = [job for job in self._faults.jobs(uow, now) if job.name in MATTER]
        return pulse(jobs, found, self._faults.alarms.rules.lease_unheld, now)

    def _tell(
        self, uow: UnitOfWork, found: Sequence[Alarm], now: datetime, told_at: datetime
    ) -> tuple[int, int]:
        """Tell what is new, what still stands, and what is over; return how many were told of each end.

        What stands has the instant of the clock that all workers share, `told_at`; messages have that of ours, `now`.
        """
        alarms = self._faults.alarms
        for key in self._faults.forgotten(uow.watched.standing()):
            uow.watched.end(key)
        told = news(uow.watched.standing(), found, alarms.rules.repeat, told_at)
        for one in (*told.raised, *told.repeated):
            alarms.raised(uow, one, now, told_at)
        for over in told.over:
            alarms.ended(uow, over.key, now)
        return len(told.raised) + len(told.repeated), len(told.over)
