"""Rows of a review that its reviewer may not answer, since they are their own: who does so instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from worker.domain.controls.reviewing import OWN, ReviewRow
from worker.domain.kinds.controlled import ONLY
from worker.domain.model import Standing
from worker.domain.people.persons import Person
from worker.domain.reconcile.engine import TicketRules, person_as_assignee
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.text.reason import because
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, Ticket
from worker.ports.state.store import UnitOfWork


def people_behind(uow: UnitOfWork, assignee: Assignee | None) -> list[Person]:
    """Who an assignee is, by their account and by their address: an owner may be known by the address alone."""
    if assignee is None:
        return []
    keys = {one.key for one in uow.people.find(assignee.email)}
    return list(uow.people.humans(keys | ({assignee.person} if assignee.person else set())).values())


def for_another(
    uow: UnitOfWork, ticket: Ticket, own: Sequence[ReviewRow], rules: TicketRules, now: datetime
) -> Action:
    """A second ticket with these rows alone, for whoever may answer them; nobody's if there is nobody."""
    to = next(_others(uow, ticket, own, rules), None)
    why = (
        because("these rows are the reviewer's own")
        if to is not None
        else because("these rows are the reviewer's own, and nobody else is known who could answer for them")
    )
    draft = replace(
        ticket,
        id=0,
        occasion=f"{ticket.occasion}{OWN}",
        assignee=to,
        handed=0,
        details={**ticket.details, ONLY: sorted(row.member.handle for row in own)},
        reason=why,
    )
    return Action(ActionKind.OPEN, rules.started(draft, now), why)


def _others(
    uow: UnitOfWork, ticket: Ticket, own: Sequence[ReviewRow], rules: TicketRules
) -> Iterator[Assignee]:
    """The owner, the accountable person, and the admins who stay, without those whose rows these are."""
    group = uow.rosters.group(ticket.home)
    owner = group.owner_email if group else None
    admins = [one for one in uow.rosters.active_admins(ticket.home) if one.standing is Standing.ACTIVE]
    known = (
        Assignee(owner or "", why=AssigneeWhy.OWNER),
        Assignee(rules.accountable, why=AssigneeWhy.ACCOUNTABLE),
        *(person_as_assignee(one, AssigneeWhy.ADMIN) for one in admins),
    )
    theirs = {key for row in own for key in row.member.accounts}
    for one in known:
        accounts = {account.key for human in people_behind(uow, one) for account in human.accounts}
        if one.email and not accounts & theirs:
            yield one
