"""A person's change of one ticket: writes the ticket and the journal, and marks the group for a reconcile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from worker.app.acts.waiting import kept_waiting
from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor, acted
from worker.domain.evidence.explained import ticket_facts
from worker.domain.kinds import kind_of
from worker.domain.model import HandleKey
from worker.domain.text.reason import Reason, because
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import NotAllowed, Ticket, TicketState, ticket_label
from worker.ports.state.store import UnitOfWork

Change = Callable[[Ticket], Ticket]


def change_ticket(
    uow: UnitOfWork,
    number: int,
    change: Change,
    kind: str,
    by: Actor,
    now: datetime,
    reason: str = "",
    answer: str = "",
) -> tuple[Ticket, Ticket]:
    """Apply a change; return the ticket before and after. Nothing is written if they are the same.

    `answer` says who a member is, by id, if that was the question.

    Raises Refused for an unknown ticket, or for a change that its state doesn't allow.
    """
    before = known_ticket(uow, number)
    try:
        after = change(before)
    except NotAllowed as error:
        raise Refused(_with_blocker(before, error.why)) from None
    if after == before:
        return before, before
    if before.state is not TicketState.OPEN:
        after = kept_waiting(uow, after, after.member_role)
    uow.tickets.update([after])
    data = ticket_facts(after) | ({"answer": answer} if answer else {})
    uow.journal.append([acted(by, now, kind, f"ticket:{after.label}", reason, data)])
    mark_dirty(uow, after, now)
    return before, after


def known_ticket(uow: UnitOfWork, number: int) -> Ticket:
    """A ticket by its number. Raises Refused if there is none."""
    ticket = uow.tickets.get(number)
    if ticket is None:
        raise Refused(f"There is no ticket {ticket_label(number)}; `whosleft tickets list --all` shows them.")
    return ticket


def _with_blocker(ticket: Ticket, why: Reason) -> Reason:
    if ticket.state is TicketState.BLOCKED and ticket.blocked_by is not None:
        return because(
            "{ticket} waits for {other}: it needs another admin first. {why}",
            ticket=ticket.label,
            other=ticket_label(ticket.blocked_by),
            why=why,
        )
    return why


def mark_dirty(uow: UnitOfWork, ticket: Ticket, now: datetime) -> None:
    """Make the next pass look at a ticket's subject again; for a question who a member is, at all of their groups."""
    if kind_of(ticket).about is About.HANDLE:
        uow.identities.mark_groups_dirty([HandleKey(ticket.subject.source, ticket.handle)], now)
    if ticket.group is not None:
        uow.rosters.mark_dirty([ticket.group], now)
    if ticket.about is About.PERSON and ticket.person is not None:
        uow.people.mark_dirty([ticket.person], now)
