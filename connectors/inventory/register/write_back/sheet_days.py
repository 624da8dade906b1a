"""Write days into the sheets of an Excel file, and leave every other byte of its parts as it is.

A library that reads a workbook and saves it again drops what it doesn't know, such as drawings and slicers. So the
sheet's XML is only parsed for the places of rows and cells, and the new cells are put between its bytes. Days are
texts: a real date would need a style of its own in another part.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from string import ascii_letters
from typing import IO, NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from connectors.inventory.register.formats.sheet_xml import COLUMNS_MAX, xlsx_parts
from connectors.inventory.register.formats.table import letters
from connectors.inventory.register.write_back.cells import Days
from worker.ports import BadConfig, Incomplete

_COPIED = 1 << 20
_SPANS = re.compile(rb"""\sspans=("[^"]*"|'[^']*')""")
_TAG = re.compile(rb"""<[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>""")
_PLACE = re.compile(r"[A-Za-z]{1,3}[1-9][0-9]{0,6}")
_SIGNATURES = "_xmlsignatures/"


def is_workbook(data: bytes) -> bool:
    """True if a register that could be read is an Excel file."""
    if not data.startswith(b"PK"):
        return False
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return "xl/workbook.xml" in book.namelist()


def xlsx_with_days(name: str, data: bytes, days: Mapping[str, Days]) -> bytes:
    """Return the file's bytes with the days, by the sheet's name.

    Raises BadConfig (it is signed, a sheet has no column left, or formulas in the column) and Incomplete (damaged).
    """
    new = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as book, zipfile.ZipFile(new, "w") as copy:
        if any(part.startswith(_SIGNATURES) for part in book.namelist()):
            raise BadConfig(
                f"{name}: it is signed, and a change would break the signature.",
                remedy="Save it without one, or leave write_back out.",
            )
        parts = {part: days[sheet] for sheet, part in xlsx_parts(name, book) if sheet in days}
        copy.comment = book.comment
        for entry in book.infolist():
            with book.open(entry) as old, copy.open(_like(entry), "w") as out:
                _copy(name, old, out, parts.get(entry.filename))
    return new.getvalue()


def _like(entry: zipfile.ZipInfo) -> zipfile.ZipInfo:
    like = zipfile.ZipInfo(entry.filename, entry.date_time)
    like.compress_type = (
        zipfile.ZIP_STORED if entry.compress_type == zipfile.ZIP_STORED else zipfile.ZIP_DEFLATED
    )
    like.external_attr, like.comment, like.extra = entry.external_attr, entry.comment, b""
    return like


def _copy(name: str, old: IO[bytes], out: IO[bytes], days: Days | None) -> None:
    if days is None:
        while piece := old.read(_COPIED):
            out.write(piece)
        return
    if days.column >= COLUMNS_MAX:
        raise BadConfig(
            f"{name}: {days.table.label} has no column left for the days.",
            remedy="Delete columns that are not used, or leave write_back out.",
        )
    xml = old.read()
    at = 0
    for edit in _edits(name, xml, days):
        out.write(xml[at : edit.begin])
        out.write(edit.text)
        at = edit.end
    out.write(memoryview(xml)[at:])


class _Edit(NamedTuple):
    """The bytes from `begin` to `end` become `text`."""

    begin: int
    end: int
    text: bytes


def _edits(name: str, xml: bytes, days: Days) -> Iterator[_Edit]:
    parser = expat.ParserCreate()
    finder = _Finder(days, parser, xml, set(days.cells))
    parser.StartElementHandler, parser.EndElementHandler = finder.start, finder.end
    try:
        parser.Parse(xml, True)  # noqa: FBT003  expat's own
    except (expat.ExpatError, ValueError) as error:
        raise Incomplete(
            f"{name}: {days.table.label} can't be written to.", remedy="Open it in Excel, and save it again."
        ) from error
    if finder.has_formula:
        raise BadConfig(
            f"{name}: {days.table.label} has formulas in the column for the days.",
            remedy="Name a column without formulas in columns.verified_on, or leave write_back out.",
        )
    if finder.left:
        raise Incomplete(
            f"{name}: {days.table.label} has no row {min(finder.left) + 1} inside.", remedy="Save it again."
        )
    return iter(finder.edits)


@dataclass(slots=True)
class _Finder:
    """Finds where a sheet's new cells belong. Indexes are in bytes of the XML; rows and columns count from 0.

    `left`: the rows that have no new cell yet. `has_formula`: a cell that would be replaced has one, which other cells
    may share.
    """

    days: Days
    parser: expat.XMLParserType
    xml: bytes
    left: set[int]
    edits: list[_Edit] = field(default_factory=list)
    has_formula: bool = False
    _is_inside: bool = False  # the sheet's data: other parts have elements called row, too
    _row: int = -1
    _row_at: int = 0
    _column: int = -1
    _cell: tuple[int, str] | None = None  # where the cell that is replaced begins, and its style
    _prefix: str = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        prefix, _, local = name.rpartition(":")
        here = self.parser.CurrentByteIndex
        if local == "sheetData":
            self._is_inside, self._prefix = True, f"{prefix}:" if prefix else ""
        elif local == "dimension" and self.days.is_new:
            self._widen(here, attributes.get("ref", ""))
        elif self._is_inside and local == "row":
            self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
            self._row_at, self._column = here, -1
        elif self._is_inside and local == "c" and self._row in self.left:
            self._column = _column(attributes["r"]) if "r" in attributes else self._column + 1
            if self._column > self.days.column:
                self._put(here, here)
            elif self._column == self.days.column:
                self._cell = here, attributes.get("s", "")
        elif local == "f" and self._cell is not None:
            self.has_formula = True

    def end(self, name: str) -> None:
        """An element ends."""
        local = name.rpartition(":")[2]
        if local == "sheetData":
            self._is_inside = False
        elif local == "c" and self._cell is not None:
            begin, style = self._cell
            self._cell = None
            self._put(begin, self._end_of(begin), style)
        elif local == "row" and self._is_inside and self._row in self.left:
            self._put_last()

    def _put(self, begin: int, end: int, style: str = "") -> None:
        self._row_without_spans()
        self.edits.append(_Edit(begin, end, self._new_cell(style)))
        self.left.discard(self._row)

    def _put_last(self) -> None:
        """Put the new cell at the end of its row, which may be an empty element."""
        tag = self._tag(self._row_at)
        if not tag.endswith(b"/>"):
            self._put(self.parser.CurrentByteIndex, self.parser.CurrentByteIndex)
            return
        opened = _SPANS.sub(b"", tag)[:-2] + b">"
        closed = f"</{self._prefix}row>".encode()
        text = opened + self._new_cell("") + closed
        self.edits.append(_Edit(self._row_at, self._row_at + len(tag), text))
        self.left.discard(self._row)

    def _row_without_spans(self) -> None:
        """Drop the row's `spans`, a hint which columns it uses: the new one may be beyond."""
        tag = self._tag(self._row_at)
        if (lean := _SPANS.sub(b"", tag)) != tag:
            self.edits.append(_Edit(self._row_at, self._row_at + len(tag), lean))

    def _widen(self, here: int, ref: str) -> None:
        """Let the sheet's `dimension` reach the new column: some readers stop there."""
        first, _, last = ref.partition(":")
        if _PLACE.fullmatch(last) and _column(last) < self.days.column:
            tag, reaches = self._tag(here), f"{first}:{letters(self.days.column)}{last.lstrip(ascii_letters)}"
            self.edits.append(_Edit(here, here + len(tag), tag.replace(ref.encode(), reaches.encode())))

    def _end_of(self, begin: int) -> int:
        """Where the element ends whose end was just told: expat points to its end tag, if it has one."""
        tag = self._tag(begin)
        if tag.endswith(b"/>"):
            return begin + len(tag)
        return self.xml.index(b">", self.parser.CurrentByteIndex) + 1

    def _tag(self, at: int) -> bytes:
        found = _TAG.match(self.xml, at)
        if found is None:  # in UTF-16, say
            raise ValueError("the sheet is written in another way than Office does")
        return found[0]

    def _new_cell(self, style: str) -> bytes:
        p, place = self._prefix, f"{letters(self.days.column)}{self._row + 1}"
        styled = f" s={quoteattr(style)}" if style else ""
        text = escape(self.days.cells[self._row])
        return f'<{p}c r="{place}"{styled} t="inlineStr"><{p}is><{p}t>{text}</{p}t></{p}is></{p}c>'.encode()


def _column(place: str) -> int:
    number = 0
    for letter in place.rstrip("0123456789"):
        number = number * 26 + ord(letter.upper()) - ord("A") + 1
    return number - 1
