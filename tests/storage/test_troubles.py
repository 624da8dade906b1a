"""What errors of a database mean: each in words with a remedy, and whether it passes by itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from worker.ops.health import reason
from worker.storage.sql.engine import open_engine, open_impatient_engine
from worker.storage.sql.errors import NotUnicode, SchemaNewer, SecondWorker, Trouble, passes, trouble_of
from worker.storage.sql.migrate import migrate, narrow_encoding

RESTORE = "put a backup in its place (docs/upgrade.md), or correct database.url."
INSERT = "INSERT INTO shelf VALUES (1)"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "whosleft.db"
    with closing(sqlite3.connect(file)) as made:
        made.execute("CREATE TABLE shelf (nr INTEGER)")
    return file


@pytest.fixture
def engine(file: Path) -> Iterator[sa.Engine]:
    engine = open_impatient_engine(f"sqlite:///{file}", 0)
    yield engine
    engine.dispose()


def do(engine: sa.Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for one in statements:
            connection.exec_driver_sql(one)


def trouble_with(engine: sa.Engine, *statements: str) -> Trouble | None:
    """What the error means that these end with."""
    with pytest.raises(DBAPIError) as raised:
        do(engine, *statements)
    assert "[SQL" not in reason(raised.value) or trouble_of(raised.value) is None
    return trouble_of(raised.value)


def test_a_file_that_another_writes_is_to_be_tried_again(engine: sa.Engine, file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        assert trouble_with(engine, INSERT) == Trouble(
            "database is locked",
            f"Another process is writing in {file}: try again; if it lasts, look for one that hangs.",
            passes=True,
        )


def test_a_full_disk_wants_room(engine: sa.Engine, file: Path) -> None:
    @sa.event.listens_for(engine, "connect")
    def _fill(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 2")

    assert trouble_with(engine, "CREATE TABLE other (nr INTEGER)", INSERT) == Trouble(
        "database or disk is full",
        f"Make room on the disk of {file}, and in the folder for temporary files.",
        passes=True,
    )


def test_what_may_not_be_written_is_for_somebody_to_mend(engine: sa.Engine, file: Path) -> None:
    assert trouble_with(engine, "PRAGMA query_only = ON", INSERT) == Trouble(
        "attempt to write a readonly database",
        f"Whoever runs this has to be allowed to read and write {file} and its folder.",
        passes=False,
    )


@pytest.mark.parametrize(
    "damage, found",
    [
        (lambda _: b"not a database" * 500, "file is not a database"),
        (lambda whole: whole[:4096], "database disk image is malformed"),
    ],
    ids=["another file", "cut off"],
)
def test_a_damaged_file_wants_its_backup(
    engine: sa.Engine, file: Path, damage: Callable[[bytes], bytes], found: str
) -> None:
    file.write_bytes(damage(file.read_bytes()))

    assert trouble_with(engine, INSERT) == Trouble(
        found,
        f"{file} is damaged, or another program's: {RESTORE}",
        passes=False,
    )


@pytest.mark.postgres
@pytest.mark.parametrize(
    "before, told, remedy, does_pass",
    [
        (
            "SET TRANSACTION READ ONLY",
            "cannot execute INSERT in a read-only",
            "let database.url name the primary",
            True,
        ),
        (
            "SET LOCAL ROLE pg_monitor",
            "permission denied for table shelf",
            "Give the role in database.url",
            False,
        ),
    ],
)
def test_a_server_that_takes_no_writes_is_told_from_one_that_may_not_be_written(
    postgres_url: str, before: str, told: str, remedy: str, does_pass: bool
) -> None:
    engine = open_engine(postgres_url)
    do(engine, "CREATE TABLE shelf (nr INTEGER)")

    trouble = trouble_with(engine, before, INSERT)

    assert trouble is not None
    assert told in trouble.words
    assert remedy in trouble.words
    assert trouble.passes is does_pass
    engine.dispose()


@pytest.mark.postgres
def test_a_server_decides_whether_it_is_written_after_a_transaction_that_only_read(postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    do(engine, "CREATE TABLE shelf (nr INTEGER)")
    with engine.connect().execution_options(postgresql_readonly=True) as connection:
        connection.exec_driver_sql("SELECT 1")
    with engine.connect() as connection:
        connection.exec_driver_sql("SET default_transaction_read_only = on")
        connection.commit()

    trouble = trouble_with(engine, INSERT)

    assert trouble is not None
    assert trouble.passes
    engine.dispose()


@pytest.mark.postgres
def test_a_session_that_the_server_ended_passes(postgres_url: str) -> None:
    engine = open_engine(postgres_url)

    trouble = trouble_with(engine, "SELECT pg_terminate_backend(pg_backend_pid())")

    assert trouble is not None
    assert trouble.passes
    engine.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize(
    "differs", [{"database": "nosuch"}, {"username": "nobody"}, {"query": {"host": "nowhere"}}]
)
def test_a_server_that_cannot_be_reached_wants_a_look_at_its_address(
    postgres_url: str, differs: dict[str, Any]
) -> None:
    engine = open_engine(sa.make_url(postgres_url).set(**differs).render_as_string(hide_password=False))

    trouble = trouble_with(engine, "SELECT 1")

    assert trouble is not None
    assert "whether database.url names it and its role" in trouble.remedy
    assert trouble.passes
    engine.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize(
    "statements, found, remedy",
    [
        (
            ("SET statement_timeout = 20", "SELECT pg_sleep(5)"),
            "canceling statement due to statement timeout",
            "If it lasts, raise statement_timeout for the role in database.url, or set it to 0.",
        ),
        (
            ("SELECT * FROM nosuch",),
            'relation "nosuch" does not exist',
            f"A table is missing: run whosleft migrate -c FILE, or {RESTORE}",
        ),
    ],
    ids=["too long", "no table"],
)
def test_what_a_server_answered_says_nothing_of_its_address(
    postgres_url: str, statements: tuple[str, ...], found: str, remedy: str
) -> None:
    engine = open_engine(postgres_url)

    trouble = trouble_with(engine, *statements)

    assert trouble is not None
    assert trouble.found.startswith(found)
    assert trouble.remedy == remedy
    assert trouble.passes
    engine.dispose()


@pytest.mark.parametrize(
    "error, does_pass",
    [
        (SchemaNewer("Of a later release."), True),
        (SecondWorker("Another worker."), False),
        (PoolTimeoutError("QueuePool limit"), True),
        (
            DBAPIError.instance("SELECT 1", None, psycopg.OperationalError("is it running?"), psycopg.Error),
            True,
        ),
        (
            DBAPIError.instance(
                "SELECT 1", None, psycopg.errors.IdleInTransactionSessionTimeout("ended"), psycopg.Error
            ),
            True,
        ),
        (DBAPIError.instance("SELECT 1", None, psycopg.errors.DiskFull("no room"), psycopg.Error), True),
        (
            DBAPIError.instance("SELECT 1", None, psycopg.errors.DataCorrupted("bad page"), psycopg.Error),
            False,
        ),
    ],
)
def test_others_have_words_too(error: Exception, does_pass: bool) -> None:
    trouble = trouble_of(error)

    assert trouble is not None
    assert trouble.words
    assert passes(error) is does_pass


def test_a_fault_of_the_program_is_none_of_the_database(engine: sa.Engine) -> None:
    assert trouble_of(ZeroDivisionError()) is None
    assert not passes(ZeroDivisionError())
    assert trouble_with(engine, "CREATE UNIQUE INDEX one ON shelf (nr)", INSERT, INSERT) is None


WRONG = ["SELECT nope FROM shelf", "SELECT FROM WHERE"]


@pytest.mark.parametrize("statement", [*WRONG, "SELECT * FROM nowhere"])
def test_a_statement_that_is_wrong_is_a_fault_of_the_program(engine: sa.Engine, statement: str) -> None:
    assert trouble_with(engine, statement) is None


@pytest.mark.postgres
@pytest.mark.parametrize("statement", WRONG)
def test_a_statement_that_is_wrong_for_a_server_is_one_too(postgres_url: str, statement: str) -> None:
    engine = open_engine(postgres_url)
    do(engine, "CREATE TABLE shelf (nr INTEGER)")
    assert trouble_with(engine, statement) is None
    engine.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize("encoding, is_taken", [("SQL_ASCII", True), ("LATIN1", False)])
def test_a_server_s_database_has_to_hold_every_letter(
    postgres_url: str, encoding: str, *, is_taken: bool
) -> None:
    url, name = sa.make_url(postgres_url), f"odd_{encoding.lower()}"
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(
            f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 "
            "LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"
        )
    engine = open_engine(url.set(database=name).render_as_string(hide_password=False))
    try:
        if is_taken:
            migrate(engine)
            with engine.connect() as connection:
                assert connection.execute(sa.select(sa.literal("\u0141ukasz"))).scalar() == "\u0141ukasz"
        else:
            with pytest.raises(NotUnicode, match="createdb --encoding=UTF8"):
                migrate(engine)
            with engine.connect() as connection:
                assert narrow_encoding(connection) == "LATIN1", "so that check warns of one that has tables"
    finally:
        engine.dispose()
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}")
        server.dispose()
