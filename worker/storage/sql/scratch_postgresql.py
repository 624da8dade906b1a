"""A temporary copy of a PostgreSQL database: temporary tables with the names of the real ones, which hide them.

They live in one transaction that is rolled back. So nobody else can come upon them, and they lock no real table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count, islice
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.schema import CreateTable

from worker.storage.sql.engine import ALONE, open_engine, reading_options
from worker.storage.sql.errors import ScratchLost
from worker.storage.sql.migrate import require_revision, revision, stamp
from worker.storage.sql.tables import metadata


class _OneTransaction(psycopg.Connection[Any]):
    """A connection whose transactions are parts of one that is never committed; closing undoes it.

    Nothing of it outlives the command, whatever happens: a pooler may give the server's end to others afterwards.
    """

    _has_parts = False

    def commit(self) -> None:
        """End a part, and begin the next one."""
        if self._has_parts:
            self.execute("RELEASE SAVEPOINT part")
        self.execute("SAVEPOINT part")
        self._has_parts = True

    def rollback(self) -> None:
        """Undo the part."""
        if self._has_parts:
            self.execute("ROLLBACK TO SAVEPOINT part")
        else:
            super().rollback()

    def close(self) -> None:
        """Undo everything. A connection that broke has been undone by the server."""
        with suppress(psycopg.Error):
            super().rollback()
        super().close()


@contextmanager
def postgresql_copy(url: str) -> Iterator[sa.Engine]:
    """Yield an engine on a copy of the database; see `scratch_engine`."""
    engine = sa.create_engine(
        url,
        poolclass=sa.StaticPool,
        hide_parameters=True,  # they are of people
        connect_args={"prepare_threshold": None},  # a prepared statement would outlive the transaction
        execution_options={ALONE: True},
    )
    event.listen(engine, "do_connect", _connected)
    event.listen(engine, "connect", _once_only())
    try:
        _copy_tables(url, engine)
        yield engine
    finally:
        engine.dispose()


def _connected(_dialect: Any, _record: Any, arguments: Any, options: Any) -> _OneTransaction:
    return _OneTransaction.connect(*arguments, **options)


def _once_only() -> Callable[[Any, Any], None]:
    """Refuse a second connection: it would have no copy, so its writes would be real."""
    connections = count()

    def refuse_second(_connection: Any, _record: Any) -> None:
        if next(connections):
            raise ScratchLost("The connection to PostgreSQL broke, and the copy with it. Start again.")

    return refuse_second


def _copy_tables(url: str, engine: sa.Engine) -> None:
    """Make a filled temporary table for each real one, which unqualified names mean from then on.

    The rows come over another connection, whose transaction is over afterwards: the copy's locks no real table.
    """
    live = open_engine(url)
    try:
        with (
            live.connect().execution_options(**reading_options(live)) as source,
            source.begin(),
            engine.begin() as target,
        ):
            current = revision(source)
            if current is not None:
                require_revision(current)
            target.exec_driver_sql(_FOR_ITS_LIFE)
            for table in metadata.sorted_tables:
                target.execute(CreateTable(table))
                if schema := _schema(source, table.name):
                    _fill(source, target, table, schema)
                for index in table.indexes:
                    index.create(target)
                target.exec_driver_sql(f'ANALYZE "{table.name}"')  # autovacuum skips temporary tables
            stamp(target)
    finally:
        live.dispose()


# It is idle while sources are read. A server before 17 has no `transaction_timeout`
_FOR_ITS_LIFE = """
SELECT set_config(name, value, true) FROM pg_settings JOIN (VALUES
    ('search_path', 'pg_temp'), ('jit', 'off'),
    ('idle_in_transaction_session_timeout', '0'), ('transaction_timeout', '0')
) AS wanted (name, value) USING (name)
"""
CHUNK = 10_000  # rows that are passed on at once: one by one they take longer


def _schema(connection: sa.Connection, table: str) -> str | None:
    """The schema of a table, quoted for SQL; None if there is no such table."""
    query = "SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass(%s)"
    schema: str | None = connection.exec_driver_sql(query, (f'"{table}"',)).scalar()
    return schema


def _fill(source: sa.Connection, target: sa.Connection, table: sa.Table, schema: str) -> None:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    giving, taking = (
        cast("psycopg.Connection", one.connection.driver_connection) for one in (source, target)
    )
    with (
        giving.cursor().copy(f'COPY {schema}."{table.name}" ({columns}) TO STDOUT') as rows,
        taking.cursor().copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as into,
    ):
        each = iter(rows)
        while some := b"".join(islice(each, CHUNK)):
            into.write(some)
