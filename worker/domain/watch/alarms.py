"""Alarms: what is wrong with the worker itself, and what of it is told now.

what is wrong + what was told -> raised | repeated | over
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from worker.domain.instants import APART_MAX, has_come


class AlarmCause(StrEnum):
    """Why somebody is alarmed; each has its words in `worker.domain.messages.alarms`."""

    SOURCE = "source"  # it can't be read
    STALE = "stale"  # it is read, and what it says is too old to prove anything
    CHANNEL = "channel"  # a notifier has failed for too long
    LEASE = "lease"  # a job that no worker does
    LATE = "late"  # messages are due and not sent
    DEAD = "dead"  # messages reached nobody
    GUARD = "guard"  # one of its limits is off
    CLOCK = "clock"  # ours and the database's differ
    JUMP = "jump"  # the clock was set
    CANARY = "canary"  # the daily test message did not arrive
    PING = "ping"  # the dead man's switch does not hear us
    CONCERN = "concern"  # what a connector knows about itself, or of rotas, feeds and held plans has to be looked at
    ENDING = "ending"  # a credential that a connector has


# With one of these the worker can't see, can't act, or reaches nobody
BLINDING = frozenset({
    AlarmCause.SOURCE, AlarmCause.STALE, AlarmCause.CHANNEL, AlarmCause.LEASE, AlarmCause.LATE, AlarmCause.CLOCK,
    AlarmCause.CANARY,
})  # fmt: skip


# Nobody has to do anything about these within hours, so they are told again once a day at most
UNHURRIED = frozenset({AlarmCause.GUARD, AlarmCause.CONCERN, AlarmCause.ENDING})
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that is wrong now: `about` names what (a source, a notifier, a job), or is empty.

    `since_at` (aware UTC) is since when, `until_at` when something ends; `said` and `remedy` are whole sentences in
    English, `count` a number of messages or seconds. `is_elsewhere`: a worker on another machine found it, and is the
    one that tells it again.
    """

    cause: AlarmCause
    about: str = ""
    since_at: datetime | None = None
    until_at: datetime | None = None
    said: str = ""
    remedy: str = ""
    count: int = 0
    is_elsewhere: bool = False

    @property
    def key(self) -> str:
        """A text that stays the same for as long as the alarm stands."""
        return f"{self.cause.value}:{self.about}"


@dataclass(frozen=True, slots=True)
class ToldAlarm:
    """An alarm that was told, and is not over. `told_at` is when it was told last."""

    cause: AlarmCause
    about: str
    since_at: datetime
    told_at: datetime

    @property
    def key(self) -> str:
        """The key of the alarm that was told."""
        return f"{self.cause.value}:{self.about}"

    def is_due(self, repeat: timedelta, now: datetime) -> bool:
        """Whether it is to be told again; also if a clock that was ahead told it."""
        wait = max(repeat, A_DAY) if self.cause in UNHURRIED else repeat
        return has_come(self.told_at + wait, now, wait + APART_MAX)


@dataclass(frozen=True, slots=True)
class News:
    """What is told now: new alarms, those that still stand, and those that are over."""

    raised: tuple[Alarm, ...] = ()
    repeated: tuple[Alarm, ...] = ()
    over: tuple[ToldAlarm, ...] = ()


def news(standing: Iterable[ToldAlarm], wrong: Iterable[Alarm], repeat: timedelta, now: datetime) -> News:
    """Compare what was told with what is wrong. An alarm is told once, again every `repeat`, and when it is over.

    All instants are by one clock that the workers share, if there is one.
    """
    known, found = {one.key: one for one in standing}, {one.key: one for one in wrong}
    return News(
        tuple(one for key, one in found.items() if key not in known),
        tuple(
            one
            for key, one in found.items()
            if key in known and not one.is_elsewhere and known[key].is_due(repeat, now)
        ),
        tuple(one for key, one in known.items() if key not in found),
    )


def clocks_apart(
    host: str, theirs: datetime | None, ours: datetime | None, limit: timedelta
) -> tuple[Alarm, ...]:
    """The alarm about a database's clock and ours that differ by more than `limit`; none if one is unknown (None).

    `host` names this machine, whose clock it is.
    """
    if theirs is None or ours is None or abs(theirs - ours) <= limit:
        return ()
    return (Alarm(AlarmCause.CLOCK, host, count=round((theirs - ours).total_seconds())),)


def clocks_elsewhere(
    standing: Iterable[ToldAlarm], host: str, repeat: timedelta, now: datetime
) -> tuple[Alarm, ...]:
    """The alarms about clocks of other machines than `host`, since only a worker there can tell that one is right.

    One that looks tells its alarm again every `repeat`. If none has for an hour longer, the machine may be gone for
    good, and its alarm does not stand any more.
    """
    wait = repeat + APART_MAX
    return tuple(
        Alarm(AlarmCause.CLOCK, one.about, is_elsewhere=True)
        for one in standing
        if one.cause is AlarmCause.CLOCK and one.about not in {"", host}
        if not has_come(one.told_at + wait, now, wait + APART_MAX)
    )
