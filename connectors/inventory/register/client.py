"""The file itself: its bytes, read once and only if nobody was writing, and what kind of file they are.

path -> Book(bytes, modified_at) -> tables, by content first and extension second
"""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from connectors.inventory.register.read_csv import read_csv
from connectors.inventory.register.read_sheets import read_ods, read_xlsx
from connectors.inventory.register.read_word import read_docx
from connectors.inventory.register.table import Table
from worker.ports import BadConfig, Incomplete, PermissionDenied, Transient

BYTES_MAX = 128 << 20  # a register of a million members is a third of it
UNPACKED_BYTES_MAX = 1 << 30

# What zipfile, lxml, python-docx and calamine raise for bytes that aren't what they should be, as seen by damaging
# files at random: they make no difference between "damaged" and "unexpected", and nor need we.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    etree.LxmlError,
    OSError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    RuntimeError,
)

FORMATS = ".xlsx, .xlsm, .ods, .csv or .docx"
_SAVE_AS = f"Open it and save it as {FORMATS}, then set `path` to that file."
_RESTORE = "Open it in the program that made it, or restore the last good copy, and save it again."


@dataclass(frozen=True, slots=True)
class Book:
    """A register's bytes. `modified_at` is aware UTC; `is_open` says that somebody has it open in an
    editor.
    """

    path: Path
    data: bytes
    modified_at: datetime
    is_open: bool


def open_book(path: Path, *, read: Callable[[Path], bytes] = Path.read_bytes) -> Book:
    """Read the whole file, at most `BYTES_MAX` bytes, and make sure that it did not change meanwhile.

    Raises Transient (missing, locked, or changed while it was read), PermissionDenied, BadConfig (a folder,
    an editor's lock file, too large) and Incomplete (empty).
    """
    if path.name.startswith(("~$", ".~lock.")):
        raise BadConfig(
            f"{path.name}: this is the lock file that Office makes while a register is open.",
            remedy=f"Set `path` to the register itself: {path.name.removeprefix('~$')}.",
        )
    is_open = _is_open(path)
    try:
        before = path.stat()
        _fit(path, before)
        data = read(path)
        after = path.stat()
    except FileNotFoundError as error:
        raise Transient(
            f"{path}: there is no such file.",
            remedy="Put the register there, or correct `path`; it is looked for again at the next run.",
        ) from error
    except PermissionError as error:
        raise _refused(path, is_open=is_open) from error
    except OSError as error:
        raise Transient(
            f"{path}: it could not be read ({error.strerror or error}).",
            remedy="Check the disk or network share; it is read again at the next run.",
        ) from error
    if _identity(before) != _identity(after) or len(data) != after.st_size:
        raise Transient(
            f"{path.name}: it was changed while it was being read.",
            remedy="Nothing to do: it is read again at the next run.",
        )
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise Incomplete(f"{path.name}: the file is empty.", remedy=_RESTORE)
    return Book(path, data, datetime.fromtimestamp(after.st_mtime, UTC), is_open)


def tables_of(book: Book) -> list[Table]:
    """Return every table of the book, in its order. Holds the whole register in memory.

    Raises Incomplete (cut, damaged, password-protected) or BadConfig (not a kind of file that can be read).
    """
    name, data = book.path.name, book.data
    if data.startswith(b"PK"):
        return _from_zip(name, data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise _old_office(name, data)
    if data.startswith((b"%PDF", b"{\\rtf")) or data[:512].lstrip().lower().startswith(
        (b"<html", b"<!doctype html")
    ):
        raise BadConfig(f"{name}: this is not a spreadsheet, a CSV file or a Word document.", remedy=_SAVE_AS)
    if book.path.suffix.casefold() in {".xlsx", ".xlsm", ".ods", ".docx"}:
        raise Incomplete(
            f"{name}: the file is damaged: it is no {book.path.suffix} file inside.", remedy=_RESTORE
        )
    return [read_csv(name, data)]


def _from_zip(name: str, data: bytes) -> list[Table]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = set(archive.namelist())
            if sum(part.file_size for part in archive.infolist()) > UNPACKED_BYTES_MAX:
                raise BadConfig(
                    f"{name}: it is larger than {UNPACKED_BYTES_MAX >> 20} MB when unpacked.",
                    remedy="Copy the rows that are used to a new file.",
                )
            if "xl/workbook.xml" in parts:
                return read_xlsx(name, data, archive)
            if "word/document.xml" in parts:
                return read_docx(name, data)
            if "content.xml" in parts and b"opendocument.spreadsheet" in archive.read("mimetype"):
                return read_ods(name, data, archive)
    except _DAMAGE as error:
        if "password" in str(error).casefold() or "encrypted" in str(error).casefold():
            raise _protected(name) from error
        raise Incomplete(
            f"{name}: the file is cut or damaged, or is still being written.", remedy=_RESTORE
        ) from error
    raise BadConfig(f"{name}: this kind of file cannot be read.", remedy=_SAVE_AS)


def _old_office(name: str, data: bytes) -> Incomplete | BadConfig:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return _protected(name)
    return BadConfig(f"{name}: this is a file of an old Office version (.xls or .doc).", remedy=_SAVE_AS)


def _protected(name: str) -> Incomplete:
    return Incomplete(
        f"{name}: the file is protected by a password.",
        remedy="Save it without one (File, Info, Protect), and protect the folder that it is in instead.",
    )


def _refused(path: Path, *, is_open: bool) -> Transient | PermissionDenied:
    if is_open:
        return Transient(
            f"{path.name}: it is open in an editor that lets nobody else read it.",
            remedy="Close it there; it is read again at the next run.",
        )
    return PermissionDenied(
        f"{path}: the system refuses to read it.",
        missing="read access to the register",
        remedy="Let the account that runs Whosleft read this file.",
    )


def _fit(path: Path, stat: os.stat_result) -> None:
    if path.is_dir():
        raise BadConfig(f"{path}: this is a folder.", remedy="Set `path` to the register, which is one file.")
    if stat.st_size > BYTES_MAX:
        raise BadConfig(
            f"{path.name}: it is larger than {BYTES_MAX >> 20} MB.",
            remedy="Remove pictures, or copy the rows that are used to a new file.",
        )


def _is_open(path: Path) -> bool:
    locks = (f"~${path.name}", f"~${path.name[2:]}", f".~lock.{path.name}#")
    return any(path.with_name(lock).exists() for lock in locks)


def _identity(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
