"""Opening a database: SQLite with the right transaction mode, or PostgreSQL.

SQLite: WAL, `BEGIN IMMEDIATE` for every transaction that may write (a writer waits for the other instead of failing in
the middle), synchronous=FULL so that a committed ticket survives a power cut. Only a connection that is in use
keeps pages in memory.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

BUSY_TIMEOUT_S = 60
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "cache_size=-8192",  # KiB; 64 MiB would save a tenth of the time for 200,000 people, and take half of the memory
    "temp_store=MEMORY",
)
READ_ONLY = "postgresql_readonly"
READS: dict[str, Any] = {
    READ_ONLY: True
}  # what PostgreSQL's driver calls it; SQLite then begins without its lock


def open_engine(url: str) -> sa.Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://…`. Creates no file until it is used."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        # A statement that the server keeps prepared keeps the plan of when the tables were empty, too
        unprepared = {"prepare_threshold": None}
        return sa.create_engine(parsed, hide_parameters=True, pool_pre_ping=True, connect_args=unprepared)
    if parsed.database in {None, "", ":memory:"}:
        engine = sa.create_engine(
            parsed,
            hide_parameters=True,
            poolclass=sa.pool.StaticPool,
            connect_args={"check_same_thread": False},
        )
    else:
        engine = sa.create_engine(parsed, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    event.listen(engine, "checkin", _on_checkin)
    return engine


def _on_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in PRAGMAS:
        connection.execute(f"pragma {pragma}")


def _on_checkin(connection: Any, _record: Any) -> None:
    if connection is not None:  # None: it broke
        connection.execute("pragma shrink_memory")  # each connection has pages of its own, and keeps them


def _on_begin(connection: sa.Connection) -> None:
    only_reads = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


def sqlite_path(url: str | sa.URL) -> Path | None:
    """The file of an SQLite database, None for anything else."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database)
