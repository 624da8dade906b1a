"""The index of proofs has the leavings, from which times count; and when people looked at the console. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
floor = "0004"

INDEX = "ix_ticket_verified_at"


def upgrade() -> None:
    op.drop_index(INDEX, "ticket")
    op.create_index(INDEX, "ticket", ["verified_at", "kind", "state", "left_at", "opened_at"])
    op.create_table(
        "desk_visit",
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("before_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("who", name=op.f("pk_desk_visit")),
    )
