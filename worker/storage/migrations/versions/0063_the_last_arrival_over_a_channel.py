"""The last arrival over a channel, without a look at all that was ever sent. Adds an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
floor = "0004"


def upgrade() -> None:
    arrived = sa.text("sent_at IS NOT NULL")
    op.create_index(
        "ix_delivery_arrival", "delivery", ["notifier", "sent_at"],
        sqlite_where=arrived, postgresql_where=arrived,
    )  # fmt: skip
