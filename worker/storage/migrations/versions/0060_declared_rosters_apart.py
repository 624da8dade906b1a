"""Ends pairs of a declared roster with a group that another register only numbers alike. Changes no table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
floor = "0004"

# The roster has the name of the group that it was declared for. Only where that is one of several registers' groups
APART = sa.text(
    "DELETE FROM group_pair WHERE state = 'sure' AND why = 'the same id' AND a_group = b_group"
    " AND EXISTS (SELECT 1 FROM chat_group a, chat_group b"
    "  WHERE a.source = group_pair.a_source AND a.group_id = group_pair.a_group"
    "  AND b.source = group_pair.b_source AND b.group_id = group_pair.b_group"
    "  AND b.declared_by <> '[]' AND lower(trim(a.name)) <> lower(trim(b.name))"
    "  AND EXISTS (SELECT 1 FROM group_pair p, chat_group other"
    "   WHERE p.b_source = b.source AND p.b_group = b.group_id AND p.a_group = b.group_id"
    "   AND p.state IN ('sure', 'confirmed') AND p.a_source <> a.source"
    "   AND other.source = p.a_source AND other.group_id = p.a_group"
    "   AND lower(trim(other.name)) = lower(trim(b.name))))"
)


def upgrade() -> None:
    op.execute(APART)
