"""Whom a ticket of controls is given: the first who is there, of those who may be asked. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from worker.domain.controls.examining import Examined
from worker.domain.controls.state import AdminState, GroupState
from worker.domain.kinds import KINDS, REVIEWS
from worker.domain.kinds.kind import InControls
from worker.domain.model import Account, Standing
from worker.domain.reconcile.assigning import first_admin, person_as_assignee
from worker.domain.reconcile.rules import TicketRules
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, TicketKind


def assignee_for(
    kind: TicketKind, asked: Iterable[Examined], group: GroupState, rules: TicketRules
) -> Assignee | None:
    """The first who is there, in the kind's order. Nobody is asked to take away their own admin right.

    Nor is somebody who is alone in a group asked to review it: there is nobody else whom they could answer for.
    """
    meant = {part.id for one in asked if "admins" in one.result.details for part in one.result.parts}
    if kind is REVIEWS and group.size <= 1:
        meant |= {one.known_as for one in group.admins}
    found = KINDS[kind].found
    order = found.assigned if isinstance(found, InControls) else ()
    return first_of(
        order, group, rules, [one.person for one in group.admins if one.person and one.known_as in meant]
    )


def first_of(
    order: Sequence[AssigneeWhy], group: GroupState, rules: TicketRules, apart: Sequence[Account] = ()
) -> Assignee | None:
    """The first of a group's people who is there, in this order, without those of these accounts; None: nobody is."""
    keys = {one.key for one in apart}
    who = {
        AssigneeWhy.ADMIN: an_admin(
            [one for one in group.admins if one.is_active and one.person and one.person.key not in keys]
        ),
        AssigneeWhy.OWNER: owner_of(group),
        AssigneeWhy.REPORTER: _reporter_of(group),
        AssigneeWhy.ACCOUNTABLE: (
            Assignee(rules.accountable, why=AssigneeWhy.ACCOUNTABLE) if rules.accountable else None
        ),
    }
    return next((who[one] for one in order if who[one] is not None and not is_one_of(who[one], apart)), None)


def is_one_of(assignee: Assignee | None, people: Iterable[Account]) -> bool:
    """Whether an assignee is somebody with one of these accounts, by the account or by its address."""
    if assignee is None:
        return False
    address = assignee.email.casefold()
    return any(one.key == assignee.person or (one.facts.email or "").casefold() == address for one in people)


def an_admin(admins: Sequence[AdminState]) -> Assignee | None:
    """The first of these admins who can be reached, as for any other ticket."""
    return first_admin([one.person for one in sorted(admins, key=lambda one: one.handle) if one.person])


def owner_of(group: GroupState) -> Assignee | None:
    """The group's owner; None: it has none, or they have left."""
    owner: Account | None = group.owner
    if owner is not None:
        is_there = owner.facts.email and owner.standing is not Standing.LEFT
        return person_as_assignee(owner, AssigneeWhy.OWNER) if is_there else None
    return Assignee(group.owner_email, why=AssigneeWhy.OWNER) if group.owner_email else None


def _reporter_of(group: GroupState) -> Assignee | None:
    """Who named the group in a census, if they are here and can be reached."""
    who = group.reporter
    if who is None or who.standing is Standing.LEFT or not (who.facts.email or who.facts.phones):
        return None
    return person_as_assignee(who, AssigneeWhy.REPORTER)
