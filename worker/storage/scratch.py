"""A copy of the database to try things out on, for commands that must write nothing (`plan`).

SQLite: a temporary file, made with the backup API while a worker goes on writing. PostgreSQL: temporary tables
of one connection, with the names of the real ones, which they hide; so no lock is held on a real row, as a
transaction to be rolled back would hold them until its end.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa

from worker.storage.engine import open_engine, sqlite_path
from worker.storage.errors import ScratchLost
from worker.storage.migrate import migrate, require_current, revision
from worker.storage.tables import metadata

PAGES = 4096  # copied before the writer gets a turn: 16 MB at SQLite's page size


@contextmanager
def scratch_engine(url: str) -> Iterator[sa.Engine]:
    """Yield an engine on a copy of the database as it is now; the copy is gone afterwards.

    A database that has no tables yet gives an empty one, and is not made. An older SQLite database is
    migrated in its copy; an older PostgreSQL database raises SchemaOlder, a newer one of either SchemaNewer.
    Takes as much room as the database (SQLite: in the folder for temporary files). On PostgreSQL all
    transactions share one connection: for one thread.
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
        if original is not None and original.exists():
            _back_up(original, copy)
        engine = open_engine(f"sqlite:///{copy}")
        try:
            migrate(engine)
            yield engine
        finally:
            engine.dispose()


def _back_up(original: Path, copy: Path) -> None:
    # Not mode=ro: reading a database in WAL mode may have to make its -shm file
    address = f"{original.resolve().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True)) as source, closing(sqlite3.connect(copy)) as target:
        source.execute("BEGIN")  # one snapshot: without it a busy writer makes the copy start over for ever
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(target, pages=PAGES)


# --- PostgreSQL ---------------------------------------------------------------------------------------


@contextmanager
def _postgresql_copy(url: str) -> Iterator[sa.Engine]:
    real = open_engine(url)
    try:
        with real.connect() as connection:
            _hide_tables(connection)
            driver = connection.connection.driver_connection
            yield _engine_on(driver)
            connection.invalidate()  # not back to the pool: it is full of temporary tables
    finally:
        real.dispose()
