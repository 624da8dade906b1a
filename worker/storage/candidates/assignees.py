"""Live tickets that can't stay with their assignee: they have left, or somebody else is accountable by now."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.domain.kinds import codes
from worker.domain.kinds.kind import Choice, InReports, Sees
from worker.domain.model import Standing
from worker.domain.tickets.ticket import AssigneeWhy, TicketState
from worker.storage.candidates.states import LIVE_STATES
from worker.storage.leading import owner_of
from worker.storage.sql.tables import chat_group, person, person_key, ticket

_IS_LEFT = person.c.standing.concat("") == Standing.LEFT.value  # or SQLite would go through all leavers


def left_assignees() -> sa.Select[Any]:
    """Groups of those whose assignee has left, by their account or by every one with the address.

    An address may be somebody else's by now, and a number is nobody's address; a release before wrote no account.
    Nobody else would look at a ticket whose assignee is in no group: a manager, an owner, whoever was chosen.
    """
    t = ticket.c
    is_theirs = (person.c.source == t.assignee_source) & (person.c.person_id == t.assignee_id)
    has_left = sa.exists().where(is_theirs, _IS_LEFT) | _has_left(t.assignee_email)
    return sa.select(t.source, t.group_id).where(t.state.in_(LIVE_STATES), has_left)


def readdressed_assignees() -> sa.Select[Any]:
    """Groups of open tickets that went to an address which their assignee's account does not have now.

    Each assignee is looked up once, however many tickets they have.
    """
    t, k, is_open = ticket.c, person_key.c, ticket.c.state == TicketState.OPEN.value
    theirs = (t.assignee_source, t.assignee_id, t.assignee_email)
    one = sa.select(*theirs).distinct().where(is_open).subquery("assignee").c
    is_theirs = (person.c.source == one.assignee_source) & (person.c.person_id == one.assignee_id)
    has_it = (
        (k.source == one.assignee_source) & (k.person_id == one.assignee_id) & (k.raw == one.assignee_email)
    )
    readdressed = sa.select(one.assignee_source, one.assignee_id, one.assignee_email).where(
        sa.exists().where(is_theirs, person.c.email.is_distinct_from(one.assignee_email)),
        ~sa.exists().where(has_it),
    )
    return sa.select(t.source, t.group_id).where(is_open, sa.tuple_(*theirs).in_(readdressed))


def _has_left(address: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """True if everybody with an address has left; False for one that nobody has."""
    with_address = sa.exists().where(person.c.email == address)
    return with_address.where(_IS_LEFT) & ~with_address.where(~_IS_LEFT)


def answered_for_by_others(accountable: str) -> sa.Update:
    """This address answers for live tickets, but for those of which the kind names somebody else, who is here.

    Nor for reports and reviews of conversations, which may be kept from it: the job of controls names whoever does.
    """
    t, g = ticket.c, chat_group.c
    is_owners = sa.exists().where(
        g.source == t.source, g.group_id == t.group_id, owner_of(g).element == t.accountable
    )
    by_controls = codes(lambda kind: isinstance(kind.found, InReports) or kind.choice is Choice.CHECKLIST)
    by_owner = codes(lambda kind: kind.sees is Sees.ROSTER)
    return (
        sa.update(ticket)
        .where(
            t.state.in_(LIVE_STATES),
            t.accountable != accountable,
            t.kind.not_in(by_controls),
            t.kind.not_in(by_owner) | ~is_owners | _has_left(sa.func.lower(t.accountable)),
        )
        .values(accountable=accountable)
    )


def with_former_accountable(accountable: str) -> sa.Select[Any]:
    """Groups of those that somebody else has as the accountable person, who is another one by now."""
    t = ticket.c
    as_such = (AssigneeWhy.ACCOUNTABLE.value, AssigneeWhy.ANSWERED.value)
    return (
        sa.select(t.source, t.group_id)
        .distinct()
        .where(
            t.state.in_(LIVE_STATES),
            t.assignee_why.in_(as_such),
            t.assignee_email != accountable.casefold(),
        )
    )
