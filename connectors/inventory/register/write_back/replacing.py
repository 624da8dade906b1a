"""Put a new file in the place of the register in one step, or leave it as it is.

The new one keeps the old one's time, as that says of which day the register is: writing a day is no look at the groups.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from connectors.inventory.register.client import Opened, identity_of, is_in_use
from connectors.kit.text import named
from worker.ports import InUse, PermissionDenied, Transient

_WRITERS = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
LEFT_OVER = timedelta(hours=1)  # a file of ours that is older was left by a process that was killed


@contextmanager
def replacement(path: Path, opened: Opened, now: datetime) -> Iterator[BinaryIO]:
    """Give a file to write to, which takes the register's place at the end, unless it raises or nothing was written.

    `now` is aware UTC; a file of ours that a process left long before is removed.
    Raises InUse if somebody has the register open or changed it meanwhile, Transient if the disk is full or fails, and
    PermissionDenied, also for a register that is read-only: that its folder could be written to is no leave to replace
    it.
    """
    real = Path(os.path.realpath(path))
    try:
        if _is_read_only(real):
            raise PermissionDenied(
                f"{named(path)}: it is read-only, so no day was written.",
                missing="write access to the register",
                remedy="Let the account that runs Whosleft write to the file, or leave write_back out.",
            )
        _remove_left_overs(real, now)
        with tempfile.NamedTemporaryFile(dir=real.parent, prefix=_prefix(real), delete=False) as new:
            try:
                yield new  # type: ignore[misc]  # it is a BinaryIO in all but name
                new.flush()
                if new.tell():
                    os.fsync(new.fileno())
                    _replace(real, Path(new.name), opened)
            finally:
                Path(new.name).unlink(missing_ok=True)
    except OSError as error:
        what = f"{named(path)}: no day can be written to it ({error.strerror or error})."
        if error.errno not in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise Transient(
                what, remedy="Check the disk or network share; it is tried again at the next run."
            ) from error
        raise PermissionDenied(
            what,
            missing="write access to the register and its folder",
            remedy="Let the account that runs Whosleft write there, or leave write_back out.",
        ) from error


def may_write(path: Path) -> bool:
    """Whether the register may be written to, and a file beside it may take its place."""
    real = Path(os.path.realpath(path))
    return os.access(real.parent, os.W_OK | os.X_OK) and not _is_read_only(real)


def _is_read_only(real: Path) -> bool:
    """Whether the account may not write to a file, or nobody: root may even then."""
    return real.exists() and not (os.access(real, os.W_OK) and real.stat().st_mode & _WRITERS)


def _replace(real: Path, new: Path, opened: Opened) -> None:
    """Move the new file to the old one's place. What is checked last is the old one's identity."""
    status = real.stat()
    with suppress(PermissionError):  # only root gives files to others
        os.chown(new, status.st_uid, status.st_gid)
    shutil.copystat(real, new)
    if is_in_use(real):
        raise in_use(opened.name)
    if opened.identity != identity_of(real.stat()):
        raise InUse(
            f"{opened.name}: somebody changed it meanwhile, so no day was written.",
            remedy="Nothing to do: it is tried again at the next run.",
        )
    new.replace(real)
    folder = os.open(real.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def in_use(name: str) -> InUse:
    """The error that somebody has the register open."""
    return InUse(
        f"{name}: it is open in an editor, so no day was written.",
        remedy="Close it there; it is tried again at the next run.",
    )


def _prefix(real: Path) -> str:
    return f".{real.name}.whosleft-"


def _remove_left_overs(real: Path, now: datetime) -> None:
    for one in real.parent.iterdir():
        if one.name.startswith(_prefix(real)):
            # Not the time of its last change, which it may have from the register
            since = datetime.fromtimestamp(one.stat().st_ctime, UTC)
            if now - since > LEFT_OVER:
                one.unlink(missing_ok=True)
