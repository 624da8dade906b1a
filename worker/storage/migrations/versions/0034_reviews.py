"""Reviews of groups, and their rows. What a review asks for is no exposure: two partial indexes are made anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
floor = "0004"

_LIVE_REMOVAL = (
    "state || '' IN ('blocked', 'done', 'open') AND kind || '' IN ('creator_must_leave', 'remove_member') "
    "AND evidence IS NOT NULL"
)
_ASKED = ["person_source", "person_id", "left_at", "opened_at", "evidence", "person_name"]


def _text(name: str, default: str | None = None, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null, server_default=default)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")


def _instant(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def _id(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def upgrade() -> None:
    op.create_table(
        "review",
        _id("ticket_id"),
        _text("source"),
        _text("group_id"),
        _text("occasion"),
        _number("number"),
        _text("seed"),
        sa.Column("is_full", sa.SmallInteger(), nullable=False, server_default="0"),
        _text("only", "[]"),
        _instant("started_at"),
        _instant("due_at"),
        _instant("before_at", null=True),
        _instant("completed_at", null=True),
        _text("grade", null=True),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_review")),
    )
    op.create_index("ix_review_group", "review", ["source", "group_id", "completed_at"])
    op.create_index("ix_review_occasion", "review", ["occasion"])
    op.create_table(
        "review_answer",
        _id("ticket_id"),
        _text("handle"),
        _text("source"),
        _text("group_id"),
        _text("answer"),
        _text("why"),
        _text("by"),
        _instant("at"),
        _instant("taken_at"),
        _number("batch"),
        _text("department", ""),
        _text("person_source", null=True),
        _text("person_id", null=True),
        sa.PrimaryKeyConstraint("ticket_id", "handle", name=op.f("pk_review_answer")),
    )
    op.create_index("ix_review_answer_member", "review_answer", ["source", "group_id", "handle", "at"])
    op.create_index("ix_review_answer_person", "review_answer", ["person_source", "person_id"])
    for name, columns in (
        ("ix_ticket_asked", _ASKED),
        ("ix_ticket_asked_of", ["source", "group_id", "handle"]),
    ):
        op.drop_index(name, "ticket")
        where = sa.text(_LIVE_REMOVAL)
        op.create_index(name, "ticket", columns, sqlite_where=where, postgresql_where=where)
