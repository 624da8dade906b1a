"""What can be wrong with the database itself. Each message says what was found and what to do."""

from __future__ import annotations


class StorageError(Exception):
    """Base of all: the database cannot be used as it is."""


class SchemaOlder(StorageError):
    """The database was made by an earlier release, or never set up."""


class SchemaNewer(StorageError):
    """The database was set up by a later release than this one."""


class SecondWorker(StorageError):
    """Another worker holds this SQLite database."""


class NotLockable(StorageError):
    """The lock file beside the SQLite database cannot be made or locked."""


class ScratchLost(StorageError):
    """The connection that held a read-only command's copy is gone."""
