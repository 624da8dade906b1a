"""Whether a review went to somebody else since its reviewer's own rows were looked at. Adds a column."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
floor = "0004"


def upgrade() -> None:
    op.add_column("review", sa.Column("handed", sa.BigInteger(), server_default="0", nullable=False))
