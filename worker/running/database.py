"""The configured database: opened, checked, brought up to this release."""

from __future__ import annotations

import sqlalchemy as sa

from worker.running.app import (
    Clock,
)
from worker.settings import (
    Settings,
)
from worker.storage.sql.engine import open_engine, sqlite_path
from worker.storage.sql.errors import lacks_letters
from worker.storage.sql.migrate import is_set_up, migrate, narrow_encoding, pending, require_current
from worker.storage.store import SqlStore


def open_store(settings: Settings, engine: sa.Engine, recorded_by: Clock | None = None) -> SqlStore:
    """The store over an engine, as configured. `recorded_by`: see `open_app`."""
    return SqlStore(engine, settings.leaver.accounts, recorded_by)


def prepare_tables(settings: Settings, engine: sa.Engine) -> None:
    """Set up the embedded default, or check a server's tables, which only `whosleft migrate` changes.

    Tables that are up to date are only read: a command needs no turn to write beside a worker's long transaction.
    """
    if sqlite_path(settings.database.url) is not None and pending(engine):
        migrate(engine)
    require_current(engine)


def migrate_database(settings: Settings) -> tuple[str | None, str]:
    """Bring the tables up to this release; return the revisions before and after."""
    engine = open_engine(settings.database.url)
    try:
        return migrate(engine)
    finally:
        engine.dispose()


def has_tables(settings: Settings) -> bool:
    """True if the database has tables, of whichever release; changes nothing."""
    engine = open_engine(settings.database.url)
    try:
        return is_set_up(engine)
    finally:
        engine.dispose()


def table_warnings(settings: Settings) -> tuple[str, ...]:
    """Warnings of a server's database: `whosleft run` would wait for its tables, or its encoding lacks letters.

    The embedded default makes its own tables, and keeps every letter.
    """
    if sqlite_path(settings.database.url) is not None:
        return ()
    engine = open_engine(settings.database.url)
    try:
        if not is_set_up(engine):
            return (
                "the database has no tables yet. Before whosleft run, set it up with: whosleft migrate -c FILE",
            )
        with engine.connect() as connection:
            encoding = narrow_encoding(connection)
    finally:
        engine.dispose()
    return () if encoding is None else (lacks_letters(encoding),)


def require_this_release(settings: Settings) -> None:
    """Raise StorageError for a database of another release; changes nothing."""
    engine = open_engine(settings.database.url)
    try:
        require_current(engine)
    finally:
        engine.dispose()
