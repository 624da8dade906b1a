"""Who left a group by themself, and whose private number is about to be shown to a group. Adds only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
floor = "0004"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "left_by_themself",
        _text("source"),
        _text("group_id"),
        _text("person_source"),
        _text("person_id"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "source", "group_id", "person_source", "person_id", name=op.f("pk_left_by_themself")
        ),
    )
    op.create_table(
        "consent_subject",
        _text("person_source"),
        _text("person_id"),
        _text("numbers"),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person_source", "person_id", name=op.f("pk_consent_subject")),
    )
    op.create_index("ix_left_by_themself_person", "left_by_themself", ["person_source", "person_id"])
