"""Whether a version of a policy asked everybody again: of those seen before, it is taken that it did.

Adds a column; see decision 0119.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
floor = "0004"


def upgrade() -> None:
    op.add_column(
        "policy_text", sa.Column("is_material", sa.SmallInteger(), nullable=False, server_default="1")
    )
