"""Gather PostgreSQL's statistics right after a large change, since the next statement's plan needs them.

Autovacuum would do it a minute later. Until then, plans would take a table of a hundred thousand new rows for an
empty one, and join it row by row.
"""

from __future__ import annotations

import sqlalchemy as sa

MANY = 1_000  # rows: fewer are quick by any plan
SHARE = 0.1  # of a table's rows: fewer make no other plan, and autovacuum waits for as many
_GROWN = sa.text(
    "SELECT relname FROM pg_class WHERE oid = ANY(CAST(:names AS regclass[])) AND reltuples * :share <= :rows"
)


def gather(connection: sa.Connection, rows: int, *tables: sa.Table) -> None:
    """Gather statistics of tables that got `rows` new rows; do nothing for few rows, or on SQLite."""
    if connection.dialect.name == "postgresql" and rows >= MANY:
        connection.exec_driver_sql(f"ANALYZE {', '.join(map(_looked_at, tables))}")


def gather_grown(connection: sa.Connection, rows: int, *tables: sa.Table) -> None:
    """As `gather`, for tables that are kept: only for those of which `rows` are a large share.

    To look at a table of millions takes a second, however few of its rows are new.
    """
    if connection.dialect.name == "postgresql" and rows >= MANY:
        names = [f'"{table.name}"' for table in tables]
        given = {"names": names, "share": SHARE, "rows": rows}
        grown = set(connection.execute(_GROWN, given).scalars())
        if many := [table for table in tables if table.name in grown]:
            gather(connection, rows, *many)


def _looked_at(table: sa.Table) -> str:
    """The table's columns without long texts: no plan needs them, and sorting them would be most of the work."""
    indexed = {*table.primary_key, *(column for index in table.indexes for column in index.columns)}
    names = (column.name for column in table.c if column in indexed or not isinstance(column.type, sa.Text))
    quoted = ", ".join(f'"{name}"' for name in names)
    return f'"{table.name}" ({quoted})'
