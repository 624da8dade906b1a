"""Databases in memory, which cost a test next to nothing: tables come from a copy, statements are compiled once.

memory_engine: this release's tables, empty. twin_of: another database, which holds what the first does now.
"""

import functools
import sqlite3

import sqlalchemy as sa

from worker.storage.sql.engine import open_engine
from worker.storage.sql.migrate import head
from worker.storage.sql.tables import metadata


def memory_engine() -> sa.Engine:
    """Return an engine on a database of its own, with this release's tables."""
    return _engine_on(_tables())


def make_tables(engine: sa.Engine) -> None:
    """Make this release's tables where they are missing, and say whose they are."""
    metadata.create_all(engine)
    with engine.begin() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            connection.exec_driver_sql("CREATE TABLE alembic_version (version_num TEXT)")
            connection.execute(sa.text("INSERT INTO alembic_version VALUES (:head)"), {"head": head()})


def twin_of(engine: sa.Engine) -> sa.Engine:
    """Return an engine on another database, which holds what the first does now."""
    return _engine_on(_content(engine))


def _engine_on(content: bytes) -> sa.Engine:
    engine = open_engine("sqlite://")
    # What SQLAlchemy has compiled is kept by dialect, and each engine would have one of its own
    engine.dialect, engine._compiled_cache = _first().dialect, _first()._compiled_cache
    with engine.connect() as connection:
        _sqlite(connection).deserialize(content)
    return engine


@functools.cache
def _first() -> sa.Engine:
    return open_engine("sqlite://")


@functools.cache
def _tables() -> bytes:
    make_tables(_first())
    return _content(_first())


def _content(engine: sa.Engine) -> bytes:
    with engine.connect() as connection:
        return _sqlite(connection).serialize()


def _sqlite(connection: sa.Connection) -> sqlite3.Connection:
    connected = connection.connection.driver_connection
    assert isinstance(connected, sqlite3.Connection)
    return connected
