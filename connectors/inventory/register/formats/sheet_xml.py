"""Check the XML of sheets before calamine reads them: how much memory they need, and cells that calamine hides.

calamine allocates the whole rectangle that a sheet spans, each text as often as it is used, and each repeated space,
so all of these are counted first. It also shows an error value (#N/A) and a formula without a result as an empty cell,
which would make a member vanish silently. Streams row by row; the XML is parsed, never searched as text.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import IO
from xml.parsers import expat

from lxml import etree

from connectors.inventory.register.formats.table import Span, letters
from connectors.kit.text import quoted
from worker.ports import BadConfig, Incomplete

CELLS_MAX = 5_000_000  # some 180 MB in calamine; two hundred thousand members in twenty-five columns
LETTERS_MAX = 50_000_000
VALUE_MAX = 20  # letters; an index is shorter, and for other values only their presence matters
COLUMNS_MAX, ROWS_MAX = 1 << 14, 1 << 20  # Excel's own

_PLACE = re.compile(r"([A-Za-z]{1,3})([1-9][0-9]{0,6})")
_COUNT = re.compile(r"[0-9]{1,10}")
_ERROR_VALUE = "an error such as #N/A"
_NO_RESULT = "a formula that was never calculated"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"


@dataclass(slots=True)
class Look:
    """The findings in one sheet: its cells without a value (row, column) -> why, and its merged ranges."""

    file: str
    sheet: str
    unreadable: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[Span] = field(default_factory=list)
    letters: int = 0
    _rows: int = 0
    _columns: int = 0

    def reach(self, rows: int, columns: int) -> None:
        """Note that this row and column (from 1) is used. Raises BadConfig if it is beyond any register."""
        if rows <= self._rows and columns <= self._columns:
            return
        self._rows, self._columns = max(self._rows, rows), max(self._columns, columns)
        if self._rows * self._columns > CELLS_MAX:
            raise BadConfig(
                f"{self.file}: sheet {quoted(self.sheet)} reaches to "
                f"{letters(min(self._columns, COLUMNS_MAX) - 1)}{min(self._rows, ROWS_MAX)}, far beyond any register.",
                remedy="Delete the stray cell there (Ctrl+End goes to it), or copy the rows that are used "
                "to a new sheet.",
            )

    def take(self, count: int) -> None:
        """Count letters. Raises BadConfig for more than any register has."""
        self.letters += count
        if self.letters > LETTERS_MAX:
            raise BadConfig(
                f"{self.file}: sheet {quoted(self.sheet)} holds more than {LETTERS_MAX:,} letters.",
                remedy="Copy the rows that are used to a new sheet.",
            )


# --- Excel ------------------------------------------------------------------------------------------------


def look_at_xlsx(file: str, archive: zipfile.ZipFile) -> dict[str, Look]:
    """Return the findings in each worksheet, by name. Raises BadConfig (too much), Incomplete (damaged)."""
    shared = _shared_lengths(file, archive)
    looks = {}
    for sheet, part in xlsx_parts(file, archive):
        look = looks[sheet] = Look(file, sheet)
        with archive.open(part) as xml:
            _Cells(look, shared).read(xml)
    return looks


class _Cells:
    """The cells of one worksheet, one by one from the parser: a tree would need most of the memory."""

    def __init__(self, look: Look, shared: list[int]) -> None:
        self._look, self._shared = look, shared
        self._at = self._column = 0  # of the last cell, from 1
        self._kind: str | None = None  # what the cell's t says
        self._inside = ""
        self._value = ""
        self._has_formula = self._is_inline = False

    def read(self, xml: IO[bytes]) -> None:
        """Note what is in a sheet. Raises Incomplete if it isn't the XML of an office file."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._refuse  # no program writes one; an attacker might
        try:
            parser.ParseFile(xml)
        except expat.ExpatError as error:
            raise _damaged(self._look.file) from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._inside = local = name.rpartition(" ")[2]
        if local == "c":
            place = attributes.get("r")
            self._at, self._column = (self._at, self._column + 1) if place is None else self._place(place)
            self._look.reach(self._at, self._column)
            self._kind = attributes.get("t")
            self._value, self._has_formula, self._is_inline = "", False, False
        elif local == "row":
            self._at, self._column = _counted(attributes.get("r"), self._at + 1), 0
        elif local == "f":
            self._has_formula = True
        elif local == "is":
            self._is_inline = True

    def _text(self, text: str) -> None:
        self._look.take(len(text))
        if self._inside == "v" and len(self._value) < VALUE_MAX:
            self._value += text

    def _end(self, name: str) -> None:
        self._inside = ""
        if name.rpartition(" ")[2] != "c":
            return
        if self._kind == "s":
            at = _counted(self._value, len(self._shared))
            self._look.take(self._shared[at] if at < len(self._shared) else 0)
        elif why := self._trouble():
            self._look.unreadable[self._at - 1, self._column - 1] = why

    def _trouble(self) -> str | None:
        if self._kind == "e":
            return _ERROR_VALUE
        is_missing = self._has_formula and not self._value and not self._is_inline
        return _NO_RESULT if is_missing and self._kind != "str" else None  # t="str": its result is ""

    def _place(self, text: str) -> tuple[int, int]:
        match = _PLACE.fullmatch(text)
        if match is None:
            raise _damaged(self._look.file)
        return int(match[2]), _number(match[1].upper())

    def _refuse(self, *_doctype: object) -> None:
        raise _damaged(self._look.file)


@cache  # there are at most some twenty thousand of three letters
def _number(column: str) -> int:
    number = 0
    for letter in column:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _shared_lengths(file: str, archive: zipfile.ZipFile) -> list[int]:
    lengths = []
    if "xl/sharedStrings.xml" in archive.namelist():
        with archive.open("xl/sharedStrings.xml") as xml:
            for element in _elements(file, xml, ("{*}si",)):
                lengths.append(sum(len(piece) for piece in element.itertext()))
                _forget(element)
    return lengths


def xlsx_parts(file: str, archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Yield each sheet's name and the part of the archive that it is in."""
    targets = {}
    with archive.open("xl/_rels/workbook.xml.rels") as xml:
        for relation in _elements(file, xml, ("{*}Relationship",)):
            targets[relation.get("Id")] = str(relation.get("Target"))
    parts = set(archive.namelist())
    with archive.open("xl/workbook.xml") as xml:
        for sheet in _elements(file, xml, ("{*}sheet",)):
            target = targets.get(sheet.get(_RELATION), "").removeprefix("/")
            part = target if target.startswith("xl/") else f"xl/{target}"
            if part in parts and "worksheets" in part:
                yield str(sheet.get("name")), part


# --- OpenDocument -----------------------------------------------------------------------------------------


def look_at_ods(file: str, archive: zipfile.ZipFile) -> dict[str, Look]:
    """As `look_at_xlsx`, with merged ranges, too, which calamine does not give. Repeats are counted, not unrolled."""
    looks = {}
    look, at = Look(file, ""), 0
    with archive.open("content.xml") as xml:
        for element in _elements(file, xml, (f"{_TABLE}table-row", f"{_TABLE}table")):
            table = (
                element
                if element.tag == f"{_TABLE}table"
                else next(element.iterancestors(f"{_TABLE}table"), element)
            )
            look.sheet = str(table.get(f"{_TABLE}name"))
            if element.tag == f"{_TABLE}table":
                looks[look.sheet] = look
                look, at = Look(file, ""), 0
            else:
                at += _look_at_row(look, element, at)
            _forget(element)
    return looks


def _look_at_row(look: Look, row: etree._Element, at: int) -> int:
    """Note a row's cells; return how often it is repeated."""
    repeat = _counted(row.get(f"{_TABLE}number-rows-repeated"), 1)
    column = 0
    for cell in row.iterchildren(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
        times = _counted(cell.get(f"{_TABLE}number-columns-repeated"), 1)
        if cell.get(f"{_OFFICE}value-type") or len(cell):
            look.reach(at + repeat, column + times)
            look.take(_letters_in(cell) * times * repeat)
        if cell.get(f"{_CALC}value-type") == "error":
            look.unreadable[at, column] = _ERROR_VALUE
        down = _counted(cell.get(f"{_TABLE}number-rows-spanned"), 1)
        across = _counted(cell.get(f"{_TABLE}number-columns-spanned"), 1)
        if down > 1 or across > 1:
            look.merged.append((at, column, at + down - 1, column + across - 1))
        column += times
    return repeat


def _letters_in(cell: etree._Element) -> int:
    spaces = sum(_counted(space.get(f"{_TEXT}c"), 1) for space in cell.iter(f"{_TEXT}s"))
    return (
        spaces + sum(len(piece) for piece in cell.itertext()) + sum(map(len, map(str, cell.attrib.values())))
    )


# --- Both -------------------------------------------------------------------------------------------------


def _elements(file: str, xml: IO[bytes], tags: tuple[str, ...]) -> Iterator[etree._Element]:
    """Yield the elements of these names when they end. Raises Incomplete when it isn't the XML of an office file."""
    parsed = etree.iterparse(xml, tag=tags, resolve_entities=False, no_network=True)
    try:
        for _event, element in parsed:
            if (
                element.getroottree().docinfo.internalDTD is not None
            ):  # no program writes one; an attacker might
                raise _damaged(file)
            yield element
    except etree.XMLSyntaxError as error:
        raise _damaged(file) from error


def _forget(element: etree._Element) -> None:
    """Free an element that was read, and those before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _counted(text: str | None, default: int) -> int:
    """Return the number; the default if there is none, or an implausible one."""
    return int(text) if text is not None and _COUNT.fullmatch(text) else default


def _damaged(file: str) -> Incomplete:
    return Incomplete(
        f"{file}: the file is cut or damaged.",
        remedy="Open it in the program that made it, or restore the last good copy, and save it again.",
    )
