"""Who is whose manager as a column, and the census: groups that people named, and the link of its public form."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
floor = "0004"


def _text(name: str, default: str | None = None, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null, server_default=default)


def _instant(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def _id(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=null)


def upgrade() -> None:
    _add_managers()
    op.create_table(
        "census_candidate",
        _id("id"),
        _text("folded"),
        _text("messenger"),
        _text("name"),
        _instant("named_at"),
        _text("decision", "open"),
        _instant("decided_at", null=True),
        _text("decided_by", ""),
        _text("source", null=True),
        _text("group_id", null=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_census_candidate")),
    )
    op.create_index("ix_census_candidate_folded", "census_candidate", ["folded", "messenger"], unique=True)
    op.create_table(
        "census_mention",
        _id("id"),
        sa.Column("candidate_id", sa.BigInteger(), nullable=False),
        _instant("at"),
        _id("ticket_id", null=True),
        _text("person_source", null=True),
        _text("person_id", null=True),
        _text("admin", ""),
        sa.Column("members", sa.BigInteger(), nullable=True),
        sa.Column("times", sa.BigInteger(), nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_census_mention")),
    )
    op.create_index("ix_census_mention_candidate", "census_mention", ["candidate_id", "at"])
    op.create_index("ix_census_mention_ticket", "census_mention", ["ticket_id"])
    op.create_index("ix_census_mention_person", "census_mention", ["person_source", "person_id"])
    op.create_table(
        "census_link",
        _text("token"),
        _instant("made_at"),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_census_link")),
    )


def _add_managers() -> None:
    """The facts say it already: fill in the new column from them, since an unchanged person is not written again."""
    for table in ("staged_person", "person"):
        op.add_column(table, _text("manager_id", null=True))
    said = (
        "json_extract(facts, '$.manager_id')"
        if op.get_bind().dialect.name == "sqlite"
        else "CAST(facts AS json) ->> 'manager_id'"
    )
    op.execute(sa.text(f"UPDATE person SET manager_id = {said} WHERE facts LIKE '%\"manager_id\"%'"))  # noqa: S608
    is_known = sa.text("manager_id IS NOT NULL")
    op.create_index(
        "ix_person_manager",
        "person",
        ["source", "manager_id"],
        sqlite_where=is_known,
        postgresql_where=is_known,
    )
