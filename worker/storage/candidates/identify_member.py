"""Groups with unidentified members, without an open question about them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.domain.identity.matching import IdentityState
from worker.domain.tickets.ticket import TicketKind
from worker.storage.candidates.states import SETTLED
from worker.storage.sql.tables import link, membership, ticket


def unknown_without_question() -> sa.Select[Any]:
    m, t = membership.c, ticket.c
    asked = sa.exists().where(
        t.source == m.source,
        t.handle == m.handle,
        t.kind == TicketKind.IDENTIFY_MEMBER.value,
        t.state.in_(SETTLED),
    )
    unknown = link.c.state.in_((IdentityState.AMBIGUOUS.value, IdentityState.UNMATCHED.value))
    return (
        sa.select(m.source, m.group_id)
        .distinct()
        .join(link, (link.c.source == m.source) & (link.c.handle == m.handle))
        .where(unknown, ~asked)
    )
