"""Groups with tickets that may have lost their reason."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.domain.model import Standing
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.storage.candidates.states import LIVE_STATES, REMOVAL_CODES
from worker.storage.sql.tables import chat_group, link, person, ticket


def tickets_without_reason() -> sa.Select[Any]:
    """Groups with live tickets to check: removals without a leaver behind the handle, and all additions.

    Live tickets of a group that is gone are included, too.
    """
    t, p = ticket.c, person.c
    joined = ticket.outerjoin(person, (p.source == t.person_source) & (p.person_id == t.person_id)).outerjoin(
        link, (link.c.source == t.source) & (link.c.handle == t.handle)
    )
    unfounded = t.kind.in_(REMOVAL_CODES) & sa.or_(
        p.source.is_(None),
        p.standing != Standing.LEFT.value,
        link.c.person_id.is_distinct_from(t.person_id),
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


def waivers() -> sa.Select[Any]:
    t = ticket.c
    limited = (t.state == TicketState.WAIVED.value) & t.waived_until.is_not(None)
    return sa.select(t.source, t.group_id).distinct().where(limited)


def blocked() -> sa.Select[Any]:
    t = ticket.c
    waiting = t.state == TicketState.BLOCKED.value
    return sa.select(t.source, t.group_id).distinct().where(waiting)
