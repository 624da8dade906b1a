"""Facts of groups: when each was read, the last activity, and what a register says. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
floor = "0004"


def upgrade() -> None:
    for table in ("staged_group", "chat_group"):
        op.add_column(table, sa.Column("facts_at", sa.Text(), nullable=False, server_default="{}"))
        op.add_column(table, sa.Column("last_activity_at", sa.BigInteger(), nullable=True))
        op.add_column(table, sa.Column("registered", sa.Text(), nullable=True))
    op.add_column("chat_group", sa.Column("looked_at", sa.BigInteger(), nullable=True))
