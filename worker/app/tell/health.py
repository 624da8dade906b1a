"""A source's state after a read: good or in trouble. Announces each change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from worker.app.tell.alarms import Alarms
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry
from worker.domain.reconcile.plan import instant
from worker.domain.watch.alarms import Alarm, AlarmCause
from worker.ports import ConnectorError, Transient
from worker.ports.state.sources import SourceState
from worker.ports.state.store import UnitOfWork

FLAPS = 3  # failures in a row before a passing fault is announced
FAILED_FULL = (
    "failed_full"  # of a source's counts: full passes in a row that failed after a delta that went well
)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old a source's last data may be; older data proves nothing."""

    default: timedelta
    by_source: Mapping[str, timedelta]

    def limit(self, source: str) -> timedelta:
        return self.by_source.get(source, self.default)

    def is_fresh(self, source: str, taken_at: datetime | None, now: datetime) -> bool:
        """True if data that is true for `taken_at` still counts at `now`."""
        return taken_at is not None and now - taken_at <= self.limit(source)


class SourceHealth(StrEnum):
    """What is stored of a source's reads, as one word. Only a good one proves anything."""

    GOOD = "good"
    FAILED = "failed"  # its last read
    UNREAD = "unread"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Judged:
    """A source's health, the reason for it, and the remedy. `is_stale` may also be true of one that failed."""

    health: SourceHealth
    message: str
    remedy: str
    is_stale: bool

    @property
    def ok(self) -> bool:
        """True if it is green."""
        return self.health is SourceHealth.GOOD


def judged(state: SourceState, fresh: Freshness, now: datetime) -> Judged:
    """Judge a source by its stored reads, without asking it. Red: never read, failed last time, or too old."""
    is_stale = state.taken_at is not None and not fresh.is_fresh(state.name, state.taken_at, now)
    if state.trouble is not None:
        health, message = SourceHealth.FAILED, f"the last read failed: {state.trouble}"
        remedy = state.remedy or "Poll again."
    elif state.last_success_at is None:
        health, message = SourceHealth.UNREAD, "it was never read"
        remedy = "Run the worker, or: whosleft once all"
    elif is_stale:
        health = SourceHealth.STALE
        message = f"what it last said is too old to prove anything ({instant(state.taken_at)})"
        remedy = "Bring a newer export or register, or allow more with stale_after."
    else:
        health, message, remedy = SourceHealth.GOOD, f"read {instant(state.last_success_at)}", ""
    return Judged(health, message, remedy, is_stale)


def record_failure(
    uow: UnitOfWork,
    state: SourceState,
    error: ConnectorError,
    now: datetime,
    alarms: Alarms,
    *,
    is_whole: bool = True,
) -> None:
    """Turn a source red, and raise the alarm: at once, or for a transient fault at the third failure.

    A new trouble that is not transient is told, too. Where a part of a source was asked for, the next read of the
    whole is due as before: it may well go better.
    """
    failures = state.failures + 1
    attempt_at = now if is_whole else state.last_attempt_at
    uow.sources.put(
        replace(
            state, last_attempt_at=attempt_at, failures=failures, trouble=error.message, remedy=error.remedy
        )
    )
    is_announced = failures == (FLAPS if isinstance(error, Transient) else 1) or (
        failures > 1 and not isinstance(error, Transient) and state.trouble != error.message
    )
    if not is_announced:
        return
    subject, data = f"source:{state.name}", {"error": type(error).__name__}
    uow.journal.append([Entry(now, "whosleft", events.SOURCE_FAILED, subject, data=data)])
    alarms.raised(uow, failed_alarm(state.name, error.message, error.remedy, state.last_success_at), now)


def failed_alarm(name: str, trouble: str, remedy: str, last_success_at: datetime | None) -> Alarm:
    """The alarm about a source that can't be read."""
    return Alarm(AlarmCause.SOURCE, name, last_success_at, said=trouble, remedy=remedy)


def count_failed_full(uow: UnitOfWork, state: SourceState, error: ConnectorError) -> None:
    """Let the failures of full passes add up, though the deltas between them go well. Before `record_failure`."""
    failed = state.counts.get(FAILED_FULL, 0) + 1 if isinstance(error, Transient) else FLAPS
    counts = {**state.counts, FAILED_FULL: failed}
    uow.sources.put(replace(state, failures=max(state.failures, failed - 1), counts=counts))


def record_still_failing(uow: UnitOfWork, state: SourceState, error: ConnectorError, now: datetime) -> None:
    """Record a read that went well but could not mend the last failure: still red, without a new message."""
    remedy = state.remedy if state.trouble == error.message else error.remedy
    uow.sources.put(replace(state, last_attempt_at=now, trouble=error.message, remedy=remedy))


def record_success(uow: UnitOfWork, state: SourceState, now: datetime, alarms: Alarms) -> None:
    """Turn a source green; say so if its trouble was told. What full passes can't do, no delta mends: it stays red."""
    if state.counts.get(FAILED_FULL, 0) >= FLAPS:
        uow.sources.put(replace(state, last_attempt_at=now, last_success_at=now))
        return
    if state.trouble is not None and alarms.ended(uow, Alarm(AlarmCause.SOURCE, state.name).key, now):
        uow.journal.append([Entry(now, "whosleft", events.SOURCE_RECOVERED, f"source:{state.name}")])
    uow.sources.put(
        replace(state, last_attempt_at=now, last_success_at=now, failures=0, trouble=None, remedy="")
    )
