"""What holds a message or a step back: a silence, a snooze, an acknowledgement, or somebody's quiet hours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from worker.app.tell.addressing import person_at
from worker.app.tell.overtaken import Waiting
from worker.app.tell.recipients import OnCall
from worker.domain.escalation.policy import Policy
from worker.domain.escalation.silences import Silence
from worker.domain.messages.message import Recipient, RecipientKind
from worker.domain.messages.overtaken import step_key
from worker.domain.model import AccountKey
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.outbox import ACKNOWLEDGED, SNOOZED
from worker.ports.state.store import UnitOfWork

QUIET = "quiet"


class Held(NamedTuple):
    """Until when something waits (aware UTC), and by what: quiet, or silence:ID."""

    until: datetime
    by: str

    @property
    def silence(self) -> str:
        """The id of the silence; empty if it is something else."""
        kind, _, name = self.by.partition(":")
        return name if kind == "silence" else ""


class Quiet(Protocol):
    """Says when a person may be told."""

    def held_until(self, uow: UnitOfWork, to: Recipient, at: datetime) -> datetime | None:
        """The end of the quiet hours in which an instant lies for this person; None if it lies in none."""

    def lacks_zone(self, uow: UnitOfWork, to: Recipient) -> bool:
        """True if these hours go by the person's own clock, and the directory doesn't say in which zone they are."""

    def is_for(self, ticket: Ticket | None) -> bool:
        """True if messages about this ticket wait for it."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What may hold messages. `silences` are those of the configuration; the others are in the state."""

    silences: tuple[Silence, ...] = ()
    quiet: Quiet | None = None

    def at(self, uow: UnitOfWork, at: datetime) -> Holds:
        """What may hold messages at an instant."""
        own = [one for one in self.silences if one.is_on(at)]
        return Holds(uow, at, (*own, *uow.silences.on(at)), self.quiet)

    def on_call(self, asked: OnCall, ticket: Ticket, *, is_day_or_night: bool) -> OnCall:
        """As `asked`; but while quiet hours hold all who are on call, it says who will be when the first of them ends.

        So what waits for the morning does not go to the shift of the night.
        """
        quiet = self.quiet
        if quiet is None or is_day_or_night or not quiet.is_for(ticket):
            return asked

        def when_told(uow: UnitOfWork, rota: str, at: datetime) -> Sequence[str]:
            found = asked(uow, rota, at)
            ends = [end for one in found if (end := quiet.held_until(uow, person_at(one), at))]
            return asked(uow, rota, min(ends)) if ends and len(ends) == len(found) else found

        return when_told


@dataclass(frozen=True, slots=True)
class Holds:
    """What holds messages at one instant, in the state that a transaction sees."""

    uow: UnitOfWork
    at: datetime
    silences: tuple[Silence, ...]
    quiet: Quiet | None
    _nights: dict[str, datetime | None] = field(default_factory=dict)  # by reader: when their quiet hours end
    _names: dict[tuple[str, AccountKey | None], list[str]] = field(
        default_factory=dict
    )  # by reader, and account

    def __bool__(self) -> bool:
        """True if anything can be held at all."""
        return bool(self.silences or self.quiet)

    def of_ticket(self, ticket: Ticket) -> Held | None:
        """The silence that covers a ticket; of several, the one that ends last."""
        if not self.silences:
            return None
        by_person = any(one.people for one in self.silences)
        known = known_as(self.uow, ticket) if by_person else ()
        return _last(one for one in self.silences if one.covers(ticket, known))

    def of_message(self, to: Recipient, ticket: Ticket | None, *, is_day_or_night: bool) -> Held | None:
        """What holds a message: a silence for its ticket or its reader, else the reader's quiet hours."""
        is_person = to.kind is RecipientKind.PERSON
        names = self._names_of(to, ticket) if is_person and any(one.people for one in self.silences) else []
        theirs = [one for one in self.silences if one.is_for(names)]
        held = (_last(theirs), self.of_ticket(ticket) if ticket else None)
        if silenced := max((one for one in held if one), default=None):
            return silenced
        if self.quiet is None or is_day_or_night or not is_person or not self.quiet.is_for(ticket):
            return None
        if to.address not in self._nights:
            self._nights[to.address] = self.quiet.held_until(self.uow, to, self.at)
        until = self._nights[to.address]
        return Held(until, QUIET) if until else None

    def _names_of(self, to: Recipient, ticket: Ticket | None) -> list[str]:
        reader = to.address, _assigned(to, ticket)
        if reader not in self._names:
            self._names[reader] = reader_known_as(self.uow, to, ticket)
        return self._names[reader]

    def of_all(
        self, waiting: Collection[Waiting], tickets: Mapping[int, Ticket]
    ) -> dict[Held, list[Waiting]]:
        """What is held of some messages, by what holds it. `tickets` are those that they are about, by number."""
        found: dict[Held, list[Waiting]] = defaultdict(list)
        for one in waiting if self else ():
            to, message = one
            ticket = None if message.ticket is None else tickets.get(message.ticket)
            if why := self.of_message(to, ticket, is_day_or_night=message.is_day_or_night):
                found[why].append(one)
        return found


def hold(uow: UnitOfWork, held: Mapping[Held, Collection[Waiting]], now: datetime) -> None:
    """Hold these messages until what holds them is over, and count what silences hold."""
    for why, those in held.items():
        uow.deliveries.hold([one.message.key for one in those], why.until, why.by)
        if why.silence:
            about = {one.message.ticket for one in those if one.message.ticket is not None}
            uow.silences.fired(why.silence, about, now)


def hold_calls(uow: UnitOfWork, ticket: Ticket, policy: Policy, now: datetime) -> None:
    """Hold the waiting calls to act on a ticket until its snooze ends, and until its acknowledgement does.

    An acknowledgement does not hold those of steps that go on until it is done.
    """
    goes_on = tuple(
        step_key(ticket, number) for number, step in enumerate(policy.steps, 1) if step.is_until_done
    )
    rests = ((ticket.acknowledged_until, ACKNOWLEDGED, goes_on), (ticket.snoozed_until, SNOOZED, ()))
    # The one that ends last comes last: it holds what the other would let go
    for until, how, but in sorted((until, how, but) for until, how, but in rests if until and until > now):
        uow.outbox.hold_about(ticket.id, until, how, but)


def known_as(uow: UnitOfWork, ticket: Ticket) -> list[str]:
    """The ids and addresses by which a silence may name the person that a ticket is about."""
    if ticket.person is None:
        return []
    person = uow.people.get(ticket.person)
    email = person.facts.email if person else None
    return [*_ids(ticket.person), *([email] if email else [])]


def reader_known_as(uow: UnitOfWork, to: Recipient, ticket: Ticket | None) -> list[str]:
    """The ids and addresses by which a silence may name a reader.

    Who is known by a number is found by the ticket, else by the number if it is nobody else's.
    """
    keys = [one.key for one in uow.people.find(to.address)]
    if assigned := _assigned(to, ticket):
        keys.append(assigned)
    elif to.number and not to.email:
        having = [one.person for those in uow.identities.people_with([to.number]).values() for one in those]
        humans = {one.person.key for one in uow.people.humans(having).values()}
        keys += having if len(humans) == 1 else []
    return [to.address, *(name for key in keys for name in _ids(key))]


def _assigned(to: Recipient, ticket: Ticket | None) -> AccountKey | None:
    """The account of a reader who has the ticket."""
    assignee = ticket.assignee if ticket else None
    return assignee.person if assignee and assignee.email.casefold() == to.address else None


def _ids(account: AccountKey) -> list[str]:
    return [account.person_id, "/".join(account)]


def _last(silences: Iterable[Silence]) -> Held | None:
    ends = [Held(one.until_at, f"silence:{one.id}") for one in silences]
    return max(ends, default=None)
