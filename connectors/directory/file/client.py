"""The file system's side: which file is next, and one file, opened once and read several times.

    path -> ExportFile (name, date) -> Export (bytes looked over: digest, encoding, format) -> raw records

A file that is replaced by a rename while it is read does no harm: the open one is read to its end.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from pathlib import Path
from typing import BinaryIO

from connectors.directory.file.columns import csv_format, unknown_csv
from connectors.directory.file.config import Format
from connectors.directory.file.csv_reader import DELIMITER_NAMES, EXPORT_AGAIN, CsvReader
from connectors.directory.file.ldif_reader import LdifReader
from connectors.directory.file.records import RawRecord
from worker.ports import BadConfig, Incomplete, Malformed, PermissionDenied, Transient

_CHUNK = 1 << 20
_SAMPLE = 512
SUFFIXES = (".csv", ".tsv", ".txt", ".ldf", ".ldif")  # in a folder; a single file may have any name
_BOMS = (  # the longer ones first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNIT = {"utf-16": 2, "utf-16-le": 2, "utf-16-be": 2, "utf-32": 4}
_GUESSED = "cp1252"
_DATED_NAME = re.compile(
    r"(?<!\d)(?P<year>20\d{2})(?P<mark>[-_.]?)(?P<month>\d{2})(?P=mark)(?P<day>\d{2})"
    r"(?:[T _-]?(?P<hour>[01]\d|2[0-3])[-_.:h]?(?P<minute>[0-5]\d)(?:[-_.:]?(?P<second>[0-5]\d))?"
    r"(?P<utc>Z)?)?(?!\d)"
)


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file and the instant that it speaks of (aware UTC)."""

    path: Path
    taken_at: datetime

    @property
    def name(self) -> str:
        return self.path.name


def list_files(path: Path, zone: tzinfo) -> tuple[ExportFile, ...]:
    """The file itself, dated by its modification; or the files of a folder, the oldest first.

    In a folder a date in the name counts before the modification, local to `zone` unless it ends
    with Z, and at 00:00 when it has no time. Raises Transient when there is nothing at the path,
    PermissionDenied, and Incomplete for a folder without a single export.
    """
    with translated(path):
        if not path.is_dir():
            return (ExportFile(path, _modified(path.stat())),)
        found = [entry for entry in path.iterdir() if _is_export(entry)]
        files = [
            ExportFile(entry, _date_in_name(entry.name, zone) or _modified(entry.stat())) for entry in found
        ]
    if not files:
        raise Incomplete(
            f"The folder {path.name} has no export file: nothing that ends with {', '.join(SUFFIXES)}.",
            remedy="Put an export there, or correct `path`.",
        )
    return tuple(sorted(files, key=lambda file: (file.taken_at, file.name)))


def digest_of(file: ExportFile) -> str:
    """The SHA-256 of the file's bytes as they are now."""
    with translated(file.path), file.path.open("rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()


def _is_export(entry: Path) -> bool:
    # Hidden files, Office's lock files and half-written ones (*.tmp, *.part) fall out by prefix or suffix.
    return entry.suffix.lower() in SUFFIXES and not entry.name.startswith((".", "~$")) and entry.is_file()


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
def translated(path: Path) -> Iterator[None]:
    """Turn what the file system raises into the taxonomy."""
    try:
        yield
    except FileNotFoundError as error:
        raise Transient(
            f"There is no file {path}.",
            remedy="Put the export there or correct `path`. If it is being replaced, the next poll finds it.",
        ) from error
    except PermissionError as error:
        raise PermissionDenied(
            f"{path.name} may not be read by this user.",
            missing=f"read access to {path}",
            remedy=f"Allow the user that runs whosleft to read {path}.",
        ) from error
    except OSError as error:
        raise Transient(
            f"{path.name} could not be read: {error.strerror or error}.",
            remedy="Check the disk or the network share.",
        ) from error


class Export:
    """One open file. `records` can be called again and again, one after another."""

    def __init__(self, file: ExportFile, raw: BinaryIO, wish: Format) -> None:
        self.file = file
        self.name = file.name
        self._raw = raw
        self._before = self._status()
        self.size = self._before[0]
        self.digest, self.encoding = self._look_over()
        self.format = wish
        self.header: tuple[str, ...] | None = None
        self.delimiter = ""
        self.collections: set[str] = set()  # columns with PowerShell type names; known after a pass
        self._settle_format()

    def records(self) -> Iterator[RawRecord | Malformed]:
        """One pass over the file from its start. Raises Incomplete at the end of a cut file."""
        with self._text() as lines:
            reader = (LdifReader if self.format is Format.LDIF else CsvReader)(self.name, lines)
            yield from reader.records()
            self.collections |= reader.collections

    def refuse_if_changed(self) -> None:
        """Raise Incomplete when somebody has written to the file since it was opened."""
        if self._status() != self._before:
            raise Incomplete(f"{self.name} was changed while it was read.", remedy=EXPORT_AGAIN)

    def _status(self) -> tuple[int, int]:
        status = os.fstat(self._raw.fileno())
        return status.st_size, status.st_mtime_ns

    def _settle_format(self) -> None:
        if self.format is Format.AUTO and self._looks_like_ldif():
            self.format = Format.LDIF
        if self.format is Format.LDIF:
            return
        with self._text() as lines:
            reader = CsvReader(self.name, lines)
        self.header, self.delimiter = reader.header, DELIMITER_NAMES.get(reader.delimiter, reader.delimiter)
        if self.format is Format.AUTO:
            found = csv_format(reader.header)
            if found is None:
                raise unknown_csv(self.name, reader.header)
            self.format = found

    def _looks_like_ldif(self) -> bool:
        with self._text() as lines:
            first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
        return re.match(r"(version|dn)::?\s", first, re.IGNORECASE) is not None

    @contextmanager
    def _text(self) -> Iterator[Iterator[str]]:
        self._raw.seek(0)
        text = io.TextIOWrapper(self._raw, self.encoding, newline="")
        try:
            with translated(self.file.path):
                yield self._checked(text)
        finally:
            text.detach()

    def _checked(self, text: io.TextIOWrapper) -> Iterator[str]:
        number = 0
        try:
            for number, line in enumerate(text, start=1):
                if "\0" in line:
                    raise Incomplete(
                        f"{self.name} line {number}: NUL characters, as in a half-written file.",
                        remedy=EXPORT_AGAIN,
                    )
                yield line
        except UnicodeDecodeError as error:
            raise Incomplete(
                f"{self.name} after line {number}: bytes that are no {_spoken(self.encoding)} text.",
                remedy="Export again with -Encoding UTF8.",
            ) from error

    def _look_over(self) -> tuple[str, str]:
        """The digest and the encoding, in one pass over the bytes."""
        digest = hashlib.sha256()
        utf8 = codecs.getincrementaldecoder("utf-8")()
        encoding = ""
        is_utf8 = True
        while chunk := self._raw.read(_CHUNK):
            digest.update(chunk)
            encoding = encoding or self._by_first_bytes(chunk) or "unmarked"
            if is_utf8 and encoding == "unmarked":
                is_utf8 = _decodes(utf8, chunk)
        if self.size % _UNIT.get(encoding, 1):
            raise self._cut_in_a_character(encoding)
        if encoding in {"", "unmarked"}:
            if is_utf8 and utf8.getstate()[0]:
                raise self._cut_in_a_character("utf-8")
            encoding = "utf-8" if is_utf8 else _GUESSED
        return digest.hexdigest(), encoding

    def _by_first_bytes(self, chunk: bytes) -> str | None:
        if chunk.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            raise BadConfig(
                f"{self.name} is an Excel workbook, not a text export.",
                remedy='Save it as "CSV UTF-8", or better, export again without opening it in Excel.',
            )
        for bom, encoding in _BOMS:
            if chunk.startswith(bom):
                return encoding
        sample = chunk[:_SAMPLE]
        odd, even = sample[1::2].count(0), sample[::2].count(0)
        if max(odd, even) * 4 > len(sample):  # at least every second character has a zero half
            return "utf-16-le" if odd > even else "utf-16-be"
        return None

    def _cut_in_a_character(self, encoding: str) -> Incomplete:
        return Incomplete(
            f"{self.name} ends in the middle of a character ({self.size} bytes of {_spoken(encoding)}), "
            "as if the file was cut.",
            remedy=EXPORT_AGAIN,
        )


def _spoken(encoding: str) -> str:
    return "Windows-1252" if encoding == _GUESSED else encoding.removesuffix("-sig").upper()


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes) -> bool:
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


@contextmanager
def open_export(file: ExportFile, wish: Format) -> Iterator[Export]:
    """Open a file and look it over; raises what `Export` raises, and Transient or PermissionDenied."""
    with translated(file.path):
        if not stat.S_ISREG(file.path.stat().st_mode):  # a pipe would block for ever
            raise BadConfig(f"{file.name} is not a file.", remedy="Correct `path`.")
        raw = file.path.open("rb")
    with raw:
        yield Export(file, raw, wish)
