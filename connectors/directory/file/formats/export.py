"""One open export file, checked once and read several times: its digest, encoding, format and raw records.

Replacing the file by a rename while it is read does no harm: the open file is read to its end.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from connectors.directory.file.client import translated
from connectors.directory.file.columns import csv_format, unknown_csv
from connectors.directory.file.config import Format
from connectors.directory.file.formats.csv import DELIMITER_NAMES, EXPORT_AGAIN, CsvReader
from connectors.directory.file.formats.ldif import LdifReader
from connectors.directory.file.formats.records import RawRecord
from worker.ports import BadConfig, Incomplete, Malformed

_CHUNK = 1 << 20
_SAMPLE = 512
LINE_MAX = 16 << 20  # letters: enough for a picture on one line
_BOMS = (  # the longer ones first, because UTF-32's begins like UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNIT = {"utf-16": 2, "utf-16-le": 2, "utf-16-be": 2, "utf-32": 4, "utf-32-le": 4, "utf-32-be": 4}
_GUESSED = "cp1252"
_ABOVE_ASCII = bytes(range(0x80, 0x100))
_SPOILT = "\udcff"  # stands for bytes that are no text; no encoding that is read has such a letter
_MARK_SPOILT = "whosleft.spoilt"


class Export:
    """One open file. `records` can be called several times, one after another."""

    def __init__(self, name: str, raw: BinaryIO, wish: Format) -> None:
        self.name = name
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
        """Raise Incomplete if somebody has written to the file since it was opened."""
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
        text = io.TextIOWrapper(self._raw, self.encoding, errors=_MARK_SPOILT, newline="")
        try:
            with translated(self.name):
                yield self._checked(text)
        finally:
            text.detach()

    def _checked(self, text: io.TextIOWrapper) -> Iterator[str]:
        for number, line in enumerate(iter(lambda: text.readline(LINE_MAX), ""), start=1):
            if _SPOILT in line:
                # Of an encoding that was guessed, the lines before may be wrong as well
                place = f"after line {number - 1}" if self.encoding == _GUESSED else f"line {number}"
                raise Incomplete(
                    f"{self.name} {place}: bytes that are no {_spoken(self.encoding)} text.",
                    remedy="Export again with -Encoding UTF8.",
                )
            if len(line) == LINE_MAX:
                raise BadConfig(
                    f"{self.name} line {number}: it is longer than {LINE_MAX >> 20} million letters.",
                    remedy="Export those columns only that the manual names.",
                )
            if "\0" in line:
                raise Incomplete(
                    f"{self.name} line {number}: NUL characters, as in a half-written file.",
                    remedy=EXPORT_AGAIN,
                )
            yield line

    def _look_over(self) -> tuple[str, str]:
        """Find the digest and the encoding, in one pass over the bytes."""
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
            encoding = "utf-8" if is_utf8 or self._is_spoilt_utf8() else _GUESSED
        return digest.hexdigest(), encoding

    def _is_spoilt_utf8(self) -> bool:
        """True if more letters above ASCII are written in UTF-8 than there are other bytes above ASCII.

        In a Windows-1252 file two letters look like one of UTF-8 by accident, which is seldom.
        """
        self._raw.seek(0)
        utf8 = codecs.getincrementaldecoder("utf-8")("ignore")
        letters = strays = 0
        while chunk := self._raw.read(_CHUNK):
            plain = len(chunk.translate(None, _ABOVE_ASCII))
            text = utf8.decode(chunk)
            letters += len(text) - plain
            strays += len(chunk) - len(text.encode())
        return letters > strays

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
        zeros = [sample[at::4].count(0) * 8 > len(sample) for at in range(4)]  # by their place in four bytes
        if zeros[2] and zeros[3] and not zeros[0]:
            return "utf-32-le"
        if zeros[0] and zeros[1] and not zeros[3]:
            return "utf-32-be"
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


def _spoilt(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _SPOILT, error.end


codecs.register_error(_MARK_SPOILT, _spoilt)  # so that the line of a bad byte is known
