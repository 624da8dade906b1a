"""Numbers that many accounts are given at once, and when leavings became known. Adds a column and an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
floor = "0004"


def upgrade() -> None:
    op.add_column("episode", sa.Column("noticed_at", sa.BigInteger(), nullable=True))
    # What waits for a decision, or was refused, came after what was let through: else that would count in its place
    op.execute("UPDATE episode SET noticed_at = seen_at WHERE gate IN ('new', 'held', 'rejected')")
    is_shared = sa.text("raw = 'shared'")
    op.create_index(
        "ix_person_key_shared", "person_key", ["kind", "value"],
        sqlite_where=is_shared, postgresql_where=is_shared,
    )  # fmt: skip
