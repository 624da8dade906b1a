"""Replay: play recorded history against a configuration, and say what would have been different.

history (the state and the journal, in one snapshot)
    -> as it is recorded
    -> played by the present configuration: what differs from the record can't be replayed, and is said
    -> played by a changed configuration:   what differs from the play before is what the change does
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from worker.app.reads.replay_history import Progressed, read_history
from worker.app.reads.replay_side import NewTicket, Player, ReplayRules, Side, as_recorded
from worker.app.refused import Refused
from worker.domain.kinds import kind_of
from worker.domain.kinds.kind import InControls, InReports
from worker.domain.model import AccountKey, GroupKey
from worker.domain.reconcile.guard import HeldPlan
from worker.domain.replay.comparing import PlayEffect, ToldOtherwise, difference, tellings_compared
from worker.domain.replay.fates import Become, Fate, Why
from worker.domain.replay.history import History, RecordedTicket, key_of
from worker.domain.replay.limits import Cannot, Limit
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.store import Store, UnitOfWork

ABSENT = Fate(Become.ABSENT)


@dataclass(frozen=True, slots=True)
class PlayedTicket:
    """A ticket, and what becomes of it by both sides. Without a `ticket` it is one that was never opened."""

    was: Fate
    would: Fate
    ticket: Ticket | None = None
    new: NewTicket | None = None

    @property
    def difference(self) -> PlayEffect:
        return difference(self.was, self.would)

    @property
    def group(self) -> GroupKey | None:
        return self.new.key.group if self.new else self.ticket.group if self.ticket else None

    @property
    def group_name(self) -> str:
        return self.new.group_name if self.new else self.ticket.group_name if self.ticket else ""

    @property
    def person(self) -> AccountKey | None:
        return self.new.person if self.new else self.ticket.person if self.ticket else None

    @property
    def person_name(self) -> str:
        return self.new.person_name if self.new else self.ticket.person_name if self.ticket else ""


@dataclass(frozen=True, slots=True)
class PlayedMessage:
    """A message about a ticket that is told otherwise."""

    ticket: Ticket
    told: ToldOtherwise


@dataclass(frozen=True, slots=True)
class PlayedPlan:
    """A plan of leavers that only one side holds."""

    plan: HeldPlan
    difference: PlayEffect


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay found, between two instants (aware UTC; the end is excluded).

    `changed` are the configuration's differences, a line each. `tickets`, `messages` and `plans` are only those that
    differ; `same` counts the other tickets, `same_messages` the other messages. `readers`: by name, how often somebody
    was told, and would be.
    """

    begins: datetime
    ends: datetime
    changed: tuple[str, ...]
    is_changed: bool
    tickets: tuple[PlayedTicket, ...]
    same: int
    messages: tuple[PlayedMessage, ...]
    same_messages: int
    readers: tuple[tuple[str, int, int], ...]
    plans: tuple[PlayedPlan, ...]
    cannot: tuple[Cannot, ...]

    def count(self, wanted: PlayEffect) -> int:
        """How many tickets differ in this way."""
        return (
            self.same if wanted is PlayEffect.SAME else sum(one.difference is wanted for one in self.tickets)
        )

    def messages_by_effect(self) -> dict[PlayEffect, int]:
        """How many messages are the same, and how many differ in each way. None is held: it comes later."""
        found = Counter(one.told.difference for one in self.messages)
        found[PlayEffect.SAME] = self.same_messages
        return {one: found[one] for one in PlayEffect if one is not PlayEffect.HELD}


@dataclass(frozen=True, slots=True)
class ChangedRules:
    """A changed configuration: its rules, its differences in lines, and the settings among them that are not played."""

    rules: ReplayRules
    lines: tuple[str, ...] = ()
    unplayed: tuple[str, ...] = ()
    widens: tuple[str, ...] = ()  # settings by which groups or leavings may count that were not kept then


class Replay:
    """Plays recorded history. Writes nothing: it reads one snapshot of the state.

    `every`: the interval of the job that takes steps. So much later than it was due may one have been taken.
    """

    def __init__(self, store: Store, rules: ReplayRules, every: timedelta, progressed: Progressed) -> None:
        self._store = store
        self.rules = rules
        self._every = every
        self._progressed = progressed

    def watched(self, progressed: Progressed) -> Replay:
        """The same, and `progressed` hears of it; what that raises ends the play."""
        return Replay(self._store, self.rules, self._every, progressed)

    def play(
        self, begins: datetime, ends: datetime, now: datetime, changed: ChangedRules | None = None
    ) -> Replayed:
        """Play the time from `begins` up to `ends` (excluded): by `changed`, or else as it is configured.

        With `changed`, both sides are played, so that they differ by their rules alone. Raises Refused for a time that
        ends before it begins or lies in the future, and for one of which the journal knows nothing.
        """
        if begins >= ends:
            raise Refused("A replay ends after it begins: name a later day for --until.")
        if begins >= now:
            raise Refused("Nothing has happened on days to come: name an earlier day for --from.")
        ends = min(ends, now)
        with self._store.reading() as uow:
            first = uow.past.begins_at()
            if first is None or first >= ends:
                raise Refused("Nothing is recorded of these days: the journal begins later, or is empty.")
            windows = [self.rules.gate.limits.window]
            windows += [changed.rules.gate.limits.window] if changed else []
            history = read_history(uow, begins, ends, max(windows), self._every, self._progressed)
            return self._played(uow, history, first, changed)

    def _played(
        self, uow: UnitOfWork, history: History, first: datetime, changed: ChangedRules | None
    ) -> Replayed:
        recorded = as_recorded(history)
        present = self._side(uow, history, self.rules, holds_messages=False)
        before = _Compared(history, recorded, present, self._every)
        cannot = [*_unrecorded(uow, history, first), *before.unexplained(), *_kept(history, present)]
        if changed is None:
            return before.result([*cannot, *_looked_up(present)], (), is_changed=False)
        may_wait = self.rules.quiet is not None or self.rules.silences or uow.silences.all()
        was = self._side(uow, history, self.rules, holds_messages=True) if may_wait else present
        would = self._side(uow, history, changed.rules, holds_messages=True)
        cannot += [*_looked_up(would), *_unplayed(changed, would)]
        return _Compared(history, was, would, timedelta(0)).result(cannot, changed.lines, is_changed=True)

    def _side(self, uow: UnitOfWork, history: History, rules: ReplayRules, *, holds_messages: bool) -> Side:
        player = Player(uow, history, rules, self.rules, holds_messages=holds_messages)
        return player.play(self._progressed)


class _Compared:
    """Two sides of one history, compared."""

    def __init__(self, history: History, was: Side, would: Side, every: timedelta) -> None:
        self._history, self._was, self._would = history, was, would
        self.tickets = [
            _of_ticket(one.ticket, was.fates[one.ticket.id], would.fates[one.ticket.id])
            for one in history.tickets
            if history.begins <= one.ticket.opened_at
        ]
        self.tickets += list(self._new())
        self.messages = [
            PlayedMessage(one.ticket, told)
            for one in history.tickets
            for told in tellings_compared(was.tellings[one.ticket.id], would.tellings[one.ticket.id], every)
        ]

    def _new(self) -> Iterator[PlayedTicket]:
        for key in sorted(self._was.new.keys() | self._would.new.keys()):
            was, would = self._was.new.get(key), self._would.new.get(key)
            yield PlayedTicket(was.fate if was else ABSENT, would.fate if would else ABSENT, new=would or was)

    def _plans(self) -> Iterator[PlayedPlan]:
        was, would = ({_key_of(one): one for one in side.plans} for side in (self._was, self._would))
        for key in sorted(was.keys() ^ would.keys()):
            if key in would:
                yield PlayedPlan(would[key], PlayEffect.MORE)
            else:
                yield PlayedPlan(was[key], PlayEffect.FEWER)

    def unexplained(self) -> Iterator[Cannot]:
        """Where the present configuration does not give what is recorded."""
        differing = [one for one in self.tickets if one.difference is not PlayEffect.SAME]
        due = [one for one in differing if one.was.opened_at == one.would.opened_at]
        for limit, those in ((Limit.GUARD, [one for one in differing if one not in due]), (Limit.DUE, due)):
            if those:
                yield Cannot(limit, len(those), tuple(one.ticket.label for one in those if one.ticket))
        plans = list(self._plans())
        if plans:
            yield Cannot(Limit.PLANS, len(plans), tuple(one.plan.label for one in plans if one.plan.id))
        told = [one for one in self.messages if one.told.difference is not PlayEffect.SAME]
        if told:
            labels = dict.fromkeys(one.ticket.label for one in told)
            yield Cannot(Limit.STEPS, len(told), tuple(labels))

    def result(self, cannot: Sequence[Cannot], changed: tuple[str, ...], *, is_changed: bool) -> Replayed:
        differing = [one for one in self.tickets if one.difference is not PlayEffect.SAME]
        told = [one for one in self.messages if one.told.difference is not PlayEffect.SAME]
        was, would = (
            Counter(one.who for tellings in side.tellings.values() for one in tellings)
            for side in (self._was, self._would)
        )
        readers = tuple((name, was[name], would[name]) for name, _ in (was + would).most_common())
        return Replayed(
            self._history.begins,
            self._history.ends,
            changed,
            is_changed,
            tuple(differing),
            sum(one.was.become is Become.OPENED for one in self.tickets if one.difference is PlayEffect.SAME),
            tuple(told),
            len(self.messages) - len(told),
            readers,
            tuple(self._plans()),
            tuple(cannot),
        )


def _key_of(plan: HeldPlan) -> tuple[str, datetime, bool]:
    """What tells a plan of leavers from others: the guard judges leavings and moves apart, at one instant."""
    return plan.source, plan.created_at, key_of(plan.cohorts[0].people[0]).is_move


def _unrecorded(uow: UnitOfWork, history: History, first: datetime) -> Iterator[Cannot]:
    """What is not known of these days any more, or never was."""
    if first > history.begins:
        yield Cannot(Limit.BEFORE_RECORDS, (first - history.begins).days + 1)
    losses = uow.past.losses(history.begins, history.ends)
    if losses.departed or losses.came:
        yield Cannot(Limit.MEMBERSHIPS, losses.departed + losses.came)
    yield Cannot(Limit.ACTS)


def _kept(history: History, present: Side) -> Iterator[Cannot]:
    """Tickets that stay as they were, since their reasons are not recorded."""
    begun = [one for one in history.tickets if history.begins <= one.ticket.opened_at]
    unknown = [one for one in begun if present.fates[one.ticket.id].why is Why.NO_RECORD]
    if unknown:
        yield Cannot(Limit.ERASED, len(unknown), tuple(one.ticket.label for one in unknown))
    sources = [one for one in begun if _is_from_sources(one)]
    if sources:
        yield Cannot(Limit.SOURCES, len(sources))


def _looked_up(side: Side) -> Iterator[Cannot]:
    if side.looked_up:
        yield Cannot(Limit.READERS, side.looked_up)


def _is_from_sources(one: RecordedTicket) -> bool:
    """Whether a ticket comes from what rosters, registers or people showed, and from no leaving."""
    return isinstance(kind_of(one.ticket).found, InControls | InReports) or one.leaving is None


def _unplayed(changed: ChangedRules, would: Side) -> Iterator[Cannot]:
    if changed.unplayed:
        yield Cannot(Limit.SETTINGS, len(changed.unplayed), changed.unplayed)
    if changed.widens:
        yield Cannot(Limit.NOT_READ, None, changed.widens)
    if would.new:
        yield Cannot(Limit.NEW_MESSAGES, len(would.new))


def _of_ticket(ticket: Ticket, was: Fate, would: Fate) -> PlayedTicket:
    """A ticket by both sides. An opening of an early release does not say what it was due at."""
    is_unsaid = was.become is Become.OPENED and was.due_at is None
    return PlayedTicket(
        replace(was, due_at=would.due_at or was.opened_at) if is_unsaid else was, would, ticket
    )
