"""The file itself: opened once, passed to the process that reads it, and refused if somebody was writing it.

path -> an open file, with what is known of it
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from connectors.kit.files import open_file
from connectors.kit.text import named
from worker.ports import BadConfig, Incomplete, InUse, PermissionDenied, Transient

BYTES_MAX = 128 << 20


class Identity(NamedTuple):
    """A file's device, number, size and time of its last change in nanoseconds."""

    device: int
    number: int
    size: int
    changed_ns: int


@dataclass(frozen=True, slots=True)
class Opened:
    """An open register. `modified_at` is aware UTC; `is_open`: somebody has it open in an editor.

    `identity` is another one as soon as somebody changes or replaces the file.
    """

    name: str
    file: BinaryIO
    modified_at: datetime
    is_open: bool
    identity: Identity


@contextmanager
def open_book(path: Path, *, opener: Callable[[Path, int], BinaryIO] = open_file) -> Iterator[Opened]:
    """Open a register.

    Raises Transient (missing), InUse (locked), PermissionDenied, and BadConfig (not a file of this folder, an editor's
    lock file, too large).
    """
    name = named(path)
    if path.name.startswith(("~$", ".~lock.")):
        raise BadConfig(
            f"{name}: this is the lock file that Office makes while a register is open.",
            remedy=f"Set `path` to the register itself: {name.removeprefix('~$')}.",
        )
    is_open = is_in_use(path)
    try:
        file = opener(path, BYTES_MAX)
    except FileNotFoundError as error:
        raise Transient(
            f"{path}: there is no such file.",
            remedy="Put the register there, or correct `path`; it is looked for again at the next run.",
        ) from error
    except PermissionError as error:
        raise _refused(path, is_open=is_open) from error
    except OSError as error:
        raise _unreadable(name, error) from error
    with file:
        status = os.fstat(file.fileno())
        yield Opened(name, file, datetime.fromtimestamp(status.st_mtime, UTC), is_open, identity_of(status))


def whole_file(file: BinaryIO, name: str) -> bytes:
    """Read the whole file, and make sure that it did not change meanwhile.

    Raises InUse (it changed), Transient (the disk fails) and Incomplete (empty).
    """
    try:
        before = os.fstat(file.fileno())
        data = file.read(BYTES_MAX + 1)
        after = os.fstat(file.fileno())
    except OSError as error:
        raise _unreadable(name, error) from error
    if identity_of(before) != identity_of(after) or len(data) != after.st_size:
        raise InUse(
            f"{name}: it was changed while it was being read.",
            remedy="Nothing to do: it is read again at the next run.",
        )
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise Incomplete(
            f"{name}: the file is empty.",
            remedy="Open it in the program that made it, or restore the last good copy, and save it again.",
        )
    return data


def _unreadable(name: str, error: OSError) -> Transient:
    return Transient(
        f"{name}: it could not be read ({error.strerror or error}).",
        remedy="Check the disk or network share; it is read again at the next run.",
    )


def _refused(path: Path, *, is_open: bool) -> InUse | PermissionDenied:
    if is_open:
        return InUse(
            f"{path.name}: it is open in an editor that lets nobody else read it.",
            remedy="Close it there; it is read again at the next run.",
        )
    return PermissionDenied(
        f"{path}: the system refuses to read it.",
        missing="read access to the register",
        remedy="Let the account that runs Whosleft read this file.",
    )


def is_in_use(path: Path) -> bool:
    """True if an editor's lock file lies beside the register."""
    locks = (f"~${path.name}", f"~${path.name[2:]}", f".~lock.{path.name}#")
    return any(path.with_name(lock).exists() for lock in locks)


def identity_of(status: os.stat_result) -> Identity:
    """What is another as soon as the file is changed or replaced."""
    return Identity(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
