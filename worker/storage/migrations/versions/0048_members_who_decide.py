"""Find the members who decide something by indexes. Adds only, but for an index that gets more columns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0046"
floor = "0004"

_ADMIN = sa.text("role IN ('admin', 'creator')")
_LEFT = sa.text("standing = 'left'")


def upgrade() -> None:
    op.create_index(
        "ix_membership_admin",
        "membership",
        ["source", "group_id", "handle"],
        sqlite_where=_ADMIN,
        postgresql_where=_ADMIN,
    )
    op.create_index(
        "ix_person_left", "person", ["person_id", "source"], sqlite_where=_LEFT, postgresql_where=_LEFT
    )
    op.drop_index("ix_link_handle", "link")
    op.create_index("ix_link_handle", "link", ["handle", "source", "state", "person_source", "person_id"])
