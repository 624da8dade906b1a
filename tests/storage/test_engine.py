"""What a connection to a database is opened with, and what it keeps."""

from pathlib import Path

import pytest
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


@pytest.mark.parametrize("set_by_somebody, used", [("", "1.1"), ("&options=-c%20random_page_cost%3D2", "2")])
def test_postgresql_plans_for_a_disk_that_does_not_turn_unless_somebody_said_otherwise(
    postgres_url: str, set_by_somebody: str, used: str
) -> None:
    engine = open_engine(postgres_url + set_by_somebody)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW random_page_cost").scalar_one() == used
        assert connection.exec_driver_sql("SHOW jit").scalar_one() == "off"
    engine.dispose()
