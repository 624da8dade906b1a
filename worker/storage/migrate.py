"""Bringing a database's tables up to this release, and refusing to work on tables of another.

Alembic does the steps (`migrations/versions`), all in one transaction; whoever migrates at the same time
waits, then finds nothing left to do. There is no way back but the backup.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from worker.storage.engine import sqlite_path
from worker.storage.errors import SchemaNewer, SchemaOlder

MIGRATIONS = Path(__file__).parent / "migrations"
# One number for all of PostgreSQL's advisory locks: "whosleft" in ASCII
LOCK = int.from_bytes(b"whosleft", "big")


def migrate(engine: sa.Engine) -> tuple[str | None, str]:
    """Bring the tables up to this release; return the revision before (None: an empty database) and after.

    One transaction: it happens as a whole or not at all. Does nothing when there is nothing to do.
    Raises SchemaNewer.
    """
    with engine.begin() as connection:  # on SQLite the one writer from here on
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        before = revision(connection)
        _refuse_newer(before)
        if before != head():
            command.upgrade(configuration(connection), "head")
    return before, head()


def pending(engine: sa.Engine) -> bool:
    """Whether `migrate` has something to do. Makes no file. Raises SchemaNewer."""
    current = _current(engine)
    _refuse_newer(current)
    return current != head()


def require_current(engine: sa.Engine) -> None:
    """Raise SchemaOlder or SchemaNewer unless the tables are those of this release. Makes no file."""
    current = _current(engine)
    _refuse_newer(current)
    if current is None:
        raise SchemaOlder("The database has no tables yet. Set it up with: whosleft migrate -c FILE")
    if current != head():
        raise SchemaOlder(
            f"The database's tables are of an earlier release (revision {current}, needed {head()}). "
            "Make a backup, stop the workers, then run: whosleft migrate -c FILE"
        )


def head() -> str:
    """The revision that this release works on."""
    newest = _scripts().get_current_head()
    if newest is None:
        raise FileNotFoundError(f"{MIGRATIONS} holds no migrations: the installation is damaged")
    return newest


def revision(connection: sa.Connection) -> str | None:
    """The revision of the database's tables; None when it was never set up."""
    return MigrationContext.configure(connection).get_current_revision()


def configuration(connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration, without a file of its own; `migrations/env.py` uses the connection given."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


def _current(engine: sa.Engine) -> str | None:
    path = sqlite_path(engine.url)
    if path is not None and not path.exists():
        return None  # connecting would make it
    with engine.connect() as connection:
        return revision(connection)


def _refuse_newer(current: str | None) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if current is not None and current not in known:
        raise SchemaNewer(
            f"The database's tables are of a later release than this one (revision {current}, this release "
            f"knows up to {head()}). Run that release, or go back to the backup from before its migration."
        )
