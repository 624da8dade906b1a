"""A temporary copy of the database, for commands that must write nothing (`plan`).

SQLite: a temporary file, made with the backup API while a worker goes on writing. PostgreSQL: temporary
tables of one connection, which have the names of the real ones and hide them. (One big transaction with a
rollback would hold locks on real rows, and so block the worker as long as the command takes.)
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.schema import CreateTable

from worker.storage.sql.engine import open_engine, sqlite_path
from worker.storage.sql.errors import NotCopied, ScratchLost, remedy_for
from worker.storage.sql.guarded import make_private
from worker.storage.sql.migrate import migrate, require_current, revision, stamp
from worker.storage.sql.tables import metadata


@contextmanager
def scratch_engine(url: str) -> Iterator[sa.Engine]:
    """Yield an engine on a copy of the database as it is now; the copy is gone afterwards.

    A database without tables gives an empty copy, and is itself not made. An older SQLite database is migrated
    in its copy; an older PostgreSQL database raises SchemaOlder. A newer one of either raises SchemaNewer. The
    copy takes as much room as the database (SQLite: in the folder for temporary files). On PostgreSQL all
    transactions share one connection, so use it in one thread.
    """
    if sa.make_url(url).get_backend_name() == "sqlite":
        with _sqlite_copy(url) as engine:
            yield engine
    else:
        with _postgresql_copy(url) as engine:
            yield engine


# --- SQLite -------------------------------------------------------------------------------------------


@contextmanager
def _sqlite_copy(url: str) -> Iterator[sa.Engine]:
    with tempfile.TemporaryDirectory(prefix="whosleft-plan-") as folder:
        copy = Path(folder) / "copy.db"
        original = sqlite_path(url)
        if original is not None:
            _back_up(original, copy)
        engine = open_engine(f"sqlite:///{copy}", original)
        try:
            migrate(engine)
            yield engine
        finally:
            engine.dispose()


def _back_up(original: Path, copy: Path) -> None:
    # One step, so one snapshot, which in WAL mode blocks no writer. Not mode=ro: a reader may make -shm
    address = f"{original.resolve().as_uri()}?mode=rw"
    try:
        if not original.exists():
            return
        make_private(copy)
        with closing(sqlite3.connect(address, uri=True)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    except (OSError, sqlite3.Error) as error:
        raise NotCopied(
            f"The database can't be copied into {copy.parent}: {error}. {remedy_for(error, original)} "
            "The copy takes as much room as the database."
        ) from error


# --- PostgreSQL ---------------------------------------------------------------------------------------


@contextmanager
def _postgresql_copy(url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(url, poolclass=sa.StaticPool)
    event.listen(engine, "connect", _once_only())
    try:
        with engine.connect() as connection:
            current = revision(connection)
        if current is not None:
            require_current(engine)
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            _hide_tables(connection)
        yield engine
    finally:
        engine.dispose()


def _once_only() -> Callable[[Any, Any], None]:
    """Refuse a second connection: it would have no copy, so its writes would be real."""
    connections = count()

    def refuse_second(_connection: Any, _record: Any) -> None:
        if next(connections):
            raise ScratchLost("The connection to PostgreSQL broke, and the copy with it. Start again.")

    return refuse_second


def _hide_tables(connection: sa.Connection) -> None:
    """Make a filled temporary table for each real one. From then on, unqualified names mean these."""
    with connection.begin():
        schemas = {table.name: _schema(connection, table.name) for table in metadata.sorted_tables}
        connection.exec_driver_sql("SET LOCAL search_path TO pg_temp")
        for table in metadata.sorted_tables:
            connection.execute(CreateTable(table))
            if schema := schemas[table.name]:
                _fill(connection, table, schema)
            for index in table.indexes:
                index.create(connection)
            connection.exec_driver_sql(f'ANALYZE "{table.name}"')  # autovacuum skips temporary tables
        stamp(connection)


def _schema(connection: sa.Connection, table: str) -> str | None:
    """The schema of a table, quoted for SQL; None if there is no such table."""
    query = "SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass(%s)"
    schema: str | None = connection.exec_driver_sql(query, (f'"{table}"',)).scalar()
    return schema


def _fill(connection: sa.Connection, table: sa.Table, schema: str) -> None:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    connection.exec_driver_sql(
        f'INSERT INTO "{table.name}" ({columns}) SELECT {columns} FROM {schema}."{table.name}"'  # noqa: S608
    )
