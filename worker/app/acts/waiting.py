"""Block a removal that is reopened while its member is the group's last admin, as when it is first opened."""

from __future__ import annotations

from dataclasses import replace

from worker.domain.kinds import kind_of
from worker.domain.model import Role
from worker.domain.tickets.ticket import Move, Ticket, TicketState, next_state
from worker.ports.state.store import UnitOfWork


def kept_waiting(uow: UnitOfWork, ticket: Ticket, role: Role | None) -> Ticket:
    """Return an open ticket as blocked if `role` is an admin's and the group has no other active admin.

    So nobody is told to remove the last admin. The next reconcile names the ticket that it waits for.
    """
    if (
        ticket.state is not TicketState.OPEN
        or kind_of(ticket).waits is None
        or role is None
        or not role.is_admin
    ):
        return ticket
    if any(person.key != ticket.person for person in uow.rosters.active_admins(ticket.home)):
        return ticket
    return replace(ticket, state=next_state(ticket.state, Move.BLOCK))
