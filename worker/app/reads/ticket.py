"""One ticket, as a page, a command and the API show it; and the taken steps of many tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.app.tell.holding import Holding, Holds
from worker.app.tell.signed_links import SignedLinks
from worker.domain.controls.seals import Seal
from worker.domain.evidence.journal import Sealed
from worker.domain.mirror.copy import Copy
from worker.domain.model import Account
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
    silenced_by: str | None = None
    seals: Sequence[Seal] = ()
    copies: Sequence[Copy] = ()


def whole_ticket(
    uow: UnitOfWork, ticket: Ticket, now: datetime, holding: Holding, links: SignedLinks
) -> WholeTicket:
    """Read everything about one ticket."""
    human = uow.people.human(ticket.person) if ticket.person else None
    shown = links.shown_to(uow, ticket.assignee.email, now) if ticket.assignee else ()
    return WholeTicket(
        ticket,
        uow.tickets.steps(ticket.id),
        uow.tickets.seen_in([ticket])[ticket.id],
        human.accounts if human else (),
        list(dict.fromkeys(one.name for one in shown)),
        uow.journal.of(f"ticket:{ticket.label}"),
        _silenced_by(holding.at(uow, now), ticket),
        uow.seals.of_ticket(ticket.id),
        uow.mirrors.of([ticket.id]).get(ticket.id, ()),
    )


@dataclass(frozen=True, slots=True)
class ListedTicket:
    """A ticket with its taken steps, and with what each source shows of its member."""

    ticket: Ticket
    steps: Sequence[StepTaken] = ()
    seen_in: Sequence[SeenIn] = ()
    silenced_by: str | None = None
    copies: Sequence[Copy] = ()


def listed_tickets(
    uow: UnitOfWork, tickets: Sequence[Ticket], now: datetime, holding: Holding
) -> list[ListedTicket]:
    """Read what lists show of each ticket, in few queries."""
    holds = holding.at(uow, now)
    steps = uow.tickets.steps_of([ticket.id for ticket in tickets])
    seen = uow.tickets.seen_in(tickets)
    copies = uow.mirrors.of([ticket.id for ticket in tickets])
    return [
        ListedTicket(
            ticket, steps[ticket.id], seen[ticket.id], _silenced_by(holds, ticket), copies.get(ticket.id, ())
        )
        for ticket in tickets
    ]


def _silenced_by(holds: Holds, ticket: Ticket) -> str | None:
    """The id of the silence that covers a live ticket."""
    held = holds.of_ticket(ticket) if ticket.is_live else None
    return held.silence if held else None
