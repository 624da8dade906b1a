"""Errors of the database itself. Each message says what was found and what to do."""

from __future__ import annotations


class StorageError(Exception):
    """Base class: the database cannot be used as it is."""


class SchemaOlder(StorageError):
    """The database was set up by an earlier release, or never."""


class SchemaNewer(StorageError):
    """The database was set up by a later release."""


class SecondWorker(StorageError):
    """Another worker holds this SQLite database."""


class NotLockable(StorageError):
    """The lock file beside the SQLite database cannot be made or locked."""


class NotCopied(StorageError):
    """A read-only command can make no copy of the SQLite database."""


class ScratchLost(StorageError):
    """The connection that held a read-only command's copy is gone."""
