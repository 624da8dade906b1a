"""Where copies of tickets are. Adds a column and an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
floor = "0004"


def upgrade() -> None:
    op.add_column("mirror", sa.Column("place", sa.Text(), server_default="", nullable=False))
    op.create_index("ix_mirror_place", "mirror", ["tracker", "place"])
