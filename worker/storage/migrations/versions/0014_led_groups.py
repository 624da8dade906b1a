"""Find the groups that a group leads without reading every group. Adds only."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
floor = "0004"


def upgrade() -> None:
    op.create_index("ix_chat_group_leader", "chat_group", ["leader_source", "leader_group"])
