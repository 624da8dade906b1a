"""How quickly rows of reviews are answered: counted by campaign, and by no person. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
floor = "0004"


def upgrade() -> None:
    op.create_table(
        "review_pace",
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("occasion", "seconds", name=op.f("pk_review_pace")),
    )
