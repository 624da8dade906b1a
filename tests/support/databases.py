"""Fixtures for tests that need a database: each test runs on SQLite (a file) and on PostgreSQL.

A folder's conftest.py imports the fixtures that it wants and lists them in `__all__`.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from worker.storage.sql.engine import open_engine

KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database; an SQLite one does not even have its file yet.

    Where a test asks for `engine`, it has this release's tables: copied, not migrated anew.
    """
    has_tables = "engine" in request.fixturenames
    if request.param == "sqlite":
        file = tmp_path / "whosleft.db"
        if has_tables:
            shutil.copyfile(request.getfixturevalue("migrated_file"), file)
        return f"sqlite:///{file}"
    url: str = request.getfixturevalue("migrated_postgres_url" if has_tables else "postgres_url")
    return url


@pytest.fixture
def empty_engine(database_url: str) -> Iterator[sa.Engine]:
    """Yield an engine on a database without tables."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """Yield an engine on a database with this release's tables, empty."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def dump(engine: sa.Engine) -> dict[str, list[tuple[object, ...]]]:
    """Read every row of every table, to be compared."""
    tables = sa.MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for table in tables.sorted_tables
        }
