"""A removal that is put back to open while its member is the group's last admin: it waits, as at its opening."""

from __future__ import annotations

from dataclasses import replace

from worker.domain.kinds import kind_of
from worker.domain.model import Role
from worker.domain.tickets.ticket import Move, Ticket, TicketState, next_state
from worker.ports.state.store import UnitOfWork


def kept_waiting(uow: UnitOfWork, ticket: Ticket, role: Role | None) -> Ticket:
    """Return an open ticket blocked if `role` is an admin's and nobody else of them is still here.

    So nobody is told to remove the last admin until the next reconcile, which names what it waits for.
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
