"""Removals that wait by an approver's word. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
floor = "0004"


def upgrade() -> None:
    op.add_column("ticket", sa.Column("held_until", sa.BigInteger(), nullable=True))
    is_held = sa.text("held_until IS NOT NULL")
    op.create_index(
        "ix_ticket_held_until", "ticket", ["held_until"], sqlite_where=is_held, postgresql_where=is_held
    )
