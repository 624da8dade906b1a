"""Tickets, and the escalation steps taken for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from worker.domain.escalation.policy import Taken
from worker.domain.messages.message import Recipient
from worker.domain.model import AccountKey, GroupKey
from worker.domain.tickets.sight import Sight
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState


class StepTaken(NamedTuple):
    """A step that was taken of one ticket, by which policy. `told`: the labels of its recipients."""

    taken: Taken
    policy: str
    told: tuple[str, ...]


class WatchedTicket(NamedTuple):
    """An open ticket with the steps taken of it, in order."""

    ticket: Ticket
    taken: tuple[Taken, ...]


class SeenTicket(NamedTuple):
    """A ticket with what the latest roster of its group shows; None when the group is gone."""

    ticket: Ticket
    sight: Sight | None


class TicketSort(NamedTuple):
    """Which tickets one count is of."""

    state: TicketState
    kind: TicketKind


class StoredTickets(Protocol):
    """Tickets and their escalations."""

    def insert(self, new: Sequence[Ticket]) -> list[Ticket]:
        """Store new tickets with the next ids, in order; a second one with a key that is there is an error."""

    def update(self, changed: Sequence[Ticket]) -> None:
        """Store tickets' new states."""

    def get(self, number: int) -> Ticket | None:
        """One ticket."""

    def page(self, states: Sequence[TicketState], after: int, limit: int) -> list[Ticket]:
        """Tickets in the given states with an id above `after`, by id."""

    def open_of(self, email: str) -> list[Ticket]:
        """Open tickets of one assignee (case-blind), by group name and id."""

    def of_person(self, person: AccountKey) -> list[Ticket]:
        """All tickets about one person, by id."""

    def of_group(self, group: GroupKey) -> list[Ticket]:
        """All tickets about one group, by id."""

    def counts(self) -> dict[TicketSort, int]:
        """How many tickets of each sort there are; sorts without tickets are left out."""

    def to_weigh(self, after: int, limit: int, claimed_before: datetime) -> list[SeenTicket]:
        """Live tickets whose group was read since they were last weighed, or whose claim is of an instant up to
        `claimed_before`, by id.

        `Sight.is_fresh` is left True and `Sight.is_kept_by_people` False: the caller knows the source.
        """

    def claims(self, sources: Collection[str], after: int, limit: int) -> list[SeenTicket]:
        """Done tickets in groups of these inventories, by id."""

    def to_escalate(self, after: int, limit: int) -> list[WatchedTicket]:
        """Open tickets, by id."""

    def unreachable(self) -> list[int]:
        """Tickets with a message that reached nobody and that no further step has answered yet."""

    def answered_unreachable(self, number: int) -> None:
        """The next step was taken because of it."""

    def take_step(self, number: int, taken: Taken, policy: str, to: Sequence[Recipient]) -> bool:
        """Record a step; False when (ticket, step, repeat) was taken already."""

    def steps(self, number: int) -> list[StepTaken]:
        """The steps taken of one ticket, in order."""

    def steps_of(self, numbers: Collection[int]) -> dict[int, list[StepTaken]]:
        """As `steps`, of many tickets by number, in few queries."""
