"""The index of proofs has the leavings, too, from which their times count."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
floor = "0004"

INDEX = "ix_ticket_verified_at"


def upgrade() -> None:
    op.drop_index(INDEX, "ticket")
    op.create_index(INDEX, "ticket", ["verified_at", "kind", "state", "left_at", "opened_at"])
