"""Until when a channel asked to be left alone, and which messages may have been seen before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
floor = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quiet_channel",
        sa.Column("notifier", sa.Text(), nullable=False),
        sa.Column("quiet_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("notifier", name=op.f("pk_quiet_channel")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_unclear", sa.SmallInteger(), server_default="0", nullable=False))
