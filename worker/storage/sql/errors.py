"""Errors of the database itself. Each message says what was found and what to do.

`trouble_of` says what any error of a database means, wherever it is told: by commands, jobs, the desk and its API, and
by /readyz.
"""

from __future__ import annotations

import errno
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class StorageError(Exception):
    """Base class: the database cannot be used as it is."""

    passes: ClassVar[bool] = False  # by itself, so that waiting helps


class SchemaOlder(StorageError):
    """The database was set up by an earlier release, or never."""

    passes = True  # the migration is under way


class NotUnicode(StorageError):
    """The database keeps text in an encoding that has not every letter."""


class SchemaNewer(StorageError):
    """The database was set up by a later release."""

    passes = True  # that release is taking over


class ReadOnly(StorageError):
    """The database's server takes no writes."""

    passes = True


class FileReplaced(StorageError):
    """Another file, or none, is where the SQLite database was that this process has open."""


class SecondWorker(StorageError):
    """Another worker holds this SQLite database."""


class NotLockable(StorageError):
    """The lock file beside the SQLite database cannot be made or locked."""


class NotCopied(StorageError):
    """A read-only command can make no copy of the SQLite database."""


class ScratchLost(StorageError):
    """The connection that held a read-only command's copy is gone."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a database: what was found, what to do, and whether it passes by itself."""

    found: str
    remedy: str
    passes: bool

    @property
    def words(self) -> str:
        """Both, in one line."""
        if not self.remedy:
            return self.found
        return f"{self.found}{'' if self.found.endswith('?') else '.'} {self.remedy}"


# --- what the drivers' codes mean: the remedy, and whether it passes by itself ----------------------------

_PROMOTED = (
    "Its server takes no writes, as before a standby is promoted: wait, or let database.url name the primary."
)
READ_ONLY = f"The database is read-only. {_PROMOTED}"
_RESTORE = "put a backup in its place (docs/upgrade.md), or correct database.url."
_RAISE = "If it lasts, raise {0} for the role in database.url, or set it to 0."
_MAKE_UNICODE = "make the database anew with: createdb --encoding=UTF8 --template=template0"
_OF_POSTGRESQL = {
    "08P01": (  # protocol_violation; PgBouncer gives its own limits this code
        "A pooler says so if it has no connection free: let it make more, or let database.url name the server.",
        True,
    ),
    "22P05": (  # untranslatable_character
        f"The database's encoding lacks a letter of a name: save it, and {_MAKE_UNICODE}",
        False,
    ),
    "25006": (_PROMOTED, True),  # read_only_sql_transaction
    "25P03": (_RAISE.format("idle_in_transaction_session_timeout"), True),
    "25P04": (_RAISE.format("transaction_timeout"), True),
    "42P01": (f"A table is missing: run whosleft migrate -c FILE, or {_RESTORE}", True),  # undefined_table
    "42501": (
        "Give the role in database.url all rights on the tables and TEMPORARY on the database, or make it their owner.",
        False,
    ),
    "53100": ("Make room on the server's disk.", True),
    "53400": ("Raise this limit for the role in database.url.", False),  # configuration_limit_exceeded
    "55P03": ("Another session holds a lock: look for one that hangs.", True),  # lock_not_available
    "57014": (_RAISE.format("statement_timeout"), True),  # query_canceled
    "XX001": (f"The server's data is damaged: {_RESTORE}", False),
    "XX002": (f"An index on the server is damaged: have it made anew (REINDEX), or {_RESTORE}", False),
}
REACHING = (
    "Look whether the server runs and takes connections, and whether database.url names it and its role."
)
_RIGHTS = "Whoever runs this has to be allowed to read and write {file} and its folder."
_DAMAGED = (f"{{file}} is damaged, or another program's: {_RESTORE}", False)
_BUSY = ("Another process is writing in {file}: try again; if it lasts, look for one that hangs.", True)
_OF_SQLITE = {
    sqlite3.SQLITE_PERM: (_RIGHTS, False),
    sqlite3.SQLITE_READONLY: (_RIGHTS, False),
    sqlite3.SQLITE_CANTOPEN: (_RIGHTS, True),  # or its disk is not there yet
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_FULL: ("Make room on the disk of {file}, and in the folder for temporary files.", True),
    sqlite3.SQLITE_IOERR: ("Look whether the disk of {file} is in order, and has room.", True),
}
_WRONG_STATEMENT = sqlite3.SQLITE_ERROR  # for which SQLite's driver has the class of an outage, too
OF_DATABASE = (StorageError, DBAPIError, PoolTimeoutError)  # all that `trouble_of` may know
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def lacks_letters(encoding: str) -> str:
    """What is wrong with a database of an encoding that lacks letters, and what to do."""
    return f"The database keeps text as {encoding}, which lacks letters of people's names: {_MAKE_UNICODE}"


def remedy_for(error: BaseException, file: Path) -> str:
    """What to do about an error with the file of an SQLite database; empty if that is not known."""
    if isinstance(error, OSError):
        code = sqlite3.SQLITE_FULL if error.errno in NO_ROOM else sqlite3.SQLITE_CANTOPEN
    else:
        code = _code(error)
    return _OF_SQLITE.get(code, ("", True))[0].format(file=file)


def trouble_of(error: BaseException) -> Trouble | None:
    """What an error of the database means; None for any other error, and for a fault of the program.

    For an SQLite file the remedy is in the error's notes, where `engine` has named the file.
    """
    if isinstance(error, StorageError):
        return Trouble(str(error), "", error.passes)
    if isinstance(error, PoolTimeoutError):
        return Trouble("all connections to the database are in use", "", passes=True)
    if not isinstance(error, DBAPIError) or error.orig is None or _code(error.orig) == _WRONG_STATEMENT:
        return None
    found = (" ".join(str(error.orig).split()) or type(error.orig).__name__).rstrip(".")
    if (of_file := _OF_SQLITE.get(_code(error.orig))) is not None:
        return Trouble(found, " ".join(getattr(error.orig, "__notes__", ())), of_file[1])
    state = getattr(error.orig, "sqlstate", None)
    if state in _OF_POSTGRESQL:
        return Trouble(found, *_OF_POSTGRESQL[state])
    if not error.connection_invalidated and not isinstance(error, OperationalError):
        return None
    is_answered = state or _code(error.orig)  # psycopg gives no state to what happens while connecting
    return Trouble(found, "" if is_answered else REACHING, passes=True)


def passes(error: BaseException) -> bool:
    """True for an error of the database that passes by itself: whoever asked should try again."""
    trouble = trouble_of(error)
    return trouble is not None and trouble.passes


def _code(error: BaseException) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
