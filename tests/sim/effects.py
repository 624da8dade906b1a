"""The append-only log of effects that the invariants read, and the store and channels that write it.

A transaction's effects are logged when it is committed and never otherwise; `Boundary` counts every commit
and every send, and is where a process dies or is paused.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from fakes.notifier import FakeNotifier
from worker.app.jobs.after_failure import ATTEMPTS_MAX
from worker.domain.escalation.policy import Taken
from worker.domain.evidence.journal import Entry
from worker.domain.kinds import REMOVALS
from worker.domain.messages.message import Message, Recipient
from worker.domain.model import GroupKey, HandleKey
from worker.domain.reconcile.guard import Cohort, HeldPlan
from worker.domain.tickets.ticket import Ticket
from worker.ports import ConnectorError, Receipt, Rejected
from worker.ports.state.controls import ControlCounts
from worker.ports.state.episodes import PlanKind
from worker.ports.state.identities import HandleIdentity
from worker.ports.state.leases import Lease, Leases
from worker.ports.state.outbox import Bundle, Delivery, OutMessage
from worker.ports.state.store import Store, UnitOfWork

WAITING_MAX = 100  # messages to one recipient that are looked at


class Crash(BaseException):
    """The process is gone, here and now; nothing in the worker may catch it."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A ticket was written; `entries` are the journal's of the same transaction."""

    at: datetime
    before: Ticket | None
    after: Ticket
    entries: list[Entry]

    @property
    def is_move(self) -> bool:
        before, after = self.before, self.after
        return before is None or (before.state, before.reopened) != (after.state, after.reopened)


@dataclass(frozen=True, slots=True)
class Queued:
    at: datetime
    message: OutMessage


@dataclass(frozen=True, slots=True)
class Withdrawn:
    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Stepped:
    at: datetime
    ticket: int
    taken: Taken
    to: tuple[Recipient, ...]


@dataclass(frozen=True, slots=True)
class Held:
    at: datetime
    plan: HeldPlan
    kind: PlanKind


@dataclass(frozen=True, slots=True)
class Decided:
    at: datetime
    plan: HeldPlan
    cohorts: tuple[Cohort, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A message that somebody can read now."""

    at: datetime
    notifier: str
    can_find: bool
    message: Message


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Somebody said who is behind a handle."""

    at: datetime
    handle: HandleKey


@dataclass(frozen=True, slots=True)
class Bundled:
    """Messages to one recipient were put into one (`taken`), and others wait on (`left`)."""

    at: datetime
    taken: tuple[OutMessage, ...]
    left: tuple[OutMessage, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """What controls say of all their subjects."""

    at: datetime
    counts: Mapping[str, ControlCounts]


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody answers a statement, or a review of `home`, whose members `removes` they send away."""

    at: datetime
    ticket: int
    home: GroupKey | None
    removes: frozenset[str]


Effect = (
    Saved | Queued | Withdrawn | Stepped | Held | Decided | Seen | Confirmed | Bundled | Counted | Answered
)


@dataclass(slots=True)
class EffectLog:
    """Appended to, never changed. `tickets` and `live_removals` are what its entries add up to."""

    effects: list[Effect] = field(default_factory=list)
    tickets: dict[int, Ticket] = field(default_factory=dict)
    live_removals: dict[tuple[GroupKey, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    unreached: set[int] = field(default_factory=set)  # tickets with a message that somebody could not get
    unreached_people: set[str] = field(default_factory=set)
    listeners: list[Callable[[Effect], None]] = field(default_factory=list)

    def extend(self, effects: Iterable[Effect]) -> None:
        """Log what one transaction did. It is heard of when all of it counts, as others see it."""
        new = list(effects)
        self.effects += new
        for effect in new:
            if isinstance(effect, Saved):
                self._count(effect.after)
        for effect in new:
            for listen in self.listeners:
                listen(effect)

    def _count(self, ticket: Ticket) -> None:
        self.tickets[ticket.id] = ticket
        if ticket.kind in REMOVALS:
            live = self.live_removals[ticket.home, ticket.handle]
            (live.add if ticket.is_live else live.discard)(ticket.id)


class Boundary:
    """Every commit and every send, counted; `die_at` is the number of the one at which the process dies.

    `pause` is called with the place before each transaction and each send.
    """

    def __init__(self) -> None:
        self.count = 0
        self.die_at: int | None = None
        self.places: list[str] = []
        self.pause: Callable[[str], None] | None = None

    def pass_(self, place: str) -> None:
        self.count += 1
        if self.count == self.die_at:
            self.die_at = None
            self.places.append(place)
            raise Crash(place)

    def enter(self, place: str) -> None:
        if self.pause is not None:
            self.pause(place)


class SimStore:
    """`ports.store.Store` over the real one: logs what is committed, and dies at boundaries."""

    def __init__(self, inner: Store, log: EffectLog, now: Callable[[], datetime], boundary: Boundary) -> None:
        self._inner = inner
        self._log = log
        self._now = now
        self._boundary = boundary

    @property
    def leases(self) -> Leases:
        return self._inner.leases

    @contextmanager
    def begin(self, lease: Lease | None = None) -> Iterator[UnitOfWork]:
        effects: list[Effect] = []
        self._boundary.enter("begin")
        with self._inner.begin(lease) as uow:
            yield cast("UnitOfWork", _Recording(uow, self._log, effects, self._now()))
            self._boundary.pass_("before commit")
        self._log.extend(effects)
        self._boundary.pass_("after commit")

    def reading(self) -> AbstractContextManager[UnitOfWork]:
        return self._inner.reading()


class _Through:
    """All that is not noted goes to the real thing."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Recording(_Through):
    """A unit of work that notes what is written through it."""

    def __init__(self, uow: UnitOfWork, log: EffectLog, effects: list[Effect], now: datetime) -> None:
        super().__init__(uow)
        entries: list[Entry] = []
        self.tickets = _Tickets(uow.tickets, log, effects, entries, now)
        self.journal = _Journal(uow.journal, entries)
        self.identities = _Links(uow.identities, effects, now)
        self.outbox = _Outbox(uow.outbox, effects, now)
        self.episodes = _Episodes(uow.episodes, effects, now)
        self.controls = _Controls(uow.controls, effects, now)


class _Tickets(_Through):
    def __init__(
        self, inner: Any, log: EffectLog, effects: list[Effect], entries: list[Entry], now: datetime
    ) -> None:
        super().__init__(inner)
        self._known = dict[int, Ticket]()
        self._log, self._effects, self._entries, self._now = log, effects, entries, now

    def insert(self, new: Sequence[Ticket]) -> list[Ticket]:
        stored: list[Ticket] = self._inner.insert(new)
        for ticket in stored:
            self._note(None, ticket)
        return stored

    def update(self, changed: Sequence[Ticket]) -> None:
        self._inner.update(changed)
        for ticket in changed:
            self._note(self._known.get(ticket.id) or self._log.tickets[ticket.id], ticket)

    def _note(self, before: Ticket | None, after: Ticket) -> None:
        self._known[after.id] = after
        self._effects.append(Saved(self._now, before, after, self._entries))

    def take_step(self, number: int, taken: Taken, policy: str, to: Sequence[Recipient]) -> bool:
        is_new: bool = self._inner.take_step(number, taken, policy, to)
        if is_new:
            self._effects.append(Stepped(self._now, number, taken, tuple(to)))
        return is_new


class _Journal(_Through):
    def __init__(self, inner: Any, entries: list[Entry]) -> None:
        super().__init__(inner)
        self._entries = entries

    def append(self, entries: Iterable[Entry]) -> None:
        waiting = list(entries)
        self._inner.append(waiting)
        self._entries += waiting


class _Outbox(_Through):
    def __init__(self, inner: Any, effects: list[Effect], now: datetime) -> None:
        super().__init__(inner)
        self._effects, self._now = effects, now

    def add(self, messages: Sequence[OutMessage], now: datetime) -> int:
        new = 0
        for message in messages:
            if self._inner.add([message], now):
                self._effects.append(Queued(self._now, message))
                new += 1
        return new

    def bundle(self, bundles: Sequence[Bundle], now: datetime) -> None:
        for one in bundles:
            [waiting] = self._inner.pending([one.to], now, WAITING_MAX, is_alarm=one.is_alarm)
            taken = tuple(message for message in waiting if message.key in one.keys)
            if left := tuple(message for message in waiting if message.key not in one.keys):
                self._effects.append(Bundled(self._now, taken, left))
        self._inner.bundle(bundles, now)

    def withdraw(self, keys: Sequence[str]) -> int:
        gone: int = self._inner.withdraw(keys)
        self._effects += [Withdrawn(self._now, key) for key in keys]
        return gone

    def drop(self, one: Delivery, keys: Collection[str]) -> Delivery | None:
        self._effects += [Withdrawn(self._now, item.key) for item in one.items if item.key in keys]
        left: Delivery | None = self._inner.drop(one, keys)
        return left

    def withdraw_about(
        self, tickets: Collection[int], said: str = "", but: tuple[str, ...] = ()
    ) -> list[str]:
        gone: list[str] = self._inner.withdraw_about(tickets, said, but)
        self._effects += [Withdrawn(self._now, key) for key in gone]
        return gone

    def withdraw_unseen(self, beginning: str) -> list[str]:
        gone: list[str] = self._inner.withdraw_unseen(beginning)
        self._effects += [Withdrawn(self._now, key) for key in gone]
        return gone


class _Controls(_Through):
    def __init__(self, inner: Any, effects: list[Effect], now: datetime) -> None:
        super().__init__(inner)
        self._effects, self._now = effects, now

    def count(self, day: str, counts: Mapping[str, ControlCounts], tickets: Any) -> None:
        self._inner.count(day, counts, tickets)
        self._effects.append(Counted(self._now, dict(counts)))


class _Links(_Through):
    def __init__(self, inner: Any, effects: list[Effect], now: datetime) -> None:
        super().__init__(inner)
        self._effects, self._now = effects, now

    def answer(self, links: Sequence[HandleIdentity], now: datetime, by: str | None = None) -> int:
        changed: int = self._inner.answer(links, now, by)
        if by is not None:
            self._effects += [Confirmed(self._now, one.key) for one in links]
        return changed


class _Episodes(_Through):
    def __init__(self, inner: Any, effects: list[Effect], now: datetime) -> None:
        super().__init__(inner)
        self._effects, self._now = effects, now

    def hold(self, plan: HeldPlan, kind: PlanKind = PlanKind.LEAVERS) -> HeldPlan:
        stored: HeldPlan = self._inner.hold(plan, kind)
        self._effects.append(Held(self._now, stored, kind))
        return stored

    def decide(self, plan: HeldPlan, cohorts: Sequence[Cohort], by: str, reason: str, now: datetime) -> None:
        self._inner.decide(plan, cohorts, by, reason, now)
        self._effects.append(Decided(self._now, plan, tuple(cohorts)))


GIVEN_UP = ATTEMPTS_MAX - 2  # tries that had an answer, or none: the process may have died in two


class SimNotifier(FakeNotifier):
    """A channel whose messages are logged as they are seen; the process may die on either side of a send."""

    def __init__(
        self, name: str, log: EffectLog, now: Callable[[], datetime], boundary: Boundary, **kind: Any
    ) -> None:
        super().__init__(name, **kind)
        self._log, self._now, self._boundary = log, now, boundary
        self._tries: Counter[str] = Counter()  # by message

    def send(self, message: Message) -> Receipt:
        self._boundary.enter("send")
        self._tries[message.key] += 1
        self._boundary.pass_("before send")
        shown = len(self.sent)
        try:
            receipt = super().send(message)
        except ConnectorError as error:
            if isinstance(error, Rejected) or self._tries[message.key] >= GIVEN_UP:  # or Unreachable
                self._log.unreached |= set(tickets_in(message))
                self._log.unreached_people.add(message.to.address)
            raise
        finally:
            if len(self.sent) > shown:
                self._log.extend([Seen(self._now(), self.name, self.can.can_find, self.sent[-1])])
        self._boundary.pass_("after send")
        return receipt


def tickets_in(message: Message) -> list[int]:
    """The numbers of the tickets that a message names."""
    facts = (fact for paragraph in message.paragraphs for fact in paragraph.facts)
    return [int(value.removeprefix("T-")) for label, value in facts if label == "Ticket"]
