"""What is read of the tickets of controls comes from an index, however many there were in all years."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from builders import NOW
from worker.domain.tickets.ticket import TicketState
from worker.storage.store import SqlStore


def test_what_was_opened_since_is_found_by_indexes(engine: sa.Engine) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads so small a table as a whole")
    said: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *what: said.append(what[2]))
    with SqlStore(engine).reading() as uow:
        assert uow.controls.opened_since(NOW) == {}
    [query] = [one for one in said if "opened" in one]
    with engine.connect() as connection:
        values = ("x",) * query.count("?")
        steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values)]
    assert "SCAN ticket" not in steps
    again = "SEARCH ticket USING INDEX ix_ticket_due (state=? AND due_at>?)"
    assert steps.count(again) == len(TicketState)
