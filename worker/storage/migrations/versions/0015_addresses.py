"""Recipients have phone numbers, and notifiers of choice. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
floor = "0004"


def upgrade() -> None:
    for table in ("outbox", "delivery"):
        for name, default in (("phone", ""), ("via", "[]")):
            op.add_column(table, sa.Column(name, sa.Text(), nullable=False, server_default=default))
