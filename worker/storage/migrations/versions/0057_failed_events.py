"""When an event failed last, so that it is told apart from its program whether it is at fault. Adds a column."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
floor = "0004"


def upgrade() -> None:
    op.add_column("delivery", sa.Column("failed_at", sa.BigInteger()))
