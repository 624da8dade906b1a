"""Reports of bad messages, and the public links by which people report them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
floor = "0004"


def _text(name: str, default: str | None = None, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null, server_default=default)


def _instant(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def upgrade() -> None:
    op.create_table(
        "report_link",
        _text("token"),
        _text("source"),
        _text("group_id"),
        _text("rules_sha256", ""),
        _instant("made_at"),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_report_link")),
    )
    op.create_index("ix_report_link_group", "report_link", ["source", "group_id"])
    op.create_table(
        "bad_message",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        _text("source"),
        _text("group_id"),
        _text("group_name"),
        _text("department", ""),
        _text("tier"),
        sa.Column("about_admin", sa.SmallInteger(), nullable=False, server_default="0"),
        _instant("at"),
        _text("receipt"),
        _text("words", null=True),
        _text("seen", ""),
        _text("once", ""),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False, server_default="0"),
        _text("outcome", null=True),
        _text("outcome_words", ""),
        _instant("outcome_at", null=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bad_message")),
    )
    op.create_index("ix_bad_message_receipt", "bad_message", ["receipt"], unique=True)
    op.create_index("ix_bad_message_group", "bad_message", ["source", "group_id", "at"])
    op.create_index("ix_bad_message_ticket", "bad_message", ["ticket_id"])
