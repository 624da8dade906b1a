"""PostgreSQL's statistics after a large change: gathered at once, since the next statement plans by them.

Autovacuum would get to it a minute later; until then a table of a hundred thousand new rows is planned for as an
empty one, and joins it row by row.
"""

from __future__ import annotations

import sqlalchemy as sa

MANY = 1_000  # rows: fewer are quick by any plan


def gather(connection: sa.Connection, rows: int, *tables: sa.Table) -> None:
    """Look at tables into which so many rows went; nothing for few, and nothing on SQLite."""
    if connection.dialect.name != "postgresql" or rows < MANY:
        return
    connection.exec_driver_sql(f"ANALYZE {', '.join(map(_looked_at, tables))}")


def _looked_at(table: sa.Table) -> str:
    """A table without its long texts, of which no query is planned: to sort them would be most of the work."""
    indexed = {*table.primary_key, *(column for index in table.indexes for column in index.columns)}
    names = (column.name for column in table.c if column in indexed or not isinstance(column.type, sa.Text))
    quoted = ", ".join(f'"{name}"' for name in names)
    return f'"{table.name}" ({quoted})'
