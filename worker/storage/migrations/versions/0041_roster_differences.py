"""Since when a register has other members than the messenger. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
floor = "0004"


def upgrade() -> None:
    op.create_table(
        "roster_difference",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "group_id", name=op.f("pk_roster_difference")),
    )
