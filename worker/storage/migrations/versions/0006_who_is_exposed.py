"""Indexes by which it is counted who has left and is still in a group, and what is disputed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
floor = "0004"
branch_labels = None
depends_on = None

LIVE_REMOVAL = (
    "state || '' IN ('blocked', 'done', 'open') AND kind || '' IN ('creator_must_leave', 'remove_member')"
)
MORE = {
    "link": ("ix_link_person", ["person_source", "person_id"], ["source", "handle"]),
    "membership": ("ix_membership_handle", ["source", "handle", "group_id"], ["is_unlisted"]),
    "ticket": ("ix_ticket_group", ["source", "group_id"], ["handle", "kind", "state"]),
}


FEW = {
    "ix_ticket_asked": (
        ["person_source", "person_id", "left_at", "opened_at", "evidence", "person_name"],
        LIVE_REMOVAL,
    ),
    "ix_ticket_asked_of": (["source", "group_id", "handle"], LIVE_REMOVAL),
    "ix_ticket_disputed": (["state", "id"], "disputed_at IS NOT NULL"),
}


def upgrade() -> None:
    for name, (columns, which) in FEW.items():
        where = sa.text(which)
        op.create_index(name, "ticket", columns, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_ticket_left_at", "ticket", ["left_at", "kind", "state"])
    for table, (name, columns, more) in MORE.items():
        op.drop_index(name, table)
        op.create_index(name, table, columns + more)
