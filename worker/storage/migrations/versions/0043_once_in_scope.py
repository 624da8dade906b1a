"""Accounts that went out of scope are remembered, so that they count as leavers when they are put away. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
floor = "0004"


def upgrade() -> None:
    op.add_column("person", sa.Column("was_in_scope", sa.SmallInteger(), server_default="0", nullable=False))
