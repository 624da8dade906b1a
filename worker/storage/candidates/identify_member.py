"""Groups with unidentified members, without an open question about them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.domain.tickets.ticket import TicketKind
from worker.storage.candidates.states import SETTLED
from worker.storage.sql.tables import IS_QUESTION, link, membership, ticket


def unknown_without_question() -> sa.Select[Any]:
    m, t = membership.c, ticket.c
    asked = sa.exists().where(
        t.source == m.source,
        t.handle == m.handle,
        t.kind == TicketKind.IDENTIFY_MEMBER.value,
        t.state.in_(SETTLED),
    )
    unknown = sa.select(link.c.source, link.c.handle).distinct().where(sa.text(IS_QUESTION)).subquery()
    return (
        sa.select(m.source, m.group_id)
        .distinct()
        .select_from(unknown)
        .join(membership, (m.source == unknown.c.source) & (m.handle == unknown.c.handle))
        .where(~asked)
    )
