"""The file system: list the exports, and open one. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from connectors.kit.files import open_file
from connectors.kit.text import named
from worker.ports import Incomplete, PermissionDenied, Transient

SUFFIXES = (".txt", ".zip")
FILES_MAX = 2_000
BYTES_MAX = {".txt": 512 << 20, ".zip": 4 << 30}  # an archive may have the pictures of a chat


def list_files(path: Path) -> tuple[Path, ...]:
    """Return the file itself, or the exports of a folder by name; empty for a folder without any.

    Raises Transient (nothing there, the disk fails), PermissionDenied, and Incomplete (too many files).
    """
    with _translated(path):
        if not path.is_dir():
            path.stat()
            return (path,)
        found = sorted(entry for entry in path.iterdir() if _is_export(entry))
    if len(found) > FILES_MAX:
        raise Incomplete(
            f"The folder {named(path)} has more than {FILES_MAX:,} exports.",
            remedy="Keep the newest export of each group there, and move the others away.",
        )
    return tuple(found)


@contextmanager
def open_export(path: Path) -> Iterator[BufferedReader]:
    """Open an export. Raises as `list_files` does, and BadConfig if it is no file of its folder, or too large."""
    with _translated(path):
        file = open_file(path, BYTES_MAX.get(path.suffix.lower(), BYTES_MAX[".txt"]))
    with file:
        yield file


def _is_export(entry: Path) -> bool:
    return entry.suffix.lower() in SUFFIXES and not entry.name.startswith((".", "~$", "__MACOSX"))


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    name = named(path)
    try:
        yield
    except FileNotFoundError as error:
        raise Transient(
            f"There is nothing at {name}.",
            remedy="Put an export there, or correct `path`; it is looked for again at the next run.",
        ) from error
    except PermissionError as error:
        raise PermissionDenied(
            f"{name} may not be read by this user.",
            missing=f"read access to {name}",
            remedy=f"Allow the user that runs whosleft to read {name}.",
        ) from error
    except OSError as error:
        raise Transient(
            f"{name} could not be read ({error.strerror or type(error).__name__}).",
            remedy="Check the disk or the network share; it is read again at the next run.",
        ) from error
