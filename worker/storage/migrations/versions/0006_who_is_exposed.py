"""Indexes by which it is counted who has left and is still in a group."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
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


ASKED = {
    "ix_ticket_asked": ["person_source", "person_id", "left_at", "opened_at", "evidence", "person_name"],
    "ix_ticket_asked_of": ["source", "group_id", "handle"],
}


def upgrade() -> None:
    where = sa.text(LIVE_REMOVAL)
    for name, columns in ASKED.items():
        op.create_index(name, "ticket", columns, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_ticket_left_at", "ticket", ["left_at", "kind", "state"])
    for table, (name, columns, more) in MORE.items():
        op.drop_index(name, table)
        op.create_index(name, table, columns + more)
