"""An index by which a group finds the tickets of people who are asked in it. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
floor = "0004"

_IS_IN_A_GROUP = sa.text("group_source IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_ticket_group_source",
        "ticket",
        ["group_source", "group_id"],
        sqlite_where=_IS_IN_A_GROUP,
        postgresql_where=_IS_IN_A_GROUP,
    )
