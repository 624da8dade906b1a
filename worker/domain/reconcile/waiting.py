"""Tickets that have to wait, for one of another kind or for the end of a hold, and those that need not any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from worker.domain.groups.case import GroupCase, GroupView
from worker.domain.kinds import kind_of
from worker.domain.kinds.finding import Finding
from worker.domain.model import Role
from worker.domain.reconcile.assigning import (
    accountable_person,
    assignee_for,
    next_in_place,
    readdressed,
    why_another,
)
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.reason import NO_REASON, Reason, because, together
from worker.domain.tickets.ticket import Assignee, Move, Ticket, TicketState, handed_to, next_state

HOLD_OVER = because("the hold is over")


def block(ticket: Ticket, finding: Finding, now: datetime) -> Action:
    why = _what_for(ticket)
    blocked = replace(
        ticket,
        state=next_state(ticket.state, Move.BLOCK),
        reason=why,
        member_role=role_of(finding),
        weighed_at=now,
    )
    return Action(ActionKind.BLOCK, blocked, together((finding.why, why)), is_blocked=True)


def name_blocker(ticket: Ticket, finding: Finding, group: GroupView, now: datetime) -> Action | None:
    """Name the blocker of a ticket that was reopened as blocked; None if it has one, or if that was waived."""
    waits = kind_of(ticket).waits
    if waits is None or ticket.blocked_by is not None:
        return None
    if any(one.is_waived(now) for one in group.tickets if one.kind is waits.for_):
        return None
    why = together((finding.why, waits.why))
    return Action(ActionKind.BLOCK, replace(ticket, weighed_at=now), why, is_blocked=True)


def _what_for(ticket: Ticket) -> Reason:
    waits = kind_of(ticket).waits
    return NO_REASON if waits is None else waits.why


def unblock(ticket: Ticket, finding: Finding, case: GroupCase, rules: TicketRules, now: datetime) -> Action:
    """Unblock a ticket, and assign it anew unless a person chose an assignee who is still here."""
    waits, current = kind_of(ticket).waits, ticket.assignee
    why = because("it need not wait") if waits is None else waits.over(case)
    if ticket.held_until is not None and ticket.blocked_by is None:
        why = HOLD_OVER
    is_chosen = current is not None and _is_choice(current) and why_another(ticket, case.departed) is None
    to = (readdressed(ticket, case.assignees) or ticket) if is_chosen else given(ticket, finding, case, rules)
    free = replace(to, reason=why, member_role=role_of(finding))
    return Action(ActionKind.UNBLOCK, rules.freed(free, now), why)


def given(ticket: Ticket, finding: Finding, case: GroupCase, rules: TicketRules) -> Ticket:
    """The ticket, given to somebody by the rules; one that is disputed is nobody's until people decide."""
    if ticket.disputed_at is not None:
        return ticket
    return handed_to(ticket, next_in_place(ticket) or assignee_for(finding, case, rules))


def _is_choice(assignee: Assignee) -> bool:
    return assignee.why is None or assignee.why.is_choice


def role_of(finding: Finding) -> Role | None:
    return finding.view.member.role if finding.view else None


def unblock_unlisted(ticket: Ticket, case: GroupCase, rules: TicketRules, now: datetime) -> Action | None:
    """Unblock a ticket whose member is not listed any more, once its hold or the ticket that it waited for is over.

    On a list that is only a part, nobody is proven to be gone; and the record that they went is weighed only for
    tickets that don't wait. Whoever has it and left hands it on.
    """
    if ticket.state is not TicketState.BLOCKED or ticket.handle in case.by_handle:
        return None
    if ticket.is_held(now, rules.hold_max):
        return None
    blockers = [one for one in case.view.tickets if one.id == ticket.blocked_by]
    is_named = ticket.blocked_by is not None or ticket.held_until is not None
    if not is_named or any(one.is_live or one.is_waived(now) for one in blockers):
        return None
    why = because("it need not wait") if ticket.held_until is None else HOLD_OVER
    if why_another(ticket, case.departed) is not None:
        to = handed_to(ticket, next_in_place(ticket) or accountable_person(rules))
    else:
        to = readdressed(ticket, case.assignees) or ticket
    return Action(ActionKind.UNBLOCK, rules.freed(replace(to, reason=why), now), why)
