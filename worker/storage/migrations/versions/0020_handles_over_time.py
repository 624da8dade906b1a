"""Handles over time: which are one human's, with the evidence, and since when one is in no group. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
floor = "0004"


def upgrade() -> None:
    op.add_column("link", sa.Column("gone_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_link_handle", "link", ["handle"])
    op.create_index(
        "ix_link_gone_at",
        "link",
        ["source", "handle"],
        sqlite_where=sa.text("gone_at IS NOT NULL"),
        postgresql_where=sa.text("gone_at IS NOT NULL"),
    )
    op.create_table(
        "handle_tie",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("source", "kind", "handle", "other", "group_id")
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("person_source", "person_id", "how")),
        sa.Column("is_new", sa.SmallInteger(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("source", "kind", "handle", "other", name=op.f("pk_handle_tie")),
    )
    op.create_index("ix_handle_tie_handle", "handle_tie", ["handle", "kind", "source"])
    op.create_index("ix_handle_tie_other", "handle_tie", ["other", "kind", "source"])
    op.create_index(
        "ix_handle_tie_is_new",
        "handle_tie",
        ["source"],
        sqlite_where=sa.text("is_new = 1"),
        postgresql_where=sa.text("is_new = 1"),
    )
    op.create_table(
        "staged_renumbered",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("source", "old", "new", "group_id")),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "old", "new", name=op.f("pk_staged_renumbered")),
    )
