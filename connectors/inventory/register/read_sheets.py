"""Excel and OpenDocument sheets: values by calamine, and a look at the XML for what calamine doesn't tell.

calamine shows an error value (#N/A) and a formula without a result as an empty cell, which would make
a member
vanish silently; and it allocates the whole rectangle that a sheet spans, so one stray cell in the last row of
Excel takes terabytes. Both are seen in the XML first. Tried with python-calamine 0.9.1, 2026-11.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from typing import cast

from lxml import etree
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from connectors.inventory.register.table import Kind, Span, Table, Unreadable, Value, letters
from worker.ports import BadConfig, Incomplete

CELLS_MAX = 20_000_000  # some 700 MB in calamine; a million members in twenty columns

_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*)>")
_PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_ERROR = re.compile(rb'<(?:\w+:)?c\b(?=[^>]*\br="([A-Z]{1,3})([0-9]+)")(?=[^>]*\bt="e")[^>]*>')
_NEVER_CALCULATED = re.compile(
    rb'<(?:\w+:)?c\b(?![^>]*\bt="str")[^>]*?\br="([A-Z]{1,3})([0-9]+)"[^>]*>'  # t="str": its result is ""
    rb"\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
_ANY_ERROR = re.compile(rb'\bt="e"')
_ERROR_VALUE = "an error such as #N/A"
_NO_RESULT = "a formula that was never calculated"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_SAFE = {"resolve_entities": False, "no_network": True, "huge_tree": True}


def read_xlsx(name: str, data: bytes, archive: zipfile.ZipFile) -> list[Table]:
    """Return the worksheets of an .xlsx or .xlsm file, hidden ones too, with merged ranges."""
    unreadable: dict[str, dict[tuple[int, int], str]] = {}
    try:
        for sheet, part in _xlsx_parts(archive):
            xml = archive.read(part)
            _fit(name, sheet, *_extent(xml))
            unreadable[sheet] = _unreadable(xml)
    except etree.XMLSyntaxError as error:
        raise _damaged(name, error) from error
    return _values(name, data, unreadable, {})


def read_ods(name: str, data: bytes, archive: zipfile.ZipFile) -> list[Table]:
    """Return the sheets of an .ods file; its merged ranges come from the XML, as calamine has none."""
    if b"manifest:encryption-data" in archive.read("META-INF/manifest.xml"):
        raise Incomplete(
            f"{name}: the file is protected by a password.",
            remedy="Save it without one, and protect the folder that it is in instead.",
        )
    unreadable: dict[str, dict[tuple[int, int], str]] = {}
    merged: dict[str, list[Span]] = {}
    try:
        for sheet, rows, columns, errors, spans in _walk_ods(archive.read("content.xml")):
            _fit(name, sheet, rows, columns)
            unreadable[sheet], merged[sheet] = errors, spans
    except etree.XMLSyntaxError as error:
        raise _damaged(name, error) from error
    return _values(name, data, unreadable, merged)


def _values(
    name: str,
    data: bytes,
    unreadable: dict[str, dict[tuple[int, int], str]],
    merged: dict[str, list[Span]],
) -> list[Table]:
    tables = []
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            for about in book.sheets_metadata:
                if about.typ is not SheetTypeEnum.WorkSheet:
                    continue
                sheet = book.get_sheet_by_name(about.name)
                rows = cast("list[list[Value]]", sheet.to_python(skip_empty_area=False))
                _mark(rows, unreadable.get(about.name, {}))
                spans = merged.get(about.name) or [
                    (top, left, bottom, right)
                    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
                ]
                is_hidden = about.visible is not SheetVisibleEnum.Visible
                tables.append(Table(about.name, Kind.SHEET, rows, tuple(spans), is_hidden=is_hidden))
    except PasswordError as error:
        raise Incomplete(
            f"{name}: the file is protected by a password.", remedy="Save it without one."
        ) from error
    except CalamineError as error:
        raise _damaged(name, error) from error
    return tables


def _mark(rows: list[list[Value]], unreadable: dict[tuple[int, int], str]) -> None:
    """Put the cells back that calamine shows as empty, and grow the table where one lies outside of it."""
    for (row, column), why in unreadable.items():
        while len(rows) <= row:
            rows.append([])
        cells = rows[row]
        cells.extend("" for _ in range(column + 1 - len(cells)))
        if cells[column] == "":
            cells[column] = Unreadable(why)


def _xlsx_parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Yield each sheet's name and the part of the archive that it is in."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    relations = etree.fromstring(archive.read("xl/_rels/workbook.xml.rels"), parser)
    targets = {relation.get("Id"): str(relation.get("Target")) for relation in relations}
    parts = set(archive.namelist())
    for sheet in etree.fromstring(archive.read("xl/workbook.xml"), parser).iterfind(".//{*}sheet"):
        target = targets.get(sheet.get(_RELATION), "").removeprefix("/")
        part = target if target.startswith("xl/") else f"xl/{target}"
        if part in parts and "worksheets" in part:
            yield str(sheet.get("name")), part


def _extent(xml: bytes) -> tuple[int, int]:
    """Return how many rows and columns the sheet spans, also where its cells don't say where they are."""
    rows, columns = xml.count(b"<row"), Counter[bytes]()
    is_placed = True
    for cell in _CELL.finditer(xml):
        place = _PLACE.search(cell[1])
        if place is None:
            is_placed = False
            continue
        columns[place[1]] += 1
        rows = max(rows, int(place[2]))
    width = max(map(_number, columns), default=0)
    if not is_placed:
        width = max(width, *(len(_CELL.findall(row)) for row in xml.split(b"<row")))
    return rows, width


def _number(column: bytes) -> int:
    number = 0
    for letter in column:
        number = number * 26 + letter - ord("A") + 1
    return number


def _unreadable(xml: bytes) -> dict[tuple[int, int], str]:
    found = {}
    looked_for = (
        (_FORMULA, _NEVER_CALCULATED, _NO_RESULT),
        (_ANY_ERROR, _ERROR, _ERROR_VALUE),
    )
    for quick, pattern, why in looked_for:
        for cell in pattern.finditer(xml) if quick.search(xml) else ():
            found[int(cell[2]) - 1, _number(cell[1]) - 1] = why
    return found


def _walk_ods(
    content: bytes,
) -> Iterator[tuple[str, int, int, dict[tuple[int, int], str], list[Span]]]:
    """Yield name, rows, columns, error cells and merged ranges of each sheet; repeats are counted, not
    unrolled.
    """
    for _event, table in etree.iterparse(io.BytesIO(content), tag=f"{_TABLE}table", **_SAFE):
        errors: dict[tuple[int, int], str] = {}
        spans: list[Span] = []
        at = rows = columns = 0
        for row in table.iter(f"{_TABLE}table-row"):
            repeat = int(row.get(f"{_TABLE}number-rows-repeated", 1))
            width = _walk_ods_row(row, at, errors, spans)
            if width:
                rows, columns = at + repeat, max(columns, width)
            at += repeat
        yield str(table.get(f"{_TABLE}name")), rows, columns, errors, spans
        table.clear()


def _walk_ods_row(row: etree._Element, at: int, errors: dict[tuple[int, int], str], spans: list[Span]) -> int:
    """Note a row's error cells and merged ranges; return its width up to the last cell that isn't empty."""
    column = width = 0
    for cell in row.iterchildren(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
        repeat = int(cell.get(f"{_TABLE}number-columns-repeated", 1))
        if cell.get(f"{_OFFICE}value-type") or len(cell):
            width = column + repeat
        if cell.get(f"{_CALC}value-type") == "error":
            errors[at, column] = _ERROR_VALUE
        down = int(cell.get(f"{_TABLE}number-rows-spanned", 1))
        across = int(cell.get(f"{_TABLE}number-columns-spanned", 1))
        if down > 1 or across > 1:
            spans.append((at, column, at + down - 1, column + across - 1))
        column += repeat
    return width


def _fit(name: str, sheet: str, rows: int, columns: int) -> None:
    if rows * columns > CELLS_MAX:
        raise BadConfig(
            f"{name}: sheet '{sheet}' reaches to {letters(max(columns, 1) - 1)}{rows}, far beyond "
            "any register.",
            remedy="Delete the stray cell there (Ctrl+End goes to it), or copy the rows that are used "
            "to a new sheet.",
        )


def _damaged(name: str, error: Exception) -> Incomplete:
    return Incomplete(
        f"{name}: the file is cut or damaged ({error}).",
        remedy="Open it in the program that made it, or restore the last good copy, and save it again.",
    )
