"""Marks of leavers in groups, and indexes for pages of the desk. Adds a column, and changes indexes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
floor = "0004"


def upgrade() -> None:
    is_disputed = sa.text("disputed_at IS NOT NULL")
    op.drop_index("ix_ticket_disputed", "ticket")
    op.create_index(
        "ix_ticket_disputed", "ticket", ["state", "due_at", "id"],
        sqlite_where=is_disputed, postgresql_where=is_disputed,
    )  # fmt: skip
    op.add_column("membership", sa.Column("is_leaver", sa.SmallInteger(), server_default="0", nullable=False))
    op.execute(
        "UPDATE membership SET is_leaver = 1 WHERE (source, handle) IN (SELECT link.source, link.handle FROM person "
        "JOIN link ON link.person_source = person.source AND link.person_id = person.person_id "
        "WHERE person.standing = 'left')"
    )
    is_leaver = sa.text("is_leaver = 1")
    op.create_index(
        "ix_membership_leaver", "membership", ["source", "group_id", "handle"],
        sqlite_where=is_leaver, postgresql_where=is_leaver,
    )  # fmt: skip
