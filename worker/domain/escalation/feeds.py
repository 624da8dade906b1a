"""The last good copy of a rota's calendar: what of it counts, and since when it does not.

Pure. A calendar that can't be read, or not understood, changes nothing until its copy is too old; then the fallback
is asked, and nobody is taken to be on call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from worker.domain.escalation.rota import Listed, Rota
from worker.domain.escalation.spans import Span
from worker.domain.instants import APART_MAX, has_come

REACH = timedelta(days=90)  # how far ahead a calendar is read
BEHIND = timedelta(days=31)  # and how far back, since a turn that goes on began earlier
ANEW = timedelta(hours=24)  # an unchanged calendar is read again as a whole, since the days move on


@dataclass(frozen=True, slots=True)
class FeedRules:
    """How a rota's calendar is read. `timezone` (IANA) is for times without a zone; `aliases` are keyed by name."""

    timezone: str
    every: timedelta
    stale_after: timedelta
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """A text that changes with whatever decides what a calendar means."""
        return repr((self.timezone, sorted(self.aliases.items())))


@dataclass(frozen=True, slots=True)
class FeedCopy:
    """What is known of a calendar. Instants are aware UTC.

    `turns` are those of the last good read at `read_at`; they reach to `known_until`. At `fetched_at` the calendar was
    seen last, changed or not; None: never. `etag` and `asked` (its rules' fingerprint) say whether it has to be read
    anew. `notes` are what was odd about it, `problem` why the last attempt at `tried_at` failed, or "".
    """

    rota: str
    tried_at: datetime
    fetched_at: datetime | None = None
    read_at: datetime | None = None
    known_until: datetime | None = None
    turns: tuple[Span[str], ...] = ()
    notes: tuple[str, ...] = ()
    etag: str | None = None
    asked: str = ""
    problem: str = ""


def is_due(copy: FeedCopy | None, rules: FeedRules, now: datetime) -> bool:
    """Whether the calendar is to be read: never tried, its time has come, or its rules are others now."""
    if copy is None or copy.asked != rules.fingerprint:
        return True
    return has_come(copy.tried_at + rules.every, now, rules.every)


def known_etag(copy: FeedCopy | None, rules: FeedRules, now: datetime) -> str | None:
    """The tag by which to ask for changes only; None if the whole calendar is needed."""
    if copy is None or copy.read_at is None or copy.asked != rules.fingerprint:
        return None
    return None if has_come(copy.read_at + ANEW, now, ANEW) else copy.etag


def is_stale(copy: FeedCopy | None, rules: FeedRules, now: datetime) -> bool:
    """Whether the copy is too old to say who is on call, or there is none."""
    if copy is None or copy.fetched_at is None:
        return True
    return has_come(copy.fetched_at + rules.stale_after, now, rules.stale_after + APART_MAX)


def with_feed(rota: Rota, copy: FeedCopy | None, rules: FeedRules, now: datetime) -> Rota:
    """The rota with its calendar's turns as its only layer; of a stale one, the overrides and the fallback alone."""
    if copy is None or is_stale(copy, rules, now):
        return rota
    return replace(rota, layers=(Listed(copy.turns),), known_until=copy.known_until)


def shrunken(before: FeedCopy | None, turns: tuple[Span[str], ...], now: datetime) -> str:
    """What to say of a calendar that lost more than half of the turns to come that it had; "" of any other."""
    if before is None or before.known_until is None:
        return ""
    until = before.known_until
    had, has = (sum(now < one.from_at < until for one in some) for some in (before.turns, turns))
    return f"It has {has} of the {had} turns to come that it had." if has * 2 < had else ""
