"""An index by which lists of tickets begin with what is due first. Adds only."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
floor = "0004"


def upgrade() -> None:
    op.create_index("ix_ticket_due", "ticket", ["state", "due_at", "id"])
