"""Have tickets follow their person and their group's name, in the transaction that reconciles the group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from worker.domain.evidence import events
from worker.domain.evidence.explained import ticket_facts
from worker.domain.evidence.journal import Entry
from worker.domain.groups.case import GroupView
from worker.domain.reconcile.following import followed, renamed, with_last_days
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.reason import NO_REASON, Reason
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.store import UnitOfWork


def follow(uow: UnitOfWork, view: GroupView, now: datetime) -> GroupView:
    """Return the group with its tickets under the handles that their people have now, once that is stored."""
    return _stored(uow, view, followed(view), events.TICKET_MOVED, now)


def follow_name(uow: UnitOfWork, view: GroupView, now: datetime) -> GroupView:
    """Return the group with its tickets under its present name, once that is stored."""
    return _stored(uow, view, renamed(view), events.TICKET_MOVED, now, NO_REASON)


def follow_last_days(uow: UnitOfWork, view: GroupView, rules: TicketRules, now: datetime) -> GroupView:
    """Return the group with its handovers for the last days that there are now, once that is stored."""
    return _stored(uow, view, with_last_days(view, rules, now), events.TICKET_DAY_MOVED, now)


def _stored(
    uow: UnitOfWork,
    view: GroupView,
    moved: Sequence[Ticket],
    event: str,
    now: datetime,
    why: Reason | None = None,
) -> GroupView:
    """`why`: of the event, where the tickets keep their own reason, which may have names."""
    if not moved:
        return view
    uow.tickets.update(moved)
    uow.journal.append(
        [
            Entry(
                now,
                "whosleft",
                event,
                f"ticket:{one.label}",
                one.reason if why is None else why,
                ticket_facts(one),
            )
            for one in moved
        ]
    )
    by_id = {ticket.id: ticket for ticket in moved}
    return replace(view, tickets=tuple(by_id.get(ticket.id, ticket) for ticket in view.tickets))
