"""The last good copies of rotas' calendars. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
floor = "0004"


def upgrade() -> None:
    op.create_table(
        "rota_feed",
        sa.Column("rota", sa.Text(), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=True)
            for name in ("fetched_at", "read_at", "known_until")
        ),
        *(
            sa.Column(name, sa.Text(), nullable=False, server_default=default)
            for name, default in (("turns", "[]"), ("notes", "[]"))
        ),
        sa.Column("etag", sa.Text(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False, server_default="") for name in ("asked", "problem")),
        sa.PrimaryKeyConstraint("rota", name=op.f("pk_rota_feed")),
    )
