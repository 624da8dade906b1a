"""What is wrong with the worker now, by what is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from worker.app.jobs.jumps import JUMP
from worker.app.tell.alarms import Alarms
from worker.app.tell.health import FLAPS, Freshness, failed_alarm, judged
from worker.domain.instants import APART_MAX, has_come
from worker.domain.watch.alarms import Alarm, AlarmCause, ToldAlarm, clocks_apart, clocks_elsewhere
from worker.domain.watch.pulse import RUN_MAX, JobSight
from worker.ports import Concern, Port
from worker.ports.state.sources import SourceState
from worker.ports.state.store import UnitOfWork
from worker.ports.state.watched import WatchMark

ENDING = timedelta(days=30)  # before a credential ends
JUMP_TOLD = timedelta(hours=1)
PING, HEARD, UNHEARD = "ping", "ping.heard", "ping.unheard"
CANARY, FOUND = "canary", "canary.found"
Look = Callable[[], Sequence[Concern]]


@dataclass(frozen=True, slots=True)
class Watching:
    """What is looked at: the sources with how old their data may be, each job's interval, the guard's limits that are
    off, and what connectors know about themselves, by their names. `host` is this machine's name, as leases have it.
    """

    sources: Mapping[tuple[str, Port], Freshness] = field(default_factory=dict)
    every: Mapping[str, timedelta] = field(default_factory=dict)
    guard_off: tuple[str, ...] = ()
    looks: Mapping[str, Look] = field(default_factory=dict)
    has_ping: bool = False
    has_canary: bool = False
    host: str = ""


@dataclass(frozen=True, slots=True)
class Faults:
    """Finds what is wrong, in the state that a transaction sees."""

    alarms: Alarms
    watching: Watching

    def jobs(self, uow: UnitOfWork, now: datetime) -> list[JobSight]:
        """What is known of each job."""
        runs = {run.name: run for run in uow.jobs.all()}
        leases = (one for one in uow.watched.leases() if one.lease.holder)
        held = {one.lease.job for one in leases if not has_come(one.expires_at, now, RUN_MAX)}
        return [
            JobSight(
                name,
                every,
                runs[name].run_at if name in runs else None,
                runs[name].ok_at if name in runs else None,
                name in held,
            )
            for name, every in self.watching.every.items()
        ]

    def found(
        self, uow: UnitOfWork, now: datetime, since: datetime | None = None, clock: datetime | None = None
    ) -> tuple[Alarm, ...]:
        """Everything but `concerns`. `since` is when this process began to look (see `JobSight.is_unheld`).

        `clock` is this process's real clock, to be compared with the database's; None: it was told another time.
        """
        standing = {one.key for one in uow.watched.standing()}
        marks = uow.watched.marks()
        return (
            *self._sources(uow, standing, since, now),
            *self._jobs(uow, since, now),
            *self._messages(uow, now),
            *(Alarm(AlarmCause.GUARD, name) for name in self.watching.guard_off),
            *self._clocks(uow, marks, clock, now),
            *self._silence(marks, now),
        )

    def told_at(self, uow: UnitOfWork, clock: datetime | None, now: datetime) -> datetime:
        """The instant of what is told now, by the database's clock, as all workers have that; `now` if it has none.

        `clock`: see `found`.
        """
        return (uow.watched.clock() if clock is not None else None) or now

    def forgotten(self, standing: Iterable[ToldAlarm]) -> list[str]:
        """The keys of alarms about sources that the configuration has no more."""
        known = {name for name, _ in self.watching.sources}
        about_sources = (AlarmCause.SOURCE, AlarmCause.STALE)
        return [one.key for one in standing if one.cause in about_sources and one.about not in known]

    def _sources(
        self, uow: UnitOfWork, standing: set[str], since: datetime | None, now: datetime
    ) -> Iterator[Alarm]:
        for (name, port), fresh in self.watching.sources.items():
            state = uow.sources.get(name, port)
            verdict = judged(state, fresh, now)
            stale = Alarm(AlarmCause.STALE, name, state.taken_at, remedy=verdict.remedy)
            if state.trouble is None:
                if verdict.is_stale and not self._has_just_begun(state, since, now):
                    yield stale
                continue
            failed = failed_alarm(name, state.trouble, state.remedy, state.last_success_at)
            if failed.key in standing or state.failures >= FLAPS:
                yield failed
            if stale.key in standing and verdict.is_stale:
                yield stale

    def _has_just_begun(self, state: SourceState, since: datetime | None, now: datetime) -> bool:
        """Whether this process may not have come to read the source yet."""
        if since is None or now - since > self.alarms.rules.lease_unheld:
            return False
        return state.last_attempt_at is None or state.last_attempt_at < since

    def _jobs(self, uow: UnitOfWork, since: datetime | None, now: datetime) -> Iterator[Alarm]:
        for job in self.jobs(uow, now):
            if job.is_unheld(self.alarms.rules.lease_unheld, since, now):
                yield Alarm(AlarmCause.LEASE, job.name, job.ok_at)

    def _messages(self, uow: UnitOfWork, now: datetime) -> Iterator[Alarm]:
        rules = self.alarms.rules
        for failing in uow.watched.failing():
            if now - failing.since_at >= rules.channel_failing:
                yield Alarm(AlarmCause.CHANNEL, failing.notifier, failing.since_at, said=failing.error)
        due = uow.watched.due(now)
        if due.since_at is not None and now - due.since_at > rules.oldest_due:
            yield Alarm(AlarmCause.LATE, since_at=due.since_at, count=due.messages)
        if dead := uow.watched.dead():
            yield Alarm(AlarmCause.DEAD, count=dead)

    def _clocks(
        self, uow: UnitOfWork, marks: Mapping[str, WatchMark], clock: datetime | None, now: datetime
    ) -> Iterator[Alarm]:
        theirs, rules = uow.watched.clock(), self.alarms.rules
        yield from clocks_apart(self.watching.host, theirs, clock, rules.clock_jump)
        # A clock that was not compared with the database's may still be wrong
        compared = "" if clock is None or theirs is None else self.watching.host
        standing, at = uow.watched.standing(), self.told_at(uow, clock, now)
        yield from clocks_elsewhere(standing, compared, rules.repeat, at)
        jump = marks.get(JUMP)
        if jump is not None and abs(now - jump.at) < JUMP_TOLD:
            yield Alarm(AlarmCause.JUMP, since_at=jump.at, count=int(jump.text))

    def _silence(self, marks: Mapping[str, WatchMark], now: datetime) -> Iterator[Alarm]:
        """Test messages that were not found, and a switch that does not hear."""
        patience = self.alarms.rules.channel_failing
        sent, found = marks.get(CANARY), marks.get(FOUND)
        is_missed = sent is not None and (found is None or found.text != sent.text)
        if self.watching.has_canary and sent is not None and is_missed and now - sent.at >= patience:
            yield Alarm(AlarmCause.CANARY, since_at=sent.at)
        failing, heard = failing_since(marks, now), marks.get(HEARD)
        if self.watching.has_ping and failing is not None and (failing.text or now - failing.at >= patience):
            yield Alarm(AlarmCause.PING, since_at=heard.at if heard else None, said=failing.text)

    def concerns(self, now: datetime) -> tuple[Alarm, ...]:
        """What others know about themselves. Asked outside any transaction."""
        return tuple(self._concerns(now))

    def _concerns(self, now: datetime) -> Iterator[Alarm]:
        for name, look in self.watching.looks.items():
            for one in look():
                about = f"{name}: {one.about}"
                if one.ends_at is None:
                    yield Alarm(AlarmCause.CONCERN, about, said=one.message, remedy=one.remedy)
                elif one.ends_at - now <= ENDING:
                    yield Alarm(
                        AlarmCause.ENDING, about, until_at=one.ends_at, said=one.message, remedy=one.remedy
                    )


def failing_since(marks: Mapping[str, WatchMark], now: datetime) -> WatchMark | None:
    """Return the first ping of those in a row that the check did not hear last; None if it heard the last one.

    If the check refused one of them, the mark has its last refusal. What a wrong clock marked ahead counts as of `now`.
    """
    failing, heard = marks.get(UNHEARD), marks.get(HEARD)
    latest = now + APART_MAX
    if failing is None or (heard is not None and failing.at <= heard.at <= latest):
        return None
    return failing if failing.at <= latest else failing._replace(at=now)
