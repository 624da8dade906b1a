"""Copies of tickets in trackers. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
floor = "0004"


def _text(name: str, default: str | None = None, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null, server_default=default)


def _instant(name: str, *, null: bool = True) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")


def _flag(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.SmallInteger(), nullable=False, server_default="0")


def upgrade() -> None:
    op.create_table(
        "mirror",
        _text("tracker"),
        sa.Column("ticket", sa.BigInteger(), autoincrement=False, nullable=False),
        _text("identity"),
        _text("state"),
        _text("ref", ""),
        _text("key", ""),
        _text("url", ""),
        _text("standing"),
        _text("status", ""),
        _text("assignee", ""),
        _text("given", ""),
        _text("noted", ""),
        _text("intent", null=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        _text("mark", ""),
        _number("attempts"),
        _instant("attempted_at"),
        _instant("next_at"),
        _number("declines"),
        _number("reopens"),
        _instant("reopened_at"),
        _instant("missing_since"),
        _instant("settled_at"),
        _instant("synced_at"),
        _text("problem", ""),
        sa.PrimaryKeyConstraint("tracker", "ticket", name=op.f("pk_mirror")),
    )
    op.create_index("ix_mirror_state", "mirror", ["tracker", "state", "ticket"])
    op.create_index("ix_mirror_ticket", "mirror", ["ticket"])
    op.create_table(
        "mirror_told",
        _text("tracker"),
        _text("call_id"),
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        _flag("is_done"),
        _text("by", ""),
        _text("note", ""),
        _instant("at"),
        _instant("received_at", null=False),
        _flag("is_used"),
        sa.PrimaryKeyConstraint("tracker", "call_id", name=op.f("pk_mirror_told")),
    )
    op.create_index("ix_mirror_told_new", "mirror_told", ["tracker", "is_used", "received_at"])
    op.create_table(
        "mirror_notice",
        _text("tracker"),
        _text("cause"),
        _instant("told_at", null=False),
        sa.PrimaryKeyConstraint("tracker", "cause", name=op.f("pk_mirror_notice")),
    )
