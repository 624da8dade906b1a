"""Open files that people put into a folder, without trusting their names.

Only a regular file within the source's own folder is opened: a link out of the folder could show any file of the
machine on a page, and a pipe could block a job for ever. Links within the folder are followed, since volumes that
Kubernetes mounts have them.
"""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path

from connectors.kit.text import named
from worker.ports import BadConfig

_QUIETLY = (
    os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
)  # a pipe without a writer is opened at once, and then refused


def open_file(path: Path, bytes_max: int) -> BufferedReader:
    """Open a regular file of `path`'s own folder, of at most `bytes_max`, for reading.

    The opened file is the checked one: below the folder no name is looked up twice, and the system follows no link.
    Raises BadConfig if it is a link out of the folder, no regular file, or too large; and OSError.
    """
    folder = Path(os.path.realpath(path.parent, strict=True))
    found = Path(os.path.realpath(path, strict=True))
    if not found.is_relative_to(folder):
        raise BadConfig(
            f"{named(path)}: this is a link that leads out of its folder.",
            remedy="Name the file itself, or put a copy of it there.",
        )
    number = _open_below(folder, found.relative_to(folder))
    try:
        _refuse_others(path, os.fstat(number), bytes_max)
        return os.fdopen(number, "rb")
    except BaseException:
        os.close(number)
        raise


def _open_below(folder: Path, way: Path) -> int:
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for part in way.parts:
        try:
            below = os.open(part, _QUIETLY, dir_fd=at)
        finally:
            os.close(at)
        at = below
    return at


def _refuse_others(path: Path, status: os.stat_result, bytes_max: int) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise BadConfig(f"{named(path)}: this is a folder.", remedy="Name one file.")
    if not stat.S_ISREG(status.st_mode):
        raise BadConfig(
            f"{named(path)}: this is not a file, but a pipe, a device or the like.",
            remedy="Name a file that is on a disk or a share.",
        )
    if status.st_size > bytes_max:
        raise BadConfig(
            f"{named(path)}: it is larger than {bytes_max >> 20} MB.",
            remedy="Remove what is not needed (pictures, unused columns), and save or export it again.",
        )
