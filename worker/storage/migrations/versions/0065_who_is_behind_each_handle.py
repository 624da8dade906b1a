"""Have every handle matched once more: who may be one person is another question since decisions 0181 and 0182."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
floor = "0004"


def upgrade() -> None:
    op.execute(sa.text("UPDATE link SET is_dirty = 1"))
