"""Find a register's kind of file, by content first and extension second: its bytes -> tables. Pure."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from lxml import etree

from connectors.inventory.register.formats.csv import read_csv
from connectors.inventory.register.formats.sheets import read_ods, read_xlsx
from connectors.inventory.register.formats.table import Table
from connectors.inventory.register.formats.word import read_docx
from worker.ports import BadConfig, Incomplete

UNPACKED_BYTES_MAX = 512 << 20
WORD_BYTES_MAX = 64 << 20  # of the text, which is held in memory as a whole

# The errors of zipfile, lxml, python-docx and calamine for wrong bytes, found by damaging files at random. The
# libraries do not tell "damaged" from "unexpected", and we need not either.
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
    """A register's bytes; `modified_at` is aware UTC."""

    name: str
    data: bytes
    modified_at: datetime


def tables_of(book: Book) -> list[Table]:
    """Return every table of the book, in its order. Holds the whole register in memory.

    Raises Incomplete (cut, damaged, password-protected) or BadConfig (not a kind of file that can be read).
    """
    name, data = book.name, book.data
    if data.startswith(b"PK"):
        return _from_zip(name, data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise _old_office(name, data)
    if data.startswith((b"%PDF", b"{\\rtf")) or data[:512].lstrip().lower().startswith(
        (b"<html", b"<!doctype html")
    ):
        raise BadConfig(f"{name}: this is not a spreadsheet, a CSV file or a Word document.", remedy=_SAVE_AS)
    suffix = PurePath(name).suffix.casefold()
    if suffix in {".xlsx", ".xlsm", ".ods", ".docx"}:
        raise Incomplete(f"{name}: the file is damaged: it is no {suffix} file inside.", remedy=_RESTORE)
    return [read_csv(name, data)]


def _from_zip(name: str, data: bytes) -> list[Table]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = set(archive.namelist())
            _fit(name, sum(part.file_size for part in archive.infolist()), UNPACKED_BYTES_MAX)
            if "xl/workbook.xml" in parts:
                return read_xlsx(name, data, archive)
            if "word/document.xml" in parts:
                _fit(name, archive.getinfo("word/document.xml").file_size, WORD_BYTES_MAX)
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


def _fit(name: str, size: int, size_max: int) -> None:
    if size > size_max:
        raise BadConfig(
            f"{name}: it is larger than {size_max >> 20} MB when unpacked.",
            remedy="Copy the rows that are used to a new file.",
        )


def _old_office(name: str, data: bytes) -> Incomplete | BadConfig:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return _protected(name)
    return BadConfig(f"{name}: this is a file of an old Office version (.xls or .doc).", remedy=_SAVE_AS)


def _protected(name: str) -> Incomplete:
    return Incomplete(
        f"{name}: the file is protected by a password.",
        remedy="Save it without one (File, Info, Protect), and protect the folder that it is in instead.",
    )
