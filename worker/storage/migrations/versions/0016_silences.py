"""Silences, snoozes, and messages that wait for a reason. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
floor = "0004"


def upgrade() -> None:
    op.add_column("ticket", sa.Column("snoozed_until", sa.BigInteger(), nullable=True))
    op.add_column(
        "outbox", sa.Column("is_day_or_night", sa.SmallInteger(), nullable=False, server_default="0")
    )
    op.add_column("outbox", sa.Column("held_by", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "silence",
        sa.Column("id", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False, server_default="[]")
            for name in ("groups", "people", "sources", "kinds")
        ),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("by", "reason")),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silence")),
    )
    op.create_index("ix_silence_until_at", "silence", ["until_at"])
    op.create_table(
        "silenced_ticket",
        sa.Column("silence_id", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("silence_id", "ticket_id", name=op.f("pk_silenced_ticket")),
    )
