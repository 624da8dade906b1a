"""User names that look like e-mail addresses as a column: whose session or token it is may be told by them alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"
floor = "0004"


def upgrade() -> None:
    """The facts say it already: fill in the new column from them, since an unchanged person is not written again."""
    for table in ("staged_person", "person"):
        op.add_column(table, sa.Column("username", sa.Text(), nullable=True))
    said = (
        "json_extract(facts, '$.username')"
        if op.get_bind().dialect.name == "sqlite"
        else "CAST(facts AS json) ->> 'username'"
    )
    differs = f"{said} LIKE '%@%' AND LOWER({said}) <> COALESCE(email, '')"
    op.execute(sa.text(f"UPDATE person SET username = LOWER({said}) WHERE {differs}"))  # noqa: S608
    is_known = sa.text("username IS NOT NULL")
    op.create_index(
        "ix_person_username", "person", ["username"], sqlite_where=is_known, postgresql_where=is_known
    )
