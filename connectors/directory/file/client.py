"""The file system: find the next file, and open it once.

path -> ExportFile (name, date) -> an open file, for the process that reads it
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from io import BufferedReader
from pathlib import Path

from connectors.kit.files import open_file
from connectors.kit.text import named
from worker.ports import Incomplete, PermissionDenied, Transient

SUFFIXES = (".csv", ".tsv", ".txt", ".ldf", ".ldif")  # in a folder; a single file may have any name
BYTES_MAX = 4 << 30
_DATED_NAME = re.compile(
    r"(?<!\d)(?P<year>20\d{2})(?P<mark>[-_.]?)(?P<month>\d{2})(?P=mark)(?P<day>\d{2})"
    r"(?:[T _-]?(?P<hour>[01]\d|2[0-3])[-_.:h]?(?P<minute>[0-5]\d)(?:[-_.:]?(?P<second>[0-5]\d))?"
    r"(?P<utc>Z)?)?(?!\d)"
)


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file, and the instant that it is true for (aware UTC)."""

    path: Path
    taken_at: datetime

    @property
    def name(self) -> str:
        return named(self.path)


def list_files(path: Path, zone: tzinfo, now: datetime) -> tuple[ExportFile, ...]:
    """The file itself, dated by its modification; or the files of a folder, the oldest first.

    In a folder, a date in the name counts instead of the modification, unless it is ahead of `now`. It is local to
    `zone` unless it ends with Z, and at 00:00 if it has no time. A modification may be ahead.
    Raises Transient if there is nothing at the path, PermissionDenied, and Incomplete for a folder without any export.
    """
    with translated(named(path), path):
        if not path.is_dir():
            return (ExportFile(path, _modified(path.stat())),)
        found = [entry for entry in path.iterdir() if _is_export(entry)]
        files = [ExportFile(entry, _dated(entry, zone, now)) for entry in found]
    if not files:
        raise Incomplete(
            f"The folder {path.name} has no export file: nothing that ends with {', '.join(SUFFIXES)}.",
            remedy="Put an export there, or correct `path`.",
        )
    return tuple(sorted(files, key=lambda file: (file.taken_at, file.name)))


def digest_of(file: ExportFile) -> str:
    """The SHA-256 of the file's bytes as they are now."""
    with open_export(file) as raw, translated(file.name):
        return hashlib.file_digest(raw, "sha256").hexdigest()


def _is_export(entry: Path) -> bool:
    # Prefix or suffix exclude hidden files, Office's lock files and half-written ones (*.tmp, *.part).
    return entry.suffix.lower() in SUFFIXES and not entry.name.startswith((".", "~$")) and entry.is_file()


def _dated(entry: Path, zone: tzinfo, now: datetime) -> datetime:
    named_at = _date_in_name(entry.name, zone)
    return named_at if named_at is not None and named_at <= now else _modified(entry.stat())


def _modified(status: os.stat_result) -> datetime:
    return datetime.fromtimestamp(status.st_mtime, tz=UTC)


def _date_in_name(name: str, zone: tzinfo) -> datetime | None:
    for match in _DATED_NAME.finditer(name):
        try:
            on = date(int(match["year"]), int(match["month"]), int(match["day"]))
            at = time(int(match["hour"] or 0), int(match["minute"] or 0), int(match["second"] or 0))
            return datetime.combine(on, at, tzinfo=UTC if match["utc"] else zone).astimezone(UTC)
        except ValueError:
            continue  # no such day: a number that only looks like a date
    return None


@contextmanager
def translated(name: str, path: Path | None = None) -> Iterator[None]:
    """Turn the file system's errors into ours; `path` is in the message for the person who has to mend it."""
    try:
        yield
    except FileNotFoundError as error:
        raise Transient(
            f"There is no file {path or name}.",
            remedy="Put the export there or correct `path`. If it is being replaced, the next poll finds it.",
        ) from error
    except PermissionError as error:
        raise PermissionDenied(
            f"{name} may not be read by this user.",
            missing=f"read access to {path or name}",
            remedy=f"Allow the user that runs whosleft to read {path or name}.",
        ) from error
    except OSError as error:
        raise Transient(
            f"{name} could not be read: {error.strerror or error}.",
            remedy="Check the disk or the network share.",
        ) from error


@contextmanager
def open_export(file: ExportFile) -> Iterator[BufferedReader]:
    """Open a file. Raises Transient, PermissionDenied, and BadConfig if it is no file of its folder."""
    with translated(file.name, file.path):
        raw = open_file(file.path, BYTES_MAX)
    with raw:
        yield raw
