"""Statistics are gathered where many rows are new, and of a kept table where these are a large share of it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from builders import NOW
from worker.storage.sql.statistics import gather, gather_grown
from worker.storage.sql.tables import person

BEFORE = 20_000


def test_a_table_that_grew_by_a_tenth_is_looked_at_and_a_stage_always(engine: sa.Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite plans by its indexes alone")
    with engine.connect() as connection:
        _add(connection, 0, BEFORE)
        gather_grown(connection, BEFORE, person)
        assert _known(connection, person) == BEFORE

        _add(connection, BEFORE, 1_500)
        gather_grown(connection, 1_500, person)
        assert _known(connection, person) == BEFORE

        _add(connection, BEFORE + 1_500, 2_000)
        gather_grown(connection, 2_000, person)
        assert _known(connection, person) == BEFORE + 3_500

        _add(connection, BEFORE + 3_500, 10)
        gather(connection, 999, person)
        assert _known(connection, person) == BEFORE + 3_500
        gather(connection, 1_000, person)
        assert _known(connection, person) == BEFORE + 3_510


def _add(connection: sa.Connection, first: int, count: int) -> None:
    values = {
        "source": "corp",
        "display_name": "P",
        "facts": "{}",
        "standing": "active",
        "first_seen_at": NOW,
        "changed_at": NOW,
    }
    rows = [{**values, "person_id": f"p{number}"} for number in range(first, first + count)]
    connection.execute(sa.insert(person), rows)


def _known(connection: sa.Connection, table: sa.Table) -> float:
    query = sa.text("SELECT reltuples FROM pg_class WHERE relname = :name")
    return float(connection.execute(query, {"name": table.name}).scalar_one())
