"""Allow one worker for an SQLite database, by an operating system's lock on a file beside it.

The lock ends with the process, even after a crash. The desk and the commands do not take it. PostgreSQL does not
need it, since leases let any number of workers run.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from worker.storage.sql.engine import sqlite_path
from worker.storage.sql.errors import NO_ROOM, NotLockable, SecondWorker, StorageError, remedy_for
from worker.storage.sql.guarded import OWNER_ONLY

SUFFIX = ".worker-lock"
NOTE_MAX = 500  # bytes read of the holder's note about itself


@contextmanager
def sole_worker(url: str) -> Iterator[None]:
    """Be the only worker on this SQLite database within the context.

    Raises SecondWorker if there is another, NotLockable if that cannot be known. The lock file stays behind on
    purpose: after removing it, two processes could lock two files of the same name.
    """
    path = sqlite_path(url)
    if path is None:
        yield
        return
    lock = path.resolve()  # a symbolic link to the database must lead to the same lock
    lock = lock.with_name(lock.name + SUFFIX)
    descriptor = _locked(lock, path)
    try:
        yield
    finally:
        os.close(descriptor)


def _locked(lock: Path, database: Path) -> int:
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, OWNER_ONLY)
    except OSError as error:
        raise problem(error, lock, database, "") from error
    try:
        with suppress(PermissionError):  # the file is another user's, in a folder of a group
            os.fchmod(descriptor, OWNER_ONLY)  # a user who may open it could hold it, and keep the worker out
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
    except OSError as error:
        holder = os.pread(descriptor, NOTE_MAX, 0).decode(errors="replace")
        os.close(descriptor)
        raise problem(error, lock, database, holder) from error
    return descriptor


def problem(error: OSError, lock: Path, database: Path, holder: str) -> StorageError:
    """The error for the operator if the lock file could not be opened, locked or written."""
    if isinstance(error, BlockingIOError):
        return SecondWorker(
            f"Another worker ({holder or 'it did not say which'}) is running on {database}, as the lock on "
            f"{lock} shows. An SQLite database takes one worker: stop that one first, or move to PostgreSQL "
            "(database.url), which takes any number."
        )
    if isinstance(error, FileNotFoundError):
        return NotLockable(
            f"The folder {lock.parent} of the database {database} does not exist. Make it, or correct "
            "database.url."
        )
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return NotLockable(
            f"{lock} cannot be written ({error.strerror}). The worker needs to write in the folder of its "
            "database: give its account that right, or move the database."
        )
    if error.errno in NO_ROOM:
        return NotLockable(f"{lock} cannot be written ({error.strerror}). {remedy_for(error, database)}")
    return NotLockable(
        f"{lock} cannot be locked ({error.strerror}). Is it on a network file system? SQLite is not safe "
        "there: put the database on a local disk, or use PostgreSQL (database.url)."
    )
