"""One ticket, as a page, a command and the API show it; and the taken steps of many tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.app.tell.recipients import ComingStep, steps_of
from worker.domain.evidence.journal import Sealed
from worker.domain.model import Account
from worker.domain.reconcile.engine import TicketRules
from worker.domain.text.tongue import Languages
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.store import UnitOfWork
from worker.ports.state.tickets import SeenIn, StepTaken


@dataclass(frozen=True, slots=True)
class WholeTicket:
    """One ticket with its taken steps, its person's accounts, and its history, oldest first.

    `link_known_to`: the names of people, besides the assignee, who may have the assignee's link.
    """

    ticket: Ticket
    steps: Sequence[StepTaken]
    seen_in: Sequence[SeenIn]
    accounts: Sequence[Account]
    link_known_to: Sequence[str]
    history: Sequence[Sealed]


def whole_ticket(uow: UnitOfWork, ticket: Ticket, now: datetime) -> WholeTicket:
    """Read everything about one ticket."""
    human = uow.people.human(ticket.person) if ticket.person else None
    shown = uow.access.shown_links(ticket.assignee.email, now) if ticket.assignee else ()
    return WholeTicket(
        ticket,
        uow.tickets.steps(ticket.id),
        uow.tickets.seen_in([ticket])[ticket.id],
        human.accounts if human else (),
        list(dict.fromkeys(one.name for one in shown)),
        uow.journal.of(f"ticket:{ticket.label}"),
    )


@dataclass(frozen=True, slots=True)
class ExplainedEscalation:
    """A ticket's policy, by name, with all of its steps: when each comes, and the people it would tell now."""

    ticket: Ticket
    policy: str
    steps: Sequence[ComingStep]


def explained_escalation(
    uow: UnitOfWork, ticket: Ticket, rules: TicketRules, languages: Languages
) -> ExplainedEscalation:
    """Read who would be told about a ticket, and when."""
    return ExplainedEscalation(ticket, rules.policy(ticket).name, steps_of(uow, ticket, rules, languages))


@dataclass(frozen=True, slots=True)
class ListedTicket:
    """A ticket with its taken steps, and with what each source shows of its member."""

    ticket: Ticket
    steps: Sequence[StepTaken] = ()
    seen_in: Sequence[SeenIn] = ()


def listed_tickets(uow: UnitOfWork, tickets: Sequence[Ticket]) -> list[ListedTicket]:
    """Read what lists show of each ticket, in few queries."""
    steps = uow.tickets.steps_of([ticket.id for ticket in tickets])
    seen = uow.tickets.seen_in(tickets)
    return [ListedTicket(ticket, steps[ticket.id], seen[ticket.id]) for ticket in tickets]
