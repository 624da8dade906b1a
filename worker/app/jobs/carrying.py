"""Carry out planned actions: tickets, messages and journal together, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from worker.app.tell.teller import Teller, journal_entry, withdraw_unsent
from worker.domain.kinds import is_waited_for
from worker.domain.model import GroupKey
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.store import UnitOfWork


def carry_out(
    uow: UnitOfWork, planned: Sequence[Action], known: Iterable[Ticket], teller: Teller, now: datetime
) -> list[Action]:
    """Store the actions, and tell whom they concern; return them with the ids of new tickets.

    `known`: tickets for which others may have to wait.
    """
    opened = iter(uow.tickets.insert([a.ticket for a in planned if a.kind is ActionKind.OPEN]))
    stored = [replace(a, ticket=next(opened)) if a.kind is ActionKind.OPEN else a for a in planned]
    blockers = _live_blockers([*known, *(action.ticket for action in stored)])
    done = [_with_blocker(action, blockers) for action in stored]
    uow.tickets.update([a.ticket for a in done if a.kind is not ActionKind.OPEN or a.is_blocked])
    uow.journal.append([journal_entry(action, now) for action in done])
    withdraw_unsent(uow, done)
    told = [a for a in done if a.kind is not ActionKind.CANCEL and not a.is_blocked]
    uow.outbox.add(teller.cancelled(uow, done, now), now)
    uow.outbox.add(teller.acted(uow, told, now), now)
    return done


def _live_blockers(tickets: Iterable[Ticket]) -> dict[GroupKey | None, int]:
    """By group, the ticket that others wait for: an older one, or one that was just opened."""
    return {ticket.group: ticket.id for ticket in tickets if is_waited_for(ticket) and ticket.is_live}


def _with_blocker(action: Action, blockers: dict[GroupKey | None, int]) -> Action:
    if not action.is_blocked:
        return action
    return replace(action, ticket=replace(action.ticket, blocked_by=blockers.get(action.ticket.group)))
