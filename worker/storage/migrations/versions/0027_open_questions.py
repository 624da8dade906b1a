"""An index of the members whom nobody could match. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
floor = "0004"

IS_QUESTION = sa.text("state IN ('ambiguous', 'unmatched') AND decided_fingerprint IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_link_open", "link", ["source", "handle"], sqlite_where=IS_QUESTION, postgresql_where=IS_QUESTION
    )
