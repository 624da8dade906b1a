"""Alarms: a lane of their own for their messages, which of them stand, and what the watch did last. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
floor = "0004"


def upgrade() -> None:
    for table in ("outbox", "delivery"):
        op.add_column(table, sa.Column("is_alarm", sa.SmallInteger(), nullable=False, server_default="0"))
    op.create_table(
        "alarm",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False, server_default=""),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_alarm")),
    )
    op.create_table(
        "watch_mark",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_watch_mark")),
    )
