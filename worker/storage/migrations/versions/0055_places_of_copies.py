"""Where copies of tickets are, and when a program said something of one last. Adds columns and an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
floor = "0004"


def upgrade() -> None:
    op.add_column("mirror", sa.Column("place", sa.Text(), server_default="", nullable=False))
    op.add_column("mirror", sa.Column("told_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_mirror_place", "mirror", ["tracker", "place"])
