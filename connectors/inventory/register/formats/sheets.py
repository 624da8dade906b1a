"""Excel and OpenDocument sheets: values by calamine, after a look at the XML (`sheet_xml`).

Tried with python-calamine 0.9.1, 2026-11.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import cast

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from connectors.inventory.register.formats.sheet_xml import CELLS_MAX, Look, look_at_ods, look_at_xlsx
from connectors.inventory.register.formats.table import Kind, Shared, Span, Table, Unreadable, Value
from connectors.kit.text import quoted
from worker.ports import BadConfig, Incomplete


def read_xlsx(name: str, data: bytes, archive: zipfile.ZipFile) -> list[Table]:
    """Return the worksheets of an .xlsx or .xlsm file, hidden ones too, with merged ranges."""
    return _values(name, data, look_at_xlsx(name, archive))


def read_ods(name: str, data: bytes, archive: zipfile.ZipFile) -> list[Table]:
    """Return the sheets of an .ods file."""
    if b"manifest:encryption-data" in archive.read("META-INF/manifest.xml"):
        raise Incomplete(
            f"{name}: the file is protected by a password.",
            remedy="Save it without one, and protect the folder that it is in instead.",
        )
    return _values(name, data, look_at_ods(name, archive))


def _values(name: str, data: bytes, looks: Mapping[str, Look]) -> list[Table]:
    tables = []
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            for about in book.sheets_metadata:
                if about.typ is not SheetTypeEnum.WorkSheet:
                    continue
                sheet = book.get_sheet_by_name(about.name)
                rows = cast("list[list[Value]]", sheet.to_python(skip_empty_area=False))
                _share(rows)
                look = looks.get(about.name) or Look(name, about.name)
                _mark(rows, look.unreadable)
                spans = look.merged or [
                    (top, left, bottom, right)
                    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
                ]
                _refuse_endless(look, spans, len(rows))
                is_hidden = about.visible is not SheetVisibleEnum.Visible
                tables.append(Table(about.name, Kind.SHEET, rows, tuple(spans), is_hidden=is_hidden))
    except PasswordError as error:
        raise Incomplete(
            f"{name}: the file is protected by a password.", remedy="Save it without one."
        ) from error
    except CalamineError as error:
        raise Incomplete(
            f"{name}: the file is cut or damaged.",
            remedy="Open it in the program that made it, or restore the last good copy, and save it again.",
        ) from error
    return tables


def _share(rows: list[list[Value]]) -> None:
    shared = Shared()
    for row in rows:
        row[:] = [shared(value) if isinstance(value, str) else value for value in row]


def _mark(rows: list[list[Value]], unreadable: dict[tuple[int, int], str]) -> None:
    """Mark cells that calamine wrongly shows as empty; extend the table if one lies outside of it."""
    for (row, column), why in unreadable.items():
        while len(rows) <= row:
            rows.append([])
        cells = rows[row]
        cells.extend("" for _ in range(column + 1 - len(cells)))
        if cells[column] == "":
            cells[column] = Unreadable(why)


def _refuse_endless(look: Look, spans: list[Span], rows: int) -> None:
    """Raise an error for merged ranges that cover too many rows, which they could by overlapping."""
    if sum(max(0, min(bottom, rows) - top) for top, _, bottom, _ in spans) > CELLS_MAX:
        raise BadConfig(
            f"{look.file}: the merged ranges of sheet {quoted(look.sheet)} cover one another.",
            remedy="Copy the rows that are used to a new sheet.",
        )
