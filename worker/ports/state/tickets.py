"""Tickets, and the escalation steps that were taken."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from worker.domain.escalation.policy import Taken
from worker.domain.messages.message import Recipient
from worker.domain.model import AccountKey, GroupKey
from worker.domain.tickets.sight import Sight
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState


class StepTaken(NamedTuple):
    """A step that one ticket took, with its policy. `told`: the labels of its recipients."""

    taken: Taken
    policy: str
    told: tuple[str, ...]


class WatchedTicket(NamedTuple):
    """An open ticket with its taken steps, in order."""

    ticket: Ticket
    taken: tuple[Taken, ...]


class SeenTicket(NamedTuple):
    """A ticket with what the latest roster of its group shows; None if the group is gone."""

    ticket: Ticket
    sight: Sight | None


class SeenIn(NamedTuple):
    """What one source shows of a ticket's member. `shows`: None if it can't tell, or the ticket is about no member.

    `taken_at`: the instant of its latest roster.
    """

    source: str
    shows: bool | None
    taken_at: datetime


class Gone(NamedTuple):
    """A live ticket whose member went, as the messenger itself recorded it; `source` has the record."""

    ticket: Ticket
    source: str
    at: datetime


class TicketSort(NamedTuple):
    """The sort of tickets that one count is about."""

    state: TicketState
    kind: TicketKind


class StoredTickets(Protocol):
    """Tickets and their escalations."""

    def insert(self, new: Sequence[Ticket]) -> list[Ticket]:
        """Store new tickets with the next ids, in order; a second ticket with the same key is an error."""

    def update(self, changed: Sequence[Ticket]) -> None:
        """Store tickets' new states."""

    def get(self, number: int) -> Ticket | None:
        """Return one ticket; None if there is none with this number."""

    def many(self, numbers: Collection[int]) -> dict[int, Ticket]:
        """The tickets with these numbers, by number; unknown ones are left out."""

    def page(self, states: Sequence[TicketState], after: int, limit: int) -> list[Ticket]:
        """Tickets in the given states with an id above `after`, by id."""

    def open_of(self, email: str) -> list[Ticket]:
        """Open tickets of one assignee (case-blind), by group name and id."""

    def of_person(self, person: AccountKey) -> list[Ticket]:
        """All tickets about one person, by id."""

    def of_group(self, group: GroupKey) -> list[Ticket]:
        """All tickets about one group, or about its people as such (their duties in it), by id."""

    def homes_of_holds_over(self, now: datetime, longest: timedelta) -> list[GroupKey]:
        """Return the groups with a blocked ticket whose hold is over and that waits for no other live ticket.

        One that would last over an hour longer than `longest` was set by a clock that was ahead: it is over, too.
        """

    def homes_of_waivers_over(self, since: datetime, now: datetime) -> list[GroupKey]:
        """Return the groups with a waiver that ended after `since`, and by `now`; a full pass finds older ones."""

    def answer_for(self, accountable: str) -> list[GroupKey]:
        """Note who answers for live tickets; return the groups with one that a former accountable person has as such.

        `accountable` is an e-mail address; empty: nobody is. A roster that its group's owner answers for stays theirs
        while they are here, and who may hear of a report was decided when it came in.
        """

    def counts(self) -> dict[TicketSort, int]:
        """How many tickets of each sort there are; sorts without tickets are left out."""

    def to_weigh(self, after: int, limit: int, now: datetime, claimed_before: datetime) -> list[SeenTicket]:
        """Live tickets to weigh, by id: the group was read since the last time, or that time lies ahead of now; or the
        claim was made up to `claimed_before`.

        `Sight.is_fresh` is left True and `Sight.is_kept_by_people` False: the caller knows the source.
        """

    def claims(self, sources: Collection[str], after: int, limit: int) -> list[SeenTicket]:
        """Done tickets in groups of these inventories, by id."""

    def gone(self) -> list[Gone]:
        """Take the records of members who went from their groups, where a live ticket asks for just that.

        A record counts after the claim of a done ticket, and after the opening of an open one. Each is given once.
        """

    def seen_in(self, tickets: Sequence[Ticket]) -> dict[int, list[SeenIn]]:
        """What each source that shows a ticket's group shows of its member, by the ticket's number.

        The source of the ticket comes first, then the others by name. A ticket in no group has none.
        """

    def to_escalate(self, after: int, limit: int) -> list[WatchedTicket]:
        """Open tickets, by id."""

    def unreachable(self) -> list[int]:
        """Tickets with a message that reached nobody, for which no further step was taken yet."""

    def answered_unreachable(self, number: int) -> None:
        """Record that the next step was taken because a message reached nobody."""

    def take_step(self, number: int, taken: Taken, policy: str, to: Sequence[Recipient]) -> bool:
        """Record a step; return False if (ticket, step, repeat) was taken already."""

    def steps(self, number: int) -> list[StepTaken]:
        """The taken steps of one ticket, in order."""

    def steps_of(self, numbers: Collection[int]) -> dict[int, list[StepTaken]]:
        """As `steps`, for many tickets by number, in few queries."""
