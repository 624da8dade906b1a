"""An index of the instants at which waivers end, since each reconcile looks for those that are over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"
floor = "0004"


def upgrade() -> None:
    ends = sa.text("waived_until IS NOT NULL")
    op.create_index(
        "ix_ticket_waived_until", "ticket", ["waived_until"], sqlite_where=ends, postgresql_where=ends
    )
