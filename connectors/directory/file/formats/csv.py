"""Turn the rows of a CSV export into raw records, and detect a file that was cut.

    text lines -> preamble (#TYPE, sep=) -> header and delimiter -> rows -> RawRecord | Malformed

A row in the middle with a wrong number of cells is set aside. At the end of the file it means that the rest is
missing, and so does a quote that is never closed: Incomplete.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.directory.file.columns import ID_NAMES, fold, known
from connectors.directory.file.formats.records import RawRecord, clean, is_powershell_type
from connectors.kit.guids import guid
from worker.ports import BadConfig, Incomplete, Malformed

EXPORT_AGAIN = "Export again; write to a temporary name and rename it when it is finished."
_DELIMITERS = (",", ";", "\t", "|")
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
COLUMNS_MAX = 2000
_IDS = frozenset(name for names in ID_NAMES.values() for name in names)
_HEADER_LINES_MAX = 100  # blank, #TYPE and sep= lines before the header


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: list[str]
    error: str = ""


class CsvReader:
    """Reads the header at once, and the rows by `records`, which can be called only once.

    `collections` are the columns with PowerShell type names instead of values; it grows while reading.
    """

    def __init__(self, place: str, lines: Iterator[str]) -> None:
        self.place = place
        self.collections: set[str] = set()
        self._lines = lines
        self._lines_before = 0
        self.header, self.delimiter = self._read_header()
        self._columns = tuple(fold(name) for name in self.header)

    def records(self) -> Iterator[RawRecord | Malformed]:
        """Yield every row in file order. It stays one row behind, because other rules apply to the last row."""
        pending: _Row | None = None
        for row in self._rows():
            if pending is not None:
                yield self._record(pending)
            pending = row
        if pending is not None:
            self._refuse_cut(pending)
            yield self._record(pending)

    def _read_header(self) -> tuple[tuple[str, ...], str]:
        wish: str | None = None
        for line in self._lines:
            self._lines_before += 1
            text = line.strip("\r\n")
            if text.lower().startswith("sep=") and len(text) == len("sep=") + 1:
                wish = text[-1]
            elif text.strip() and not text.startswith("#") and not text.startswith('"#TYPE'):
                return self._split_header(text, wish)
            if self._lines_before > _HEADER_LINES_MAX:
                break
        raise Incomplete(f"{self.place} has no header line: it is empty.", remedy=EXPORT_AGAIN)

    def _split_header(self, text: str, wish: str | None) -> tuple[tuple[str, ...], str]:
        choices = []
        for delimiter in (wish,) if wish else _DELIMITERS:
            try:
                cells = next(csv.reader([text], delimiter=delimiter, strict=True), [])
            except csv.Error:
                continue
            choices.append((known(cells), len(cells), delimiter, tuple(cell.strip() for cell in cells)))
        if not choices:
            raise Incomplete(
                f"{self.place} line {self._lines_before}: the header's quotes are not closed.",
                remedy=EXPORT_AGAIN,
            )
        *_, delimiter, header = max(choices, key=lambda choice: choice[:2])
        if len(header) > COLUMNS_MAX:
            raise BadConfig(
                f"{self.place}: it has {len(header)} columns; {COLUMNS_MAX} can be read.",
                remedy="Export those columns only that the manual names.",
            )
        return header, delimiter

    def _rows(self) -> Iterator[_Row]:
        reader = csv.reader(self._lines, delimiter=self.delimiter, strict=True)
        while True:
            before = reader.line_num
            line = self._lines_before + before + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield self._broken(line, reader.line_num - before, error)
                continue
            if any(cell.strip() for cell in cells):
                yield _Row(line, cells)

    def _broken(self, line: int, lines: int, error: csv.Error) -> _Row:
        text = str(error)
        if "field limit" in text:
            raise Incomplete(
                f"{self.place} line {line}: a value is longer than {csv.field_size_limit():,} letters, "
                "or a quote is opened and never closed.",
                remedy=f"Leave out a column with so much text. {EXPORT_AGAIN}",
            ) from error
        if "unexpected end" in text:
            raise Incomplete(
                f"{self.place} line {line}: a quote is opened and never closed, as if the file was cut.",
                remedy=EXPORT_AGAIN,
            ) from error
        if lines > 1:  # it swallowed the next row, and the people in it
            raise Incomplete(
                f"{self.place} lines {line} to {line + lines - 1}: the quotes do not match, "
                "so rows run into one another.",
                remedy=EXPORT_AGAIN,
            ) from error
        return _Row(line, [], "the quotes in it do not match")

    def _refuse_cut(self, row: _Row) -> None:
        if row.error or len(row.cells) >= len(self.header):
            return
        raise Incomplete(
            f"{self.place} line {row.line}: the last row has {len(row.cells)} of {len(self.header)} columns, "
            "as if the file was cut.",
            remedy=EXPORT_AGAIN,
        )

    def _id_in(self, cells: list[str]) -> tuple[str, str] | None:
        """The id's column, and the id, in a row with a wrong number of cells.

        It stands before or after the cell that was cut in two.
        """
        columns = [(at, name) for at, name in enumerate(self._columns) if name in _IDS]
        places = [(place, name) for at, name in columns for place in (at, at - len(self._columns))]
        ids = ((name, guid(clean(cells[at]))) for at, name in places if -len(cells) <= at < len(cells))
        return next(((name, one) for name, one in ids if one), None)

    def _record(self, row: _Row) -> RawRecord | Malformed:
        cells = row.cells
        # An extra empty cell is an error, too: "Adeyemi, Amy" without quotes shifts all cells after it.
        place = f"{self.place} line {row.line}"
        if row.error or len(cells) != len(self._columns):
            what = row.error or f"it has {len(cells)} columns and the header has {len(self._columns)}"
            own = self._id_in(cells)
            spoilt = Malformed(
                f"{place}: {what}.",
                record_id=own[1] if own else place,
                remedy="Put cells with the delimiter or a line end in them into quotes; Export-Csv does.",
            )
            return RawRecord(row.line, {own[0]: (own[1],)}, spoilt) if own else spoilt
        values: dict[str, list[str]] = {}
        typed: set[str] = set()
        for name, column, cell in zip(self.header, self._columns, cells, strict=True):
            text = clean(cell)
            if is_powershell_type(text):
                self.collections.add(name)
                typed.add(column)
            elif text:
                values.setdefault(column, []).append(text)
        found = {column: tuple(texts) for column, texts in values.items()}
        return RawRecord(row.line, found, typed=frozenset(typed))
