"""Read the files that the configuration names: texts, pictures and secrets.

Links are followed, since volumes that Kubernetes mounts have them. A pipe would block for ever, and a device never end.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path


def open_regular(path: Path) -> BufferedReader:
    """Open a file for reading. Raises OSError, also for what is no regular file; `strerror` says why in words."""
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe without a writer is opened at once
    try:
        _refuse_others(path, os.fstat(number).st_mode)
        return os.fdopen(number, "rb")
    except BaseException:
        os.close(number)
        raise


def _refuse_others(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is a pipe, a device or the like", str(path))
