"""How SQLite looks up what queries ask for: the steps of its plans, for tests that no table is read as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa


def queries_of(engine: sa.Engine, work: Callable[[], Any], table: str) -> list[tuple[str, Any]]:
    """Each query about `table` that the work sends, with its parameters."""
    said: list[tuple[str, Any]] = []

    def note(*what: Any) -> None:
        said.append((what[2], what[3]))

    sa.event.listen(engine, "before_cursor_execute", note)
    work()
    sa.event.remove(engine, "before_cursor_execute", note)
    return [one for one in said if f" {table}" in one[0]]


def steps_of(engine: sa.Engine, work: Callable[[], Any], table: str) -> list[list[str]]:
    """The steps of each query about `table` that the work sends, in SQLite's words and order.

    Without those that read a list which is given as a parameter.
    """
    queries = queries_of(engine, work, table)
    with engine.connect() as connection:
        found = [
            connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values) for query, values in queries
        ]
        return [[step.detail for step in plan if "VIRTUAL TABLE" not in step.detail] for plan in found]
