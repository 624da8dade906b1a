"""Declared rosters: links by which admins of groups say who is in them, and who said so. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
floor = "0004"


def upgrade() -> None:
    op.add_column("chat_group", sa.Column("declared_by", sa.Text(), nullable=False, server_default="[]"))
    op.create_table(
        "group_link",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("id", "source", "group_id", "person_source", "person_id")
        ),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("made_at", "until")),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_link")),
    )
    op.create_index("ix_group_link_source_group_id", "group_link", ["source", "group_id"])
