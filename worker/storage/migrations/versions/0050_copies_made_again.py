"""When a copy that was made again is looked for once more. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0048"
floor = "0004"

_IS_LOOKED_FOR = sa.text("look_again_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("mirror", sa.Column("look_again_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_mirror_look_again",
        "mirror",
        ["tracker", "look_again_at"],
        sqlite_where=_IS_LOOKED_FOR,
        postgresql_where=_IS_LOOKED_FOR,
    )
