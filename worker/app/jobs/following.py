"""Have tickets follow their person to another handle, in the transaction that reconciles the group."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from worker.domain.evidence import events
from worker.domain.evidence.explained import ticket_facts
from worker.domain.evidence.journal import Entry
from worker.domain.groups.case import GroupView
from worker.domain.reconcile.following import followed
from worker.ports.state.store import UnitOfWork


def follow(uow: UnitOfWork, view: GroupView, now: datetime) -> GroupView:
    """Return the group with its tickets under the handles that their people have now, once that is stored."""
    moved = followed(view)
    if not moved:
        return view
    uow.tickets.update(moved)
    uow.journal.append(
        [
            Entry(now, "whosleft", events.TICKET_MOVED, f"ticket:{one.label}", one.reason, ticket_facts(one))
            for one in moved
        ]
    )
    by_id = {ticket.id: ticket for ticket in moved}
    return replace(view, tickets=tuple(by_id.get(ticket.id, ticket) for ticket in view.tickets))
