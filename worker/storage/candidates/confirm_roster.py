"""Groups whose declared roster is too old, without a ticket that asks for a new one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain.tickets.ticket import TicketKind
from worker.storage.sql.tables import chat_group, ticket


def unconfirmed(before: Mapping[str, datetime]) -> sa.Select[Any]:
    """Query for (source, group_id) of rosters that are true for an instant not after that of their source."""
    g, t = chat_group.c, ticket.c
    asked = sa.exists().where(
        t.source == g.source,
        t.group_id == g.group_id,
        t.kind == TicketKind.CONFIRM_ROSTER.value,
        t.opened_at > g.taken_at,
    )
    is_old = sa.or_(*((g.source == name) & (g.taken_at <= at) for name, at in sorted(before.items())))
    is_here = (g.is_gone == 0) & g.leader_source.is_(None)
    return sa.select(g.source, g.group_id).where(is_old, is_here, ~asked)
