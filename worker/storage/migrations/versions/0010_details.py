"""Tickets about people: who waits to be looked at, and `details`, so that a kind never adds a column. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
floor = "0004"


def upgrade() -> None:
    op.create_table(
        "dirty_person",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "person_id", name=op.f("pk_dirty_person")),
    )
    op.add_column("ticket", sa.Column("details", sa.Text(), nullable=False, server_default="{}"))
