"""What a list that people keep has been told of what was verified. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
floor = "0004"


def upgrade() -> None:
    op.add_column("source", sa.Column("told_until", sa.BigInteger(), nullable=True))
