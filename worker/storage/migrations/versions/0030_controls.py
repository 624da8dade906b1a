"""Controls: what fails, counts by day, first runs, and what a plan of them holds. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
floor = "0004"


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def _flag(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.SmallInteger(), nullable=False, server_default="0")


def _instant(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    op.add_column("cohort", sa.Column("findings", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "cohort_subject",
        sa.Column("plan_id", sa.BigInteger(), autoincrement=False, nullable=False),
        _text("cohort_id"),
        _text("source"),
        _text("subject"),
        _text("name"),
        _text("found", ""),
        _text("wanted", ""),
        sa.PrimaryKeyConstraint("plan_id", "cohort_id", "source", "subject", name=op.f("pk_cohort_subject")),
    )
    op.create_index("ix_cohort_subject_subject", "cohort_subject", ["source", "subject"])
    op.create_table(
        "control_failure",
        _text("control"),
        _text("source"),
        _text("subject"),
        _text("name"),
        _text("value"),
        _text("found", ""),
        _text("wanted", ""),
        _text("department", ""),
        _flag("is_sensitive"),
        sa.Column("time_s", sa.BigInteger(), nullable=False, server_default="0"),
        _flag("asks"),
        _instant("since_at"),
        _instant("seen_at"),
        sa.PrimaryKeyConstraint("control", "source", "subject", name=op.f("pk_control_failure")),
    )
    op.create_index("ix_control_failure_subject", "control_failure", ["source", "subject"])
    op.create_table(
        "control_day",
        _text("control"),
        _text("day"),
        _instant("at"),
        _text("counts"),
        sa.PrimaryKeyConstraint("control", "day", name=op.f("pk_control_day")),
    )
    op.create_table(
        "control_start",
        _text("control"),
        _instant("started_at"),
        sa.Column("plan_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("control", name=op.f("pk_control_start")),
    )
