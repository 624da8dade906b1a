"""Databases with this release's tables: migrated once in a test process, copied for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import postgres
from throwaway import missing
from worker.storage.sql.engine import open_engine
from worker.storage.sql.migrate import migrate


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of an SQLite database with this release's tables, empty; to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "whosleft.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_database(_postgres_server: postgres.Server | str) -> Iterator[str]:
    """Yield the name of a PostgreSQL database with this release's tables, empty; a template for others."""
    if isinstance(_postgres_server, str):
        missing(_postgres_server)
    with _postgres_server.database() as url:
        _migrate(url)
        yield str(sa.make_url(url).database)


def _migrate(url: str) -> None:
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()  # nobody may be connected to a template, and the last one writes SQLite's log into its file
