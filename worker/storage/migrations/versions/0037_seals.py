"""Seals of files, and who handed them to whom. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
floor = "0004"


def _text(name: str, default: str | None = None, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null, server_default=default)


def _number(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=null)


def upgrade() -> None:
    op.create_table(
        "seal",
        _number("id"),
        _number("ticket_id"),
        _text("name"),
        _number("size"),
        _text("sha256"),
        sa.Column("media", sa.SmallInteger(), nullable=True),
        _number("lines", null=True),
        _text("first_on", null=True),
        _text("last_on", null=True),
        _text("made_by"),
        _number("made_at"),
        _text("how", ""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seal")),
    )
    op.create_index("ix_seal_content", "seal", ["ticket_id", "sha256"], unique=True)
    op.create_table(
        "seal_custody",
        _number("seal_id"),
        _number("number"),
        _number("at"),
        _text("giver"),
        _text("taker"),
        _text("sha256"),
        sa.PrimaryKeyConstraint("seal_id", "number", name=op.f("pk_seal_custody")),
    )
