"""Indexes that give disputed tickets by when they are due, and a leaver's whole key. Changes indexes only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
floor = "0004"


def upgrade() -> None:
    is_disputed = sa.text("disputed_at IS NOT NULL")
    op.drop_index("ix_ticket_disputed", "ticket")
    op.create_index(
        "ix_ticket_disputed", "ticket", ["state", "due_at", "id"],
        sqlite_where=is_disputed, postgresql_where=is_disputed,
    )  # fmt: skip
    op.drop_index("ix_person_standing_at", "person")
    op.create_index("ix_person_standing_at", "person", ["standing", "at", "source", "person_id"])
