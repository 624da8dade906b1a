"""The peers of the core's benchmark are given rows that fit today's tables."""

from __future__ import annotations

from bench.company import Mixed
from bench.core import rows_of


def test_the_rows_of_the_peer_have_as_many_values_as_the_table_has_columns() -> None:
    for table, columns, rows in rows_of(Mixed(200)):
        assert {len(row) for row in rows()} == {len(columns)}, table.name
