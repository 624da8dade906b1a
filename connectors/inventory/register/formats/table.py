"""The common result of every format: tables of values, each cell with a place that a person can find.

Values are as the file has them; `headings` and `mapping` decide what they mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import TypeAlias

from connectors.kit.text import quoted


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell without a value in the file: `#N/A`, or a formula that was never calculated."""

    why: str


Value: TypeAlias = str | int | float | bool | date | datetime | time | timedelta | Unreadable
Span: TypeAlias = tuple[
    int, int, int, int
]  # first row, first column, last row, last column; from 0, inclusive


SHARED_MAX = 10_000  # texts that are known at a time


class Kind(Enum):
    """How places are named in this kind of table."""

    SHEET = "sheet"
    LINES = "lines"
    WORD = "table"


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet, one CSV file or one table of a Word document. Rows and columns count from 0.

    `lines` are the first lines of a CSV file's records (from 1). `lead` is the text above a Word table.
    """

    name: str
    kind: Kind
    rows: list[list[Value]]
    merged: tuple[Span, ...] = ()
    lines: tuple[int, ...] = ()
    lead: tuple[str, ...] = ()
    is_hidden: bool = False

    @property
    def label(self) -> str:
        """The table's name in messages."""
        return {Kind.SHEET: f"sheet {quoted(self.name)}", Kind.LINES: "the file", Kind.WORD: self.name}[
            self.kind
        ]

    def place(self, row: int, column: int | None = None) -> str:
        """Return where a cell or row is: ``sheet 'Groups', C14``, ``line 14, column 3``, ``table 1,
        row 14``.
        """
        if self.kind is Kind.SHEET:
            cell = f"row {row + 1}" if column is None else f"{letters(column)}{row + 1}"
            return f"{self.label}, {cell}"
        where = f"line {self.lines[row]}" if self.kind is Kind.LINES else f"{self.name}, row {row + 1}"
        return where if column is None else f"{where}, column {column + 1}"


class Shared:
    """Gives one object for equal texts that come near one another, as groups and roles do: a register repeats them."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        if len(self._known) >= SHARED_MAX:
            self._known.clear()
        return self._known.setdefault(text, text)


def letters(column: int) -> str:
    """Return a column's letters as Excel counts them: 0 is A, 26 is AA."""
    name = ""
    column += 1
    while column:
        column, digit = divmod(column - 1, 26)
        name = chr(ord("A") + digit) + name
    return name


def text_of(value: Value) -> str:
    """Return the value as a person would type it: whole numbers without ``.0``, dates in ISO form."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    return "" if isinstance(value, Unreadable) else str(value)


def is_blank(value: Value) -> bool:
    """True if the cell shows nothing."""
    return isinstance(value, str) and not value.strip()
