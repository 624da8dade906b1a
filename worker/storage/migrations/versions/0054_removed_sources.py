"""Directories that the configuration no longer names. Adds a column."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
floor = "0004"


def upgrade() -> None:
    op.add_column("source", sa.Column("is_removed", sa.SmallInteger(), server_default="0", nullable=False))
