"""Messages that are kept true where people read them, and what people do there. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
floor = "0004"


def upgrade() -> None:
    op.add_column("ticket", sa.Column("version", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "shown_message",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("notifier", "reference")),
        sa.Column("ticket_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("recipient_kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False, server_default=""),
        sa.Column("name", sa.Text(), nullable=False, server_default=""),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False, server_default="0"),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("posted_at", "told_at")),
        sa.PrimaryKeyConstraint("notifier", "reference", "ticket_id", name=op.f("pk_shown_message")),
    )
    op.create_index(
        "ix_shown_message_ticket", "shown_message", ["ticket_id", "notifier", "recipient_kind", "address"]
    )
    op.create_table(
        "interaction",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("notifier", "key", "body")),
        sa.Column("state", sa.Text(), nullable=False, server_default="waiting"),
        sa.Column("attempts", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interaction")),
        sa.UniqueConstraint("notifier", "key", name=op.f("uq_interaction_notifier_key")),
    )
    op.create_index("ix_interaction_state", "interaction", ["state", "id"])
