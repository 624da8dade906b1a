"""Who made a link to a group, or which ticket's link led to it. Adds columns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
floor = "0004"


def upgrade() -> None:
    op.add_column("group_link", sa.Column("made_by", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("group_link", sa.Column("ticket_id", sa.BigInteger()))
    op.add_column("group_link", sa.Column("handed", sa.BigInteger(), nullable=False, server_default="0"))
