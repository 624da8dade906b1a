"""What a connection to a database is opened with, and what it keeps."""

import errno
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from worker.storage.sql.engine import open_engine, reading_options, require_same_file, wait_for_turn
from worker.storage.sql.errors import FileReplaced
from worker.storage.sql.guarded import make_private


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


@pytest.mark.parametrize("is_put_back", [True, False])
def test_a_file_that_is_not_the_one_that_was_opened_is_refused(tmp_path: Path, *, is_put_back: bool) -> None:
    file = tmp_path / "whosleft.db"
    engine = open_engine(f"sqlite:///{file}")
    require_same_file(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE shelf (nr INTEGER)")
    require_same_file(engine)
    file.unlink()
    if is_put_back:
        make_private(file)
    for use in (engine.connect, lambda: require_same_file(engine)):
        with pytest.raises(FileReplaced, match=r"whosleft\.db was replaced or removed"):
            use()
    engine.pool.dispose()
    with pytest.raises(FileReplaced):  # a new connection does not go on in the other file
        engine.connect()
    assert file.exists() is is_put_back
    engine.dispose()


def test_a_file_that_is_removed_while_a_connection_is_made_is_not_made_anew(tmp_path: Path) -> None:
    file = tmp_path / "whosleft.db"
    engine = open_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE shelf (nr INTEGER)")
    engine.pool.dispose()
    event.listen(engine, "do_connect", lambda *_: file.unlink())

    with pytest.raises(sa.exc.OperationalError, match="unable to open"):
        engine.connect()
    assert not file.exists()
    engine.dispose()


def test_a_file_that_cannot_be_looked_at_is_not_taken_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "whosleft.db"
    engine = open_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE shelf (nr INTEGER)")

    def away(_path: Path, **_options: object) -> None:
        raise OSError(errno.ESTALE, "Stale file handle")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", away)
        require_same_file(engine)
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM shelf").scalar_one() == 0
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


@pytest.fixture
def limited(postgres_url: str) -> Iterator[sa.Engine]:
    """A database whose administrator limits everything."""
    plain = open_engine(postgres_url)
    settings = {"lock_timeout": "'100ms'", "statement_timeout": "'100ms'"}
    settings["default_transaction_isolation"] = "'repeatable read'"
    with plain.begin() as connection:
        for name, value in settings.items():
            connection.exec_driver_sql(f"ALTER DATABASE {plain.url.database} SET {name} = {value}")
    plain.dispose()
    engine = open_engine(postgres_url)
    yield engine
    engine.dispose()


def test_a_job_waits_for_its_turn_whatever_limits_a_database_has(limited: sa.Engine) -> None:
    name = "it's 100 % of a \\ host"
    with ThreadPoolExecutor(1) as pool, limited.connect() as other:
        with other.begin():
            wait_for_turn(other, "another job")

            def job() -> tuple[str, ...]:
                with limited.begin() as connection:
                    wait_for_turn(connection, name)
                    connection.exec_driver_sql("SELECT pg_sleep(0.2)")
                    return tuple(
                        connection.exec_driver_sql(f"SHOW {one}").scalar_one()
                        for one in ("application_name", "lock_timeout", "transaction_isolation")
                    )

            ran = pool.submit(job)
            other.exec_driver_sql("SELECT pg_sleep(0.3)")
        assert ran.result(timeout=30) == (name, "0", "read committed")

    with limited.connect().execution_options(**reading_options(limited)) as reader:
        assert reader.exec_driver_sql("SHOW statement_timeout").scalar_one() == "100ms", (
            "it stays for reading"
        )
        assert reader.exec_driver_sql("SHOW transaction_isolation").scalar_one() == "repeatable read"
    with limited.begin() as connection:
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar_one() == "read committed"
