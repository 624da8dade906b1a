"""Bring a database's tables up to this release, and refuse to work on unknown tables.

Alembic does the steps (`migrations/versions`), all in one transaction. A second process that migrates at the
same time waits, then finds nothing left to do. The only way back is a backup.

While a cluster is upgraded, the release before works on the tables of the new one. Each migration says how old such a
release may be: its `floor` is the newest revision of the oldest such release. A step that only adds keeps the floor
of the one before. A step that removes something or changes a meaning is its own floor, and comes a release later.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from worker.storage.sql.engine import READ_ONLY, WRITERS, sqlite_path
from worker.storage.sql.errors import NotUnicode, SchemaNewer, SchemaOlder, lacks_letters
from worker.storage.sql.tables import schema_floor

if TYPE_CHECKING:
    from alembic.config import Config

# Alembic is imported only for a step: every command asks for the revision, and importing it takes longer than the rest
MIGRATIONS = Path(__file__).parents[1] / "migrations"
# One number for all of PostgreSQL's advisory locks: "whosleft" in ASCII
LOCK = int.from_bytes(b"whosleft", "big")
_VERSION = sa.table("alembic_version", sa.column("version_num", sa.String))
CURRENT = sa.select(_VERSION.c.version_num)


def migrate(engine: sa.Engine, scripts: Path = MIGRATIONS) -> tuple[str | None, str]:
    """Bring the tables up to this release; return the revision before (None: an empty database) and after.

    One transaction: it happens as a whole or not at all. Does nothing if the tables are up to date, or of a later
    release that this one may work beside. Raises SchemaNewer, and NotUnicode for a new database.
    """
    with engine.begin() as connection:  # on SQLite the only writer from here on
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(WRITERS)))  # see `require_unchanged`
        before = revision(connection, scripts)
        _refuse_newer(before, scripts)
        if before is None and (encoding := narrow_encoding(connection)):
            raise NotUnicode(lacks_letters(encoding))
        if before != head(scripts):
            from alembic import command  # noqa: PLC0415  see MIGRATIONS

            command.upgrade(configuration(connection, scripts), "head")
            connection.execute(sa.delete(schema_floor))
            connection.execute(sa.insert(schema_floor).values(revision=floor(scripts)))
    return before, head(scripts)


def stamp(connection: sa.Connection) -> None:
    """Mark tables that were made from this release's definitions as up to date."""
    from alembic import command  # noqa: PLC0415  see MIGRATIONS

    command.stamp(configuration(connection), "head")


def pending(engine: sa.Engine) -> bool:
    """True if `migrate` has something to do. Makes no file. Raises SchemaNewer."""
    current = _current(engine)
    _refuse_newer(current)
    return current != head()


def is_set_up(engine: sa.Engine) -> bool:
    """True if the database has tables, of whichever release. Makes no file."""
    return _current(engine) is not None


def require_current(engine: sa.Engine) -> None:
    """Raise SchemaOlder or SchemaNewer unless this release can work on the tables. Makes no file."""
    require_revision(_current(engine))


def require_revision(current: str | None) -> None:
    """As `require_current`, for a result of `revision`."""
    _refuse_newer(current)
    if current is None:
        raise SchemaOlder("The database has no tables yet. Set it up with: whosleft migrate -c FILE")
    if current != head():
        raise SchemaOlder(
            f"The database's tables are of an earlier release (revision {current}, needed {head()}). "
            "Make a backup, then run: whosleft migrate -c FILE"
        )


def require_unchanged(connection: sa.Connection, current: str | None) -> None:
    """As `require_current`, in a transaction that has read which revision the tables have by now (`CURRENT`)."""
    if current != head():
        require_revision(revision(connection))


def narrow_encoding(connection: sa.Connection) -> str | None:
    """The encoding of a server's database if names may have letters that it lacks. SQL_ASCII keeps any bytes."""
    if connection.dialect.name != "postgresql":
        return None
    encoding = str(connection.exec_driver_sql("SHOW server_encoding").scalar_one())
    return None if encoding in {"UTF8", "SQL_ASCII"} else encoding


@cache
def head(scripts: Path = MIGRATIONS) -> str:
    """The revision that this release works on."""
    if not _known(scripts):
        raise FileNotFoundError(f"{scripts} holds no migrations: the installation is damaged")
    return max(_known(scripts))


@cache
def floor(scripts: Path = MIGRATIONS) -> str:
    """The newest revision of the oldest release that may work on this release's tables."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415  see MIGRATIONS

    floors: list[str] = [script.module.floor for script in ScriptDirectory(str(scripts)).walk_revisions()]
    return max(floors)


def revision(connection: sa.Connection, scripts: Path = MIGRATIONS) -> str | None:
    """The revision that this release can treat the tables as; None if they were never set up.

    Tables of a later release count as this release's if it may work beside that one. Else it is their own revision,
    which this release does not know.
    """
    is_set_up = sa.inspect(connection).has_table(_VERSION.name)
    current = connection.execute(CURRENT).scalar() if is_set_up else None
    if current is None or current in _known(scripts):
        return current
    allowed = connection.execute(sa.select(schema_floor.c.revision)).scalar()
    return head(scripts) if allowed in _known(scripts) else current


def configuration(connection: sa.Connection | None = None, scripts: Path = MIGRATIONS) -> Config:
    """Alembic's configuration, without a file of its own; `migrations/env.py` uses the connection given."""
    from alembic.config import Config  # noqa: PLC0415  see MIGRATIONS

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@cache
def _known(scripts: Path) -> frozenset[str]:
    """The revisions of this release, from the first part of the migrations' file names: 0001, 0002 and so on."""
    return frozenset(file.name.partition("_")[0] for file in (scripts / "versions").glob("[0-9]*_*.py"))


def _current(engine: sa.Engine) -> str | None:
    path = sqlite_path(engine.url)
    if path is not None and not path.exists():
        return None  # connecting would make the file
    with engine.connect().execution_options(**({READ_ONLY: True} if path else {})) as connection:
        return revision(connection)


def _refuse_newer(current: str | None, scripts: Path = MIGRATIONS) -> None:
    if current is not None and current not in _known(scripts):
        raise SchemaNewer(
            f"The database's tables are of a later release than this one (revision {current}, this release "
            f"knows up to {head(scripts)}), and this one may not work beside it. Run that release, or go back to "
            "the backup from before its migration."
        )
