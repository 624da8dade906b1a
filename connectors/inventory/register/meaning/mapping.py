"""Read one table's rows: the group of each, its members, and the parts that can't be understood. Pure.

    Table + Header -> Row (group as written, members seen, cells naming admins, problems)

Both layouts are read by the same rules: a row shows one member, or several in one cell. Hidden and filtered
rows are rows like any other. Groups are put together from the rows in `groups`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from connectors.inventory.register.config import Meaning
from connectors.inventory.register.formats.table import Table, Value, is_blank, text_of
from connectors.inventory.register.meaning import words
from connectors.inventory.register.meaning.about import about_group
from connectors.inventory.register.meaning.cells import (
    Ambiguous,
    Seen,
    count_of,
    emails_in,
    is_name,
    is_nothing,
    item,
    items_of,
    lines_of,
    max_role,
    number_lost_digits,
    one_line,
    phones_in,
    role_of,
    yes_or_no,
)
from connectors.inventory.register.meaning.headings import Header
from connectors.inventory.register.meaning.name_columns import maybe_names
from connectors.inventory.register.meaning.row_cells import Cells
from connectors.inventory.register.meaning.rows import Row, Showing
from connectors.inventory.register.meaning.words import plain
from connectors.kit.text import quoted
from worker.domain.model import NOTHING_SAID, RegisterFacts, Role

COUNT_DIGITS_MAX = 6  # a total is shorter than any phone number
_NUMBER = re.compile(r"[\d.,%\s]*")
_NOBODY = "shows no name, phone number, e-mail address or employee id"
_NONE: list[Any] = []  # shared by all rows, and never added to
_CARRIED = (Meaning.GROUP_ID, Meaning.GROUP_NAME)
_OF_A_MEMBER = (Meaning.MEMBER, Meaning.ROLE, Meaning.JOINED_ON)


def rows_of(table: Table, header: Header, number: int, region: str) -> Iterator[Row]:
    """Yield the rows below the header, without empty ones, totals and repeated headers."""
    cells = _with_merged(table, header)
    head = [plain(text_of(value)) for value in table.rows[header.row]]
    carried, said = ("", ""), NOTHING_SAID
    maybe = maybe_names(header, cells[header.row + 1 :])
    for at in range(header.row + 1, len(cells)):
        values = cells[at]
        if all(map(is_blank, values)) or _is_total(values, header) or _repeats(values, head):
            continue
        row = _RowReader(Cells(table, header, at, values, region), maybe).read(number)
        if row.has_group:
            carried = _carry(row, carried)
        else:
            # Nobody knows a broken one of the rows below, either
            carried = ("", "") if row.is_group_broken else carried
            row.group_id, row.group_name = carried
        said = row.said if row.said != said else said
        yield _lean(row, said)


def _lean(row: Row, said: RegisterFacts) -> Row:
    """The row without objects of its own for what it has none of, and for what the row above says, too."""
    row.said = said
    row.named, row.problems, row.notes = row.named or _NONE, row.problems or _NONE, row.notes or _NONE
    return row


def _carry(row: Row, carried: tuple[str, str]) -> tuple[str, str]:
    """Carry group id and name down: a row with the same name belongs to the group above, even without an id."""
    if not row.group_id and row.group_name == carried[1]:
        row.group_id = carried[0]
    if not row.group_name and row.group_id == carried[0]:
        row.group_name = carried[1]
    return row.group_id, row.group_name


def _with_merged(table: Table, header: Header) -> list[list[Value]]:
    """Return the rows; the value of a cell that is merged downwards is in all rows that it covers."""
    rows = list(table.rows)
    for top, column, bottom, _right in table.merged:
        if top <= header.row or top >= len(rows) or column >= len(rows[top]):
            continue
        for at in range(top + 1, min(bottom + 1, len(rows))):
            row = rows[at] if rows[at] is not table.rows[at] else list(rows[at])
            row.extend("" for _ in range(column + 1 - len(row)))
            row[column] = rows[top][column]
            rows[at] = row
    return rows


def _is_total(values: list[Value], header: Header) -> bool:
    """True for a row such as "Total | | 612": one word for a total, and otherwise only short numbers.

    In the members' column, a word that is a name, too, is somebody.
    """
    label, column = "", 0
    for at, value in enumerate(values):
        if (text := text_of(value).strip()) and not _is_count(text):
            if label:
                return False
            label, column = text, at
    word = plain(re.sub(r"[\d:=]", " ", label))
    is_name = word in words.NAMES_TOO and column == header.columns.get(Meaning.MEMBER)
    return word in words.TOTALS and not is_name


def _is_count(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text)) and sum(map(str.isdigit, text)) in range(1, COUNT_DIGITS_MAX + 1)


def _repeats(values: list[Value], head: list[str]) -> bool:
    """True if the row repeats the header, as at the top of each printed page."""
    pairs = zip_longest(values, head, fillvalue="")
    return all(plain(text_of(value)) == text for value, text in pairs)


class _RowReader:
    """Reads one row; a cell that it can't understand becomes a problem with its place."""

    def __init__(self, cells: Cells, maybe_names: tuple[int, ...]) -> None:
        self.cells, self.header, self.row = cells, cells.header, cells.row
        self._maybe_names = maybe_names

    def read(self, number: int) -> Row:
        self.row.table = number
        self._group()
        if self._has_too_many():
            return self.row
        before = len(self.row.problems)
        showings = self._members()
        if not showings and len(self.row.problems) == before and self._says_something():
            self.cells.problem(None, _NOBODY, "Write who it is, or delete the row.", spoils=True)
        self.row.members = self._with_roles(showings)
        self._named()
        return self.row

    # --- The group --------------------------------------------------------------------------------

    def _group(self) -> None:
        for meaning in _CARRIED:
            if (column := self.cells.broken(meaning)) is not None:
                self.row.is_group_broken = True
                self.cells.problem(
                    column,
                    f"the group is {self.cells.why(column)}",
                    "Write the group as plain text.",
                    spoils=True,
                )
        group_id = self.cells.value(Meaning.GROUP_ID)
        if number_lost_digits(group_id):
            self.cells.problem(
                self.header.columns[Meaning.GROUP_ID],
                "the group's id is a number of which Excel has lost the last digits",
                "Set the format of the column to Text and enter the id again.",
            )
            group_id, self.row.is_group_broken = "", True
        self.row.group_id = one_line(text_of(group_id))
        self.row.group_name = one_line(text_of(self.cells.value(Meaning.GROUP_NAME)))
        about_group(self.cells)

    def _has_too_many(self) -> bool:
        """True for a CSV row with more values than the header: one holds the delimiter, and the next are shifted."""
        table, values = self.cells.table, self.cells.values
        width = len(table.rows[self.header.row])
        has_more = bool(table.lines) and any(not is_blank(value) for value in values[width:])
        if has_more:
            self.cells.problem(
                None,
                f"has {len(values)} values for {width} columns",
                'Put quotes around a value that holds the delimiter: "Doe, Jane".',
                spoils=True,
            )
        return has_more

    # --- The members ------------------------------------------------------------------------------

    def _members(self) -> list[Showing]:
        columns = [self.header.columns.get(m) for m in (Meaning.MEMBER, Meaning.EMAIL, Meaning.EMPLOYEE_ID)]
        columns += self.header.phones
        for column in [column for column in columns if self.cells.why(column)]:
            self.cells.problem(
                column,
                f"is {self.cells.why(column)}",
                "Mend the formula, or write the value itself.",
                spoils=all(is_nothing(self.cells.at_column(other)) for other in columns),
            )
        seen = self._seen()
        joined = self.cells.day(Meaning.JOINED_ON) if seen else None
        return [Showing(one, place, joined) for one, place in seen]

    def _seen(self) -> list[tuple[Seen, str]]:
        names = self.cells.value(Meaning.MEMBER)
        own = [self.cells.at_column(column) for column in self.header.phones]
        own += [self.cells.value(Meaning.EMAIL), self.cells.value(Meaning.EMPLOYEE_ID)]
        lines = lines_of(names)
        beside = [len(lines_of(value)) for value in own if not is_nothing(value)]
        if len(lines) > 1 and beside and set(beside) == {len(lines)}:
            return self._parallel(lines)
        if not all(map(is_nothing, own)):
            return self._one_with_own(names, len(lines), max(beside))
        if set(text_of(names).strip()) <= words.NO_MARKS:
            return []
        return self._several(names) if self.header.is_list else self._one_by_name(names)

    def _one_with_own(self, names: Value, lines: int, beside: int) -> list[tuple[Seen, str]]:
        """Read the usual row: one person, with cells for number, address or id."""
        if self.header.is_list and lines > 1:
            self.cells.problem(
                self.header.columns[Meaning.MEMBER],
                f"holds {lines} members, but the cells beside it hold {beside} numbers or addresses",
                "Give each member a row, or write the number after each name: Jane Doe +447700900123.",
                spoils=True,
            )
            return []
        return self._own(one_line(text_of(names)), {})

    def _parallel(self, names: list[str]) -> list[tuple[Seen, str]]:
        """Read several names in one cell, and as many numbers in another; they belong together in order."""
        found = []
        for number, name in enumerate(names):
            found += self._own(
                name, {Meaning.PHONE: number, Meaning.EMAIL: number, Meaning.EMPLOYEE_ID: number}
            )
        return found

    def _own(self, name: str, line: dict[Meaning, int]) -> list[tuple[Seen, str]]:
        """Read name, numbers, address and employee id of one person; of several lines the given one."""

        def cell(column: int | None, meaning: Meaning) -> Value:
            value = self.cells.at_column(column)
            return lines_of(value)[line[meaning]] if meaning in line and not is_nothing(value) else value

        phone, is_unread = self._phone([cell(column, Meaning.PHONE) for column in self.header.phones])
        email = self._email(cell(self.header.columns.get(Meaning.EMAIL), Meaning.EMAIL))
        employee = cell(self.header.columns.get(Meaning.EMPLOYEE_ID), Meaning.EMPLOYEE_ID)
        employee_id = "" if is_nothing(employee) else one_line(text_of(employee))
        name = name if is_name(name) or phone or email or employee_id else ""
        seen = Seen(name, phone, email, employee_id or None, is_phone_unread=is_unread)
        if seen.handle is None:
            self._no_identity(is_unread=is_unread)
            return []
        if is_unread:
            self._unread_phone(seen)
        return [(seen, self.row.place)]

    def _phone(self, values: list[Value]) -> tuple[str | None, bool]:
        found: list[str] = []
        is_unread = False
        for value in values:
            numbers, has_more = phones_in(value, self.cells.region)
            found += [number for number in numbers if number not in found]
            is_unread = is_unread or has_more
        if len(found) > 1:
            self.row.notes.append(f"{self.row.place}: shows {len(found)} phone numbers; the first is used")
        return (found[0], False) if found else (None, is_unread)

    def _email(self, value: Value) -> str | None:
        if is_nothing(value):
            return None
        found = emails_in(value)
        if not found:
            self.cells.problem(
                self.header.columns[Meaning.EMAIL],
                "is not an e-mail address",
                "Write it as name@example.org, or leave the cell empty.",
            )
        return found[0] if found else None

    def _unread_phone(self, seen: Seen) -> None:
        known_by = "e-mail address" if seen.email else "employee id" if seen.employee_id else "name"
        self.cells.problem(
            next(
                (c for c in self.header.phones if not is_nothing(self.cells.at_column(c))),
                self._member_column,
            ),
            f"is not a phone number that can be read; the member is known by {known_by} only",
            "Write it with the country code, as +447700900123, in a column of format Text.",
        )

    def _no_identity(self, *, is_unread: bool) -> None:
        column = next((c for c in self.header.phones if not is_nothing(self.cells.at_column(c))), None)
        self.cells.problem(
            column if is_unread else None,
            "is not a phone number that can be read, and nothing else says who it is"
            if is_unread
            else _NOBODY,
            "Write the number with the country code, as +447700900123, in a column of format Text."
            if is_unread
            else "Write who it is, or delete the row.",
            spoils=True,
        )

    @property
    def _member_column(self) -> int | None:
        return self.header.columns.get(Meaning.MEMBER)

    def _one_by_name(self, names: Value) -> list[tuple[Seen, str]]:
        if (count := count_of(names)) > 1:
            self.cells.problem(
                self._member_column,
                f"holds {count} members in a column for one",
                "Give each member a row, or name the column 'Members'.",
                spoils=True,
            )
            return []
        return self._item(text_of(names).strip(), self._member_column)

    def _several(self, names: Value) -> list[tuple[Seen, str]]:
        try:
            texts = items_of(names)
        except Ambiguous as why:
            self.cells.problem(
                self._member_column,
                f"can be read in two ways: {why}",
                "Put each member on a line of the cell (Alt+Enter), or divide them with semicolons.",
                spoils=True,
            )
            return []
        return [found for text in texts for found in self._item(text, self._member_column)]

    def _item(self, text: str, column: int | None) -> list[tuple[Seen, str]]:
        seen = item(text, self.cells.region, may_have_role=Meaning.ROLE not in self.header.columns)
        if seen.handle is None:
            self.cells.problem(
                column,
                "holds a member without a name or a phone number that can be read",
                "Write the number with the country code, as +447700900123, or a name.",
                spoils=True,
            )
            return []
        if seen.is_phone_unread:
            self._unread_phone(seen)
        return [(seen, self.cells.place(column))]

    def _says_something(self) -> bool:
        """True if the row is about a member, or has what may be a name in a column that isn't recognised."""
        about = map(self.cells.value, _OF_A_MEMBER)
        maybe = map(self.cells.at_column, self._maybe_names)
        is_named = any(is_name(text_of(value)) and not is_nothing(value) for value in maybe)
        return self.header.has_members and (is_named or not all(map(is_nothing, about)))

    # --- Roles ------------------------------------------------------------------------------------

    def _with_roles(self, showings: list[Showing]) -> list[Showing]:
        role = self._role()
        if role is None:
            return showings
        return [replace(s, seen=replace(s.seen, role=max_role(s.seen.role, role))) for s in showings]

    def _role(self) -> Role | None:
        value = self.cells.value(Meaning.ROLE)
        column = self.header.columns.get(Meaning.ROLE)
        if (broken := self.cells.broken(Meaning.ROLE)) is None and is_blank(value):
            return None
        role = None if broken is not None else role_of(value)
        if role is None:
            word = quoted(text_of(value)) if broken is None else self.cells.why(broken)
            self.cells.problem(
                column,
                f"the role {word} is not known; the member is kept, and counts neither as admin nor "
                "as plain member",
                "Write member, admin or creator (or leave the cell empty for a member).",
            )
        return role or Role.UNKNOWN

    def _named(self) -> None:
        """Read the columns of admins and creator: a tick for the row's one member, or names."""
        for meaning, role in ((Meaning.ADMINS, Role.ADMIN), (Meaning.CREATOR, Role.CREATOR)):
            value = self.cells.value(meaning)
            column = self.header.columns.get(meaning)
            if (broken := self.cells.broken(meaning)) is not None:
                self.cells.problem(
                    broken, f"{meaning.words}: {self.cells.why(broken)}", "Write the names.", spoils=True
                )
            ticked = yes_or_no(value)
            if ticked is None and not is_nothing(value):
                self.row.named.append((text_of(value), role, self.cells.place(column)))
            elif ticked and len(self.row.members) == 1:
                one = self.row.members[0]
                self.row.members = [replace(one, seen=replace(one.seen, role=max_role(one.seen.role, role)))]
            elif ticked and self.row.members:
                self.cells.problem(
                    column,
                    f"is ticked for a row of {len(self.row.members)} members",
                    "Write the names of the admins instead.",
                )
