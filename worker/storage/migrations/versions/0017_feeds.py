"""How far each feed has followed the journal. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
floor = "0004"


def upgrade() -> None:
    op.create_table(
        "feed",
        sa.Column("notifier", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("notifier", name=op.f("pk_feed")),
    )
