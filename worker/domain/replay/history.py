"""What the state and the journal still know of the past: leavings, tickets with their lives, and numbers over time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from worker.domain.escalation.policy import Taken
from worker.domain.escalation.replay import Spell
from worker.domain.model import Account, AccountKey, Evidence, GroupKey, Standing
from worker.domain.people.persons import AccountsRule, AccountState, Person, human_of
from worker.domain.reconcile.guard import Departure
from worker.domain.tickets.ticket import Ticket

GrowthStep = tuple[datetime, int]  # when a number changes, and by how much


class Growth:
    """A number over time, known from what it is now and from what changed it. Instants are aware UTC."""

    def __init__(self, now: int, changes: Iterable[GrowthStep] = ()) -> None:
        ordered = sorted(changes)
        self._at = [at for at, _ in ordered]
        self._sums = [0, *accumulate(by for _, by in ordered)]
        self._begins_with = now - self._sums[-1]

    def at(self, instant: datetime) -> int:
        """The number right after every change up to an instant (included); never below 0."""
        return max(0, self._begins_with + self._sums[bisect_right(self._at, instant)])


class Newcomers:
    """Those who came to a directory after its first pass: when each was first seen, and was active or not."""

    def __init__(self, came: Iterable[tuple[datetime, tuple[GrowthStep, ...]]]) -> None:
        ordered = sorted(came)
        self._seen_at = [seen_at for seen_at, _ in ordered]
        self._changes = [changes for _, changes in ordered]

    def active(self, since: datetime, at: datetime) -> int:
        """How many are active at an instant of those who came after `since`."""
        recent = self._changes[bisect_right(self._seen_at, since) : bisect_right(self._seen_at, at)]
        return sum(by for changes in recent for changed_at, by in changes if changed_at <= at)


@dataclass(frozen=True, slots=True)
class GroupPast:
    """A group: its name now, its size over time, and what its register says: if it is sensitive, and its class of data.

    `shown_as`: its names by key, as each source shows it, the one that leads first; empty: as itself alone.
    """

    name: str
    size: Growth
    is_sensitive: bool = False
    shown_as: Mapping[GroupKey, str] = field(default_factory=dict)
    data_class: str = ""


class LeavingKey(NamedTuple):
    """One leaving, or one move, of one account."""

    person: AccountKey
    at: datetime
    is_move: bool = False


def key_of(departure: Departure) -> LeavingKey:
    """The key of a departure."""
    return LeavingKey(departure.person, departure.at, departure.evidence is Evidence.MOVED)


@dataclass(frozen=True, slots=True)
class Membership:
    """That somebody was in a group; `begins` None: before we first looked. `ends` None: they still are."""

    group: GroupKey
    begins: datetime | None = None
    ends: datetime | None = None

    def is_on(self, at: datetime) -> bool:
        return (self.begins is None or self.begins <= at) and (self.ends is None or at < self.ends)


@dataclass(frozen=True, slots=True)
class GuardedLeaving:
    """What the guard did with one departure at one of its passes.

    `plan` held it; None: it was let through `at` once. `decided_at`: when a person decided on its part of the plan, and
    whether that was a release. `memberships` are those of the person that are still known. `moved_from`: where a place
    of theirs ended by this move, if that is still known.
    """

    departure: Departure
    at: datetime
    plan: int | None = None
    decided_at: datetime | None = None
    is_released: bool = False
    memberships: tuple[Membership, ...] = ()
    missing_since: datetime | None = None  # of somebody who left by being absent, if that is still known
    moved_from: frozenset[GroupKey] = frozenset()

    @property
    def key(self) -> LeavingKey:
        return key_of(self.departure)

    @property
    def passed_at(self) -> datetime | None:
        """When it passed the guard, at once or by a person's release; None: it did not."""
        if self.plan is None:
            return self.at
        return self.decided_at if self.is_released else None

    def groups_at(self, at: datetime) -> tuple[GroupKey, ...]:
        return tuple(sorted({one.group for one in self.memberships if one.is_on(at)}))

    def asked_out_of(self, at: datetime) -> tuple[GroupKey, ...]:
        """The groups at an instant that they should not be in any more: all, but of a move only where a place ended."""
        groups = self.groups_at(at)
        return tuple(one for one in groups if one in self.moved_from) if self.key.is_move else groups


Passed = Mapping[LeavingKey, datetime]  # when the guard let leavings through


@dataclass(frozen=True, slots=True)
class LeftSpell:
    """A stretch in which an account had left: since a pass saw it, until it returned; `over_at` None: it still has."""

    at: datetime
    evidence: Evidence
    seen_at: datetime
    over_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountPast:
    """One account with all of its leavings that are known. `joined_at` and `was_in_scope` as in `AccountState`.

    `read_from`: when its directory was first read. `unread_from`: since when nobody hears of it any more, since its
    directory was taken out of the configuration. None: ever, and never.
    """

    account: Account
    joined_at: datetime | None = None
    absences: tuple[LeftSpell, ...] = ()
    read_from: datetime | None = None
    unread_from: datetime | None = None
    was_in_scope: bool = False

    def with_evidence(self, evidence: Container[Evidence]) -> AccountPast:
        """The same without leavings by other evidence."""
        return replace(self, absences=tuple(one for one in self.absences if one.evidence in evidence))

    def turns(self, passed: Passed) -> Iterator[datetime]:
        """The instants at which `state_at` may change."""
        ends = (self.joined_at, self.read_from, self.unread_from)
        yield from (at for at in ends if at is not None)
        for one in self.absences:
            through = passed.get(LeavingKey(self.account.key, one.at))
            yield from (at for at in (one.seen_at, one.over_at, through) if at is not None)

    def state_at(self, at: datetime, passed: Passed) -> AccountState | None:
        """The account as it was at an instant; None if it was not there yet, or not any more."""
        if any(since is not None and since > at for since in (self.joined_at, self.read_from)):
            return None
        if self.unread_from is not None and self.unread_from <= at:
            return None
        key, here = (
            self.account.key,
            replace(self.account, standing=Standing.ACTIVE, evidence=None, left_at=None),
        )
        on = [one for one in self.absences if one.seen_at <= at and (one.over_at is None or at < one.over_at)]
        if not on:
            return AccountState(here, joined_at=self.joined_at, was_in_scope=self.was_in_scope)
        last = max(on, key=lambda one: one.seen_at)
        left = replace(here, standing=Standing.LEFT, evidence=last.evidence, left_at=last.at)
        through = passed.get(LeavingKey(key, last.at))
        return AccountState(left, through is not None and through <= at, self.joined_at, last.seen_at)


@dataclass(frozen=True, slots=True)
class HumanPast:
    """A person with several accounts."""

    accounts: tuple[AccountPast, ...]

    def at(self, at: datetime, passed: Passed, rule: AccountsRule) -> Person | None:
        """The person as they were at an instant; None while they have no account."""
        states = [state for one in self.accounts if (state := one.state_at(at, passed)) is not None]
        return human_of(states, rule) if states else None

    def gone_from(self, known_at: datetime, passed: Passed, rule: AccountsRule) -> datetime | None:
        """Since when the person counts as gone who does so at an instant, else when they next do; None: never.

        An absence that was over by then is another one.
        """
        since: datetime | None = None
        for at in sorted({turn for one in self.accounts for turn in one.turns(passed)}):
            person = self.at(at, passed, rule)
            if person is not None and person.leaving is not None:
                since = since or at
            elif since is not None and at > known_at:
                return since
            else:
                since = None
        return since


Humans = Mapping[AccountKey, HumanPast]  # by account, only of people who have several


class Told(NamedTuple):
    """A message about a ticket: when it was queued, for whom by name, what it was about, and the reader's address.

    `what` is an action of the plan (open, cancel…) or another word of its key; `step2` is the policy's second step.
    The address is empty for a channel.
    """

    at: datetime
    who: str
    what: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """A step that was taken, by which policy, and the labels of those whom it told."""

    taken: Taken
    policy: str
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordedTicket:
    """A ticket as it is now, with the life that its journal tells.

    `due_at` is what it was due at when it was opened, if its opening says so. `told`: the messages about it.
    """

    ticket: Ticket
    life: tuple[Spell, ...]
    due_at: datetime | None = None
    steps: tuple[RecordedStep, ...] = ()
    told: tuple[Told, ...] = ()

    @property
    def leaving(self) -> LeavingKey | None:
        """The leaving, or move, that it is about; None if it is about none, or was opened before it."""
        one = self.ticket
        if one.person is None or one.evidence is None or one.left_at is None or one.is_early:
            return None
        return LeavingKey(one.person, one.left_at, one.evidence is Evidence.MOVED)


class Passes:
    """The passes of a job. Those that did something are known; the others come at an interval."""

    def __init__(self, known: Iterable[datetime] = (), every: timedelta = timedelta(0)) -> None:
        self._known = sorted(set(known))
        self._every = every

    def after(self, at: datetime) -> datetime:
        """The known pass that comes first from an instant on; the instant if none comes within the interval."""
        place = bisect_left(self._known, at)
        found = self._known[place] if place < len(self._known) else at
        return found if found - at <= self._every else at


@dataclass(frozen=True, slots=True)
class History:
    """All that is known of the time from one instant up to another (excluded), and of what leads to it."""

    begins: datetime
    ends: datetime
    judgements: tuple[GuardedLeaving, ...]
    populations: Mapping[str, Growth]  # active people, by directory
    groups: Mapping[GroupKey, GroupPast]
    humans: Humans
    tickets: tuple[RecordedTicket, ...] = ()
    escalations: Passes = field(default_factory=Passes)  # of the job that takes steps
    reconciles: Passes = field(default_factory=Passes)  # of the one that opens tickets
    newcomers: Mapping[str, Newcomers] = field(default_factory=dict)  # by directory

    def known_since(self, source: str, since: datetime, at: datetime) -> int:
        """The active people of a directory at an instant, without those who came after `since`."""
        active, came = self.populations.get(source), self.newcomers.get(source)
        recent = came.active(since, at) if came else 0
        return max(0, active.at(at) - recent) if active else 0

    def opens_at(self, released_at: datetime) -> datetime:
        """When tickets are opened for a leaving that a person released: at the next pass."""
        return self.reconciles.after(released_at)
