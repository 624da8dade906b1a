"""JSON documents that people bring as a file, read in a child process.

    file of the source's folder -> child -> items

A file that did not change since its tag is not read again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic

from connectors.kit.child import Apart, Item, Work
from connectors.kit.files import open_file
from worker.ports import BadConfig, Incomplete, Transient

BYTES_MAX = 64 << 20
AGAIN = "Nothing is concluded from it; it is read again by itself."


@dataclass(frozen=True, slots=True)
class Brought(Generic[Item]):
    """What a file says; `tag` tells its next version. `at`: when it was put there.

    `is_unchanged`: it still has the tag, and was not read.
    """

    items: list[Item]
    tag: str
    at: datetime
    is_unchanged: bool = False


def read_brought(
    path: Path, called: str, work: Work[str, Item], apart: Apart, tag: str | None = None
) -> Brought[Item]:
    """The items of a file, unless it still has the `tag`. `called` is what errors call it, and what `work` is asked.

    Raises ConnectorError.
    """
    try:
        with open_file(path, BYTES_MAX) as file:
            status = path.stat()
            found = f"{status.st_mtime_ns}-{status.st_size}"
            at = datetime.fromtimestamp(status.st_mtime, UTC)
            if found == tag:
                return Brought([], tag, at, is_unchanged=True)
            return Brought(list(apart(work, file, called, called)), found, at)
    except FileNotFoundError:
        raise BadConfig(
            f"{called}: there is no such file.", remedy="Check path, or bring the file."
        ) from None
    except OSError as error:
        raise Transient(
            f"{called} can't be opened ({error.strerror}).", remedy="Check its rights; it is tried again."
        ) from error


def parsed(data: bytes, called: str) -> Any:
    """JSON that is whole. Raises Incomplete."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        what = "a web page" if data.lstrip()[:1] == b"<" else "no whole JSON"
        raise Incomplete(f"{called} is {what}.", remedy=AGAIN) from error
