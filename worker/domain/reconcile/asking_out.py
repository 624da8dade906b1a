"""The removal that a review asks for, and its end when a later review keeps the member. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from worker.domain.controls.reviewing import ReviewMember
from worker.domain.kinds import REMOVAL, REMOVALS
from worker.domain.kinds.removals import REVIEW, UNREAD, is_unread
from worker.domain.model import Role
from worker.domain.reconcile.engine import cancelled, reopen
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.reason import because
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Reopened, Ticket, TicketState, handed_to

_AGAIN = {
    TicketState.VERIFIED: Reopened.NEEDED_AGAIN,
    TicketState.CANCELLED: Reopened.NEEDED_AFTER_ALL,
    TicketState.WAIVED: Reopened.WAIVER_OVER,
}


def asked_out(
    review: Ticket, member: ReviewMember, known: Iterable[Ticket], rules: TicketRules, now: datetime
) -> Action | None:
    """Ask whoever has the review to take a member out; None if a ticket asks for that already, or this one is waived.

    `known`: the group's tickets. A removal that the same review asked for before is opened again.
    """
    about = [one for one in known if one.kind in REMOVALS and one.handle == member.handle]
    if any(one.is_live for one in about):
        return None
    draft = _draft(review, member, rules, now)
    before = next((one for one in about if one.key == draft.key), None)
    if before is None:
        return Action(ActionKind.OPEN, draft, draft.reason)
    if before.is_waived(now):
        return None
    again = handed_to(reopen(before, rules, now, draft.reason), draft.assignee)
    return Action(ActionKind.REOPEN, again, draft.reason, reopened=_AGAIN[before.state])


def kept_in(names: Mapping[str, str], known: Iterable[Ticket], now: datetime) -> list[Action]:
    """Cancel the removals that earlier reviews asked for, of members who are kept now: their names, by handle.

    `known`: the group's tickets.
    """
    return [
        cancelled(
            one,
            because("the review of the group says that {name} belongs in it", name=names[one.handle]),
            now,
        )
        for one in known
        if one.is_live and one.kind in REMOVALS and REVIEW in one.details and one.handle in names
    ]


def not_asked_again(names: Mapping[str, str], known: Iterable[Ticket]) -> list[Ticket]:
    """The removals of members who are kept now that would come again once the group or person is known for sure."""
    return [
        replace(one, details={name: value for name, value in one.details.items() if name != UNREAD})
        for one in known
        if is_unread(one) and one.handle in names
    ]


def _draft(review: Ticket, member: ReviewMember, rules: TicketRules, now: datetime) -> Ticket:
    person = member.person
    draft = Ticket(
        kind=REMOVAL,
        about=About.MEMBERSHIP,
        group=review.group,
        group_name=review.group_name,
        messenger=review.messenger,
        opened_at=now,
        clock_from=now,
        due_at=now,
        handle=member.handle,
        member_name=member.name,
        member_role=Role.ADMIN if member.is_admin else Role.MEMBER,
        person=person.key if person else None,
        person_name=person.facts.display_name if person else "",
        occasion=review.occasion,
        assignee=review.assignee,
        accountable=review.accountable,
        is_sensitive=review.is_sensitive,
        reason=because("the review of the group says that {name} does not belong in it", name=member.name),
        details={REVIEW: review.label},
    )
    return rules.started(draft, now)
