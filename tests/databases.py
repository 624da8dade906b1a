"""Fixtures for tests that need a database: each test runs on SQLite (a file) and on PostgreSQL.

A folder's conftest.py imports the fixtures that it wants and lists them in `__all__`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from worker.storage.engine import open_engine
from worker.storage.migrate import migrate

KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database; an SQLite one does not even have its file yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'whosleft.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def empty_engine(database_url: str) -> Iterator[sa.Engine]:
    """Yield an engine on a database without tables."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(empty_engine: sa.Engine) -> sa.Engine:
    """Return an engine on a database with this release's tables, empty."""
    migrate(empty_engine)
    return empty_engine


def dump(engine: sa.Engine) -> dict[str, list[tuple[object, ...]]]:
    """Read every row of every table, to be compared."""
    tables = sa.MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for table in tables.sorted_tables
        }
