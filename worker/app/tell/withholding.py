"""Who may not hear of a ticket: the admins of a group, where a report is about one of them or about harm."""

from __future__ import annotations

from worker.domain.kinds import REPORTED_MESSAGES
from worker.domain.kinds.handle_report import is_confidential
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.store import UnitOfWork


def withheld_from(uow: UnitOfWork, ticket: Ticket) -> frozenset[str]:
    """The e-mail addresses, casefolded, of those who may not hear of it."""
    if ticket.kind is not REPORTED_MESSAGES or ticket.group is None or not is_confidential(ticket):
        return frozenset()
    return uow.group_states.admin_addresses(ticket.group)
