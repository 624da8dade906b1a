"""Advisories: vulnerabilities of messengers, as feeds tell of them. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
floor = "0004"


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def _instant(name: str, *, null: bool = True) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def upgrade() -> None:
    op.create_table(
        "advisory",
        _text("id"),
        _text("messenger"),
        _instant("seen_at", null=False),
        _text("said", "{}"),
        _text("told", ""),
        _instant("told_at"),
        _instant("dismissed_at"),
        _text("dismissed_by", ""),
        _text("reason", ""),
        sa.Column("is_update_asked", sa.SmallInteger(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", "messenger", name=op.f("pk_advisory")),
    )
