"""Groups with tickets that may have lost their reason."""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa

from worker.domain.model import Standing
from worker.domain.people.persons import AccountsRule
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.storage.candidates.states import LIVE_STATES, REMOVAL_CODES
from worker.storage.persons import is_joining
from worker.storage.sql.tables import chat_group, link, person, person_key, ticket


def tickets_without_reason(rule: AccountsRule) -> sa.Select[Any]:
    """Groups with live tickets to check: removals without a leaver behind the handle, and all additions.

    So are removals of somebody who has another account that is here, in the same directory, or with `all` in any: the
    accounts were joined since, or the rule was another. Live tickets of a group that is gone are included, too.
    """
    t, p = ticket.c, person.c
    joined = ticket.outerjoin(person, (p.source == t.person_source) & (p.person_id == t.person_id)).outerjoin(
        link, (link.c.source == t.source) & (link.c.handle == t.handle)
    )
    unfounded = t.kind.in_(REMOVAL_CODES) & sa.or_(
        p.source.is_(None),
        p.standing != Standing.LEFT.value,
        link.c.person_id.is_distinct_from(t.person_id),
        link.c.person_source.is_distinct_from(t.person_source),
        sa.tuple_(t.person_source, t.person_id).in_(_here_by_another_account(rule)),
    )
    group_gone = sa.exists().where(
        chat_group.c.source == t.source, chat_group.c.group_id == t.group_id, chat_group.c.is_gone == 1
    )
    addition = t.kind == TicketKind.ADD_MEMBER.value
    return (
        sa.select(t.source, t.group_id)
        .distinct()
        .select_from(joined)
        .where(t.state.in_(LIVE_STATES), sa.or_(unfounded, group_gone, addition))
    )


def _here_by_another_account(rule: AccountsRule) -> sa.Select[Any]:
    """The people of live removals who have another account that is here. Each is looked up once, not once a ticket."""
    t, k, o, owner = (
        ticket.c,
        person_key.alias("theirs").c,
        person_key.alias("other").c,
        person.alias("owner").c,
    )
    # An expression, or SQLite would read the finished removals, too
    is_removal = t.kind.concat("").in_(REMOVAL_CODES) & t.state.in_(LIVE_STATES)
    removed = sa.select(t.person_source, t.person_id).distinct().where(is_removal).subquery("removed").c
    is_here_by_another = sa.exists().where(
        k.source == removed.person_source, k.person_id == removed.person_id, is_joining(k, o),
        o.kind == k.kind.concat(""), o.value == k.value, sa.or_(o.source != k.source, o.person_id != k.person_id),
        owner.source == o.source, owner.person_id == o.person_id, owner.standing != Standing.LEFT.value,
        # An expression, or SQLite would read everybody of the source
        *([] if rule is AccountsRule.ALL else [o.source.concat("") == k.source]),
    )  # fmt: skip
    return sa.select(removed.person_source, removed.person_id).where(is_here_by_another)


def waivers() -> sa.Select[Any]:
    t = ticket.c
    limited = (t.state == TicketState.WAIVED.value) & t.waived_until.is_not(None)
    return sa.select(t.source, t.group_id).distinct().where(limited)


@cache
def holds_over() -> sa.Select[Any]:
    """Groups with a ticket that waits for a day alone, which comes by `now`, or is said to after `latest`."""
    t, blocker = ticket.c, ticket.alias("blocker").c
    waits = sa.exists().where(blocker.id == t.blocked_by, blocker.state.in_(LIVE_STATES))
    is_over = sa.or_(t.held_until <= sa.bindparam("now"), t.held_until > sa.bindparam("latest"))
    which = (t.state == TicketState.BLOCKED.value) & is_over & ~waits
    return sa.select(t.source, t.group_id).distinct().where(which)


@cache
def waivers_over() -> sa.Select[Any]:
    """Groups with a ticket whose waiver ended after `since`, and by `now`."""
    t = ticket.c
    ended = (t.waived_until > sa.bindparam("since")) & (t.waived_until <= sa.bindparam("now"))
    # An expression, or SQLite would read all tickets that are waived
    is_waived = t.state.concat("") == TicketState.WAIVED.value
    return sa.select(t.source, t.group_id).distinct().where(ended, is_waived)


def blocked() -> sa.Select[Any]:
    t = ticket.c
    waiting = t.state == TicketState.BLOCKED.value
    return sa.select(t.source, t.group_id).distinct().where(waiting)
