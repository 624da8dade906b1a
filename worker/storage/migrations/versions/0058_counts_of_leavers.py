"""What tells a leaver's removal from one that a review asked for, in the indexes that count. Changes indexes only."""

from __future__ import annotations

from alembic import op

revision = "0058"
down_revision = "0057"
floor = "0004"

CHANGED = {
    "ix_ticket_opened_at": ["opened_at", "kind", "state", "evidence"],
    "ix_ticket_verified_at": ["verified_at", "kind", "state", "left_at", "opened_at", "evidence"],
    "ix_ticket_left_at": ["left_at", "kind", "state", "evidence"],
}


def upgrade() -> None:
    for name, columns in CHANGED.items():
        op.drop_index(name, "ticket")
        op.create_index(name, "ticket", columns)
