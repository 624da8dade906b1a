"""Why somebody is a ticket's assignee, as a code, and by whom; back-filled from the sentences that say it.

The sentence stays in `assignee`, where release 0008 reads and writes it. Whose answer an identity is has a column
already: an answer that an earlier release weighed again stays without a name, since its instant is lost, too.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
floor = "0004"
branch_labels = None
depends_on = None

PAGE = 1000
WHY = {
    "active admin of the group": "admin",
    "owner of the group": "owner",
    "manager of the person who left": "manager",
    "accountable person": "accountable",
}
CHOICES = {"assigned by ": "assigned", "accountable person; the assignee says: ": "answered"}


def upgrade() -> None:
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.add_column(sa.Column("assignee_why", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("assignee_by", sa.Text(), server_default="", nullable=False))
    _back_fill(op.get_bind())


def _back_fill(connection: sa.Connection) -> None:
    ticket = sa.table("ticket", *map(sa.column, ("id", "assignee", "assignee_why", "assignee_by")))
    change = (
        sa.update(ticket)
        .where(ticket.c.id == sa.bindparam("k_id"))
        .values(assignee_why=sa.bindparam("why"), assignee_by=sa.bindparam("by"))
    )
    query = sa.select(ticket.c.id, ticket.c.assignee).where(ticket.c.assignee.is_not(None))
    after = 0
    while rows := connection.execute(
        query.where(ticket.c.id > after).order_by(ticket.c.id).limit(PAGE)
    ).all():
        said = [(row.id, *_why(json.loads(row.assignee).get("why", ""))) for row in rows]
        connection.execute(change, [{"k_id": id_, "why": why, "by": by} for id_, why, by in said])
        after = rows[-1].id


def _why(sentence: str) -> tuple[str | None, str]:
    for start, code in CHOICES.items():
        if sentence.startswith(start):
            return code, sentence.removeprefix(start)
    return WHY.get(sentence), ""
