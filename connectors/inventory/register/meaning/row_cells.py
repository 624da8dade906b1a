"""The cells of one row by what they mean, and the problems with them. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime

from connectors.inventory.register.config import Meaning
from connectors.inventory.register.formats.table import Table, Unreadable, Value
from connectors.inventory.register.meaning.cells import is_nothing
from connectors.inventory.register.meaning.dates import day_or_instant
from connectors.inventory.register.meaning.headings import Header
from connectors.inventory.register.meaning.rows import Problem, Row

_NAMES = (
    Meaning.GROUP_ID, Meaning.GROUP_NAME, Meaning.MEMBER, Meaning.ADMINS, Meaning.CREATOR, Meaning.EMAIL,
    Meaning.EMPLOYEE_ID,
)  # fmt: skip
NAME_MAX = (
    500  # letters: PostgreSQL's indexes take no more, and one name without end would end the whole read
)
_ENDLESS = re.compile(rf"[^\r\n;,]{{{NAME_MAX + 1},}}")


class Cells:
    """One row's cells. What can't be understood is added to the problems of `row`."""

    def __init__(self, table: Table, header: Header, at: int, values: list[Value], region: str) -> None:
        self.table, self.header, self.values, self.region = table, header, values, region
        self._at = at
        self._names = {header.columns.get(meaning) for meaning in _NAMES}
        self.row = Row(table=0, at=at, place=table.place(at))

    def value(self, meaning: Meaning) -> Value:
        """The cell with this meaning; "" if there is none, or if it can't be read."""
        return self.at_column(self.header.columns.get(meaning))

    def at_column(self, column: int | None) -> Value:
        """As `value`, by the column."""
        value = self._found(column)
        return "" if isinstance(value, Unreadable) else value

    def why(self, column: int | None) -> str:
        """Why a cell can't be read, such as a formula that failed; "" if it can be."""
        value = self._found(column)
        return value.why if isinstance(value, Unreadable) else ""

    def broken(self, meaning: Meaning) -> int | None:
        """The column of the cell with this meaning, if the cell can't be read."""
        column = self.header.columns.get(meaning)
        return column if self.why(column) else None

    def place(self, column: int | None) -> str:
        """Where a cell is, in words; without a column, the row."""
        return self.table.place(self._at, column)

    def problem(self, column: int | None, what: str, remedy: str, *, spoils: bool = False) -> None:
        """Add a problem with a cell, or with the row."""
        self.row.problems.append(Problem(self.place(column), what, remedy, spoils))

    def day(self, meaning: Meaning) -> date | datetime | None:
        """The date in a cell; None for an empty one, and, with a problem, for one without a date."""
        value = self.value(meaning)
        if is_nothing(value):
            return None
        said = day_or_instant(value, self.region)
        if said is None:
            column = self.header.columns[meaning]
            self.problem(column, f"{meaning.words} is not a date", "Write it as 2026-11-24.")
        return said

    def _found(self, column: int | None) -> Value:
        value = self.values[column] if column is not None and column < len(self.values) else ""
        if (
            isinstance(value, str)
            and len(value) > NAME_MAX
            and column in self._names
            and _ENDLESS.search(value)
        ):
            return Unreadable(f"longer than {NAME_MAX} letters")
        return value
