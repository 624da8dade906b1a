"""People who went from a group, as the messenger itself recorded it. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
floor = "0004"


def upgrade() -> None:
    for table, more in (("staged_departed", ()), ("departed", ("is_weighed",))):
        op.create_table(
            table,
            *(sa.Column(name, sa.Text(), nullable=False) for name in ("source", "group_id", "phone_key")),
            sa.Column("at", sa.BigInteger(), nullable=False),
            *(sa.Column(name, sa.SmallInteger(), nullable=False, server_default="0") for name in more),
            sa.PrimaryKeyConstraint("source", "group_id", "phone_key", name=op.f(f"pk_{table}")),
        )
    op.create_index("ix_departed_is_weighed", "departed", ["is_weighed"])
