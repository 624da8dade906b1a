"""Groups that lack a person whom the joiner rules place there, without a ticket for it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.domain.model import Coverage
from worker.domain.tickets.ticket import TicketKind
from worker.ports.state.groups import Expectation
from worker.storage.candidates.states import SETTLED
from worker.storage.own_leavings import has_consented_since
from worker.storage.sql.tables import chat_group, expected, left_by_themself, link, membership, ticket


def missing_joiners() -> sa.Select[Any]:
    x, m, t, gone = expected.c, membership.c, ticket.c, left_by_themself.c
    present = (
        sa.exists()
        .where(m.source == x.source, m.group_id == x.group_id)
        .where(link.c.source == m.source, link.c.handle == m.handle)
        .where(link.c.person_source == x.person_source, link.c.person_id == x.person_id)
    )
    asked = sa.exists().where(
        t.source == x.source, t.group_id == x.group_id, t.kind == TicketKind.ADD_MEMBER.value,
        t.person_source == x.person_source, t.person_id == x.person_id, t.state.in_(SETTLED),
    )  # fmt: skip
    left = sa.exists().where(
        gone.source == x.source, gone.group_id == x.group_id,
        gone.person_source == x.person_source, gone.person_id == x.person_id, gone.at >= x.since,
        ~has_consented_since(),
    )  # fmt: skip
    full = sa.exists().where(
        chat_group.c.source == x.source, chat_group.c.group_id == x.group_id,
        chat_group.c.coverage == Coverage.FULL.value,
    )  # fmt: skip
    return (
        sa.select(x.source, x.group_id)
        .distinct()
        .where(x.state == Expectation.DUE.value, full, ~present, ~asked, ~left)
    )
