"""Real office files made from rows of texts: what people's programs would have written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TypeAlias

import docx
import openpyxl
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CoveredTableCell, Table, TableCell, TableRow
from odf.text import P
from openpyxl.worksheet.worksheet import Worksheet

Cell: TypeAlias = str | float | bool | date | datetime | None
Rows: TypeAlias = Sequence[Sequence[Cell]]


def write_xlsx(path: Path, rows: Rows, *, sheet: str = "Groups", merged: Iterable[str] = ()) -> None:
    """One sheet; `merged` are ranges such as A2:A4."""
    book, page = new_book(rows, sheet=sheet)
    for cells in merged:
        page.merge_cells(cells)
    book.save(path)


def new_book(rows: Rows, *, sheet: str = "Groups") -> tuple[openpyxl.Workbook, Worksheet]:
    book = openpyxl.Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    page.title = sheet
    for row in rows:
        page.append(list(row))
    return book, page


def write_ods(
    path: Path, rows: Rows, *, sheet: str = "Groups", down: dict[tuple[int, int], int] | None = None
) -> None:
    """One sheet; `down` has how many rows a cell (row and column from 0) spans."""
    spans = down or {}
    covered = {(row + more, column) for (row, column), count in spans.items() for more in range(1, count)}
    document = OpenDocumentSpreadsheet()
    table = Table(name=sheet)
    for number, row in enumerate(rows):
        line = TableRow()
        for column, value in enumerate(row):
            where = (number, column)
            line.addElement(CoveredTableCell() if where in covered else _ods_cell(value, spans.get(where, 1)))
        table.addElement(line)
    document.spreadsheet.addElement(table)
    document.save(str(path))


def _ods_cell(value: Cell, spanned: int) -> TableCell:
    span = {"numberrowsspanned": spanned} if spanned > 1 else {}
    if value is None or value == "":
        return TableCell(**span)
    if isinstance(value, date):
        return TableCell(valuetype="date", datevalue=value.isoformat(), **span)
    if isinstance(value, (int, float)):
        return TableCell(valuetype="float", value=value, **span)
    cell = TableCell(valuetype="string", **span)
    for line in value.split("\n"):
        cell.addElement(P(text=line))
    return cell


def write_docx(
    path: Path, *tables: Rows, above: Sequence[str] = (), merged: Iterable[tuple[int, int, int]] = ()
) -> None:
    """A document of tables; `merged` are (column, first row, last row) of the first one."""
    document = docx.Document()
    for text in above:
        document.add_paragraph(text)
    for rows in tables:
        width = max((len(row) for row in rows), default=1)
        table = document.add_table(rows=len(rows), cols=max(width, 1))
        for number, row in enumerate(rows):
            cells = table.rows[number].cells
            for column, value in enumerate(row):
                cells[column].text = "" if value is None else str(value)
    for column, first, last in merged:
        page = document.tables[0]
        page.cell(first, column).merge(page.cell(last, column))
    document.save(str(path))
