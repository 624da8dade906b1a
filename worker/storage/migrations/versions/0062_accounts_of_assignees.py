"""The account of a ticket's assignee, to find theirs whatever their address is. Adds columns and an index.

Fills them for live tickets.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
floor = "0004"

LIVE = ("blocked", "done", "open")


def upgrade() -> None:
    for name in ("assignee_source", "assignee_id"):
        op.add_column("ticket", sa.Column(name, sa.Text()))
    _fill(op.get_bind())
    op.create_index("ix_ticket_assignee", "ticket", ["assignee_source", "assignee_id", "state"])


def _fill(connection: sa.Connection) -> None:
    ticket = sa.table(
        "ticket", *map(sa.column, ("id", "state", "assignee", "assignee_source", "assignee_id"))
    )
    change = (
        sa.update(ticket)
        .where(ticket.c.id == sa.bindparam("k_id"))
        .values(assignee_source=sa.bindparam("source"), assignee_id=sa.bindparam("person_id"))
    )
    is_given = ticket.c.state.in_(LIVE) & ticket.c.assignee.is_not(None)
    query = sa.select(ticket.c.id, ticket.c.assignee).where(is_given).order_by(ticket.c.id).limit(1000)
    after = 0
    while rows := connection.execute(query.where(ticket.c.id > after)).all():
        people = ((row.id, json.loads(row.assignee).get("person")) for row in rows)
        known = [{"k_id": id_, "source": who[0], "person_id": who[1]} for id_, who in people if who]
        if known:
            connection.execute(change, known)
        after = rows[-1].id
