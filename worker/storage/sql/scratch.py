"""A temporary copy of the database, for commands that must write nothing (`plan`).

SQLite: a temporary file, made with the backup API while a worker goes on writing. PostgreSQL: temporary tables.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa

from worker.storage.sql.engine import open_engine, sqlite_path
from worker.storage.sql.errors import NotCopied, remedy_for
from worker.storage.sql.guarded import make_private
from worker.storage.sql.migrate import migrate


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
        return
    from worker.storage.sql.scratch_postgresql import postgresql_copy  # noqa: PLC0415  the driver

    with postgresql_copy(url) as engine:
        yield engine


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
