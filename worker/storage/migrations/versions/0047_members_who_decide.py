"""Find the members who decide something, and the handles that wait, by indexes. Changes no data."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
floor = "0004"

_ADMIN = sa.text("role IN ('admin', 'creator')")
_LEFT = sa.text("standing = 'left'")
_WAITS = sa.text("is_dirty = 1")

_OF_SOME = {
    "ix_link_person": ["person_source", "person_id", "source", "handle"],
    "ix_link_phone_key": ["phone_key"],
    "ix_link_email_key": ["email_key"],
    "ix_link_employee_key": ["employee_key"],
}


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
    op.drop_index("ix_link_is_dirty", "link")
    op.create_index(
        "ix_link_is_dirty", "link", ["source", "handle"], sqlite_where=_WAITS, postgresql_where=_WAITS
    )
    for name, columns in _OF_SOME.items():
        where = sa.text(f"{columns[0]} IS NOT NULL")
        op.drop_index(name, "link")
        op.create_index(name, "link", columns, sqlite_where=where, postgresql_where=where)
