"""Indexes that give pages of a long journal in order, and what one address was sent lately. Changes indexes only."""

from __future__ import annotations

from alembic import op

revision = "0051"
down_revision = "0050"
floor = "0004"

CHANGED = {
    "ix_journal_subject": ("journal", ["subject", "seq"]),
    "ix_journal_actor": ("journal", ["actor", "at", "seq"]),
    "ix_journal_at": ("journal", ["at", "seq"]),
    "ix_delivery_address": ("delivery", ["address", "state", "sent_at"]),
}


def upgrade() -> None:
    for name, (table, columns) in CHANGED.items():
        op.drop_index(name, table)
        op.create_index(name, table, columns)
    op.create_index("ix_journal_kind_at", "journal", ["kind", "at", "seq"])
