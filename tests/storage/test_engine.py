"""What a connection to the embedded database is opened with, and what it keeps."""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event

from worker.storage.sql.engine import open_engine


def test_a_connection_that_is_given_back_keeps_no_pages(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'whosleft.db'}")
    said: list[str] = []
    event.listen(engine, "connect", lambda connection, _: connection.set_trace_callback(said.append))
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE shelf (nr INTEGER)"))
        assert "pragma shrink_memory" not in said

    assert said[-1] == "pragma shrink_memory"
    engine.dispose()


def test_a_connection_that_broke_is_given_back_without_an_error(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'whosleft.db'}")
    with engine.connect() as connection:
        connection.invalidate()

    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT 1")).scalar_one() == 1
    engine.dispose()
