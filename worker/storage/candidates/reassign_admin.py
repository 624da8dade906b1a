"""Groups that have lost their admins, without a ticket for it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.domain.tickets.ticket import TicketKind
from worker.storage.candidates.states import SETTLED
from worker.storage.deciding import is_admin
from worker.storage.sql.tables import chat_group, membership, ticket


def lost_admins() -> sa.Select[Any]:
    g, m, t = chat_group.c, membership.c, ticket.c
    has_admin = sa.exists().where(m.source == g.source, m.group_id == g.group_id, is_admin())
    asked = sa.exists().where(
        t.source == g.source,
        t.group_id == g.group_id,
        t.kind == TicketKind.REASSIGN_ADMIN.value,
        t.state.in_(SETTLED),
    )
    lost = (g.has_had_admin == 1) & (g.knows_roles == 1) & (g.is_gone == 0) & (g.size > 0)
    return sa.select(g.source, g.group_id).where(lost, ~has_admin, ~asked)
