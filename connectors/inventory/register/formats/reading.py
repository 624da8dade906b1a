"""Turn the register's tables into the inventory's data: rosters, problems with their places, and the date.

Book -> tables -> headers -> rows -> Reading          no I/O; the whole register is in memory
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import BinaryIO

from connectors.inventory.register.client import whole_file
from connectors.inventory.register.config import Meaning, RegisterConfig
from connectors.inventory.register.formats.formats import Book, tables_of
from connectors.inventory.register.formats.table import Kind, Table, is_blank, letters, text_of
from connectors.inventory.register.formats.work import Asked, Reading, in_parts
from connectors.inventory.register.meaning import words
from connectors.inventory.register.meaning.cells import emails_in
from connectors.inventory.register.meaning.dates import Dating, find_as_of
from connectors.inventory.register.meaning.groups import (
    FUTURE,
    FUTURE_REMEDY,
    Context,
    TableFacts,
    rosters_of,
)
from connectors.inventory.register.meaning.headings import (
    ROLES,
    Header,
    find_header,
    missing_columns,
    nearest,
    other_headings,
)
from connectors.inventory.register.meaning.mapping import rows_of
from connectors.inventory.register.meaning.rows import Problem, Row
from connectors.kit.text import listed, quoted
from worker.domain.identity.phones import to_e164
from worker.domain.model import Roster
from worker.ports import BadConfig

DATA_ROWS_MIN = 2  # this many rows with a number or an address are a list of people, with any heading
FOUND_SHOWN = 8
PHONE_CHARACTERS = range(7, 40)


def read_file(file: BinaryIO, asked: Asked) -> Iterator[Roster | Reading]:
    """Read an open register, `in_parts`. Raises Transient (changed meanwhile), BadConfig or Incomplete."""
    return in_parts(read(Book(asked.name, whole_file(file, asked.name), asked.modified_at), asked))


def read(book: Book, asked: Asked) -> Reading:
    """Read every table that has a header.

    Raises BadConfig (a sheet or column that is not there, no header, two headings of one meaning) or
    Incomplete.
    """
    readable, warnings = with_headers(book, asked)
    for table, header in readable:
        take_verified_on(table, header)
    dating = Dating(book.modified_at, asked.now, asked.timezone)
    problems, taken = _dates(readable, dating, asked.region)
    rows = all_rows(readable, asked.region)
    has_days = any(row.as_of is not None for row in rows)  # then the newest group's date is the register's
    facts = [_facts(table, header, at) for (table, header), at in zip(readable, taken, strict=True)]
    unused = list(_unused(readable))
    for table, _ in readable:
        table.rows.clear()  # a large register fits in memory once, and not twice
    rosters, of_rows = rosters_of(rows, Context(asked.config.messenger, asked.region, dating, facts))
    return Reading(
        rosters=tuple(rosters),
        taken_at=max((roster.taken_at for roster in rosters if has_days), default=min(taken)),
        problems=(*problems, *of_rows),
        warnings=(*warnings, *unused),
        headings=tuple(_headings(readable)),
    )


def with_headers(book: Book, asked: Asked) -> tuple[list[tuple[Table, Header]], list[str]]:
    """Return the tables that list groups, with their headers, and a warning for each other table.

    Raises as `read` does.
    """
    name, config = book.name, asked.config
    tables = _chosen(name, [t for t in tables_of(book) if not _is_explanation(t)], config.sheet)
    found = [(table, _header(name, table, config)) for table in tables]
    missing_columns(config.columns, found)
    readable = [(table, header) for table, header in found if header]
    warnings = list(_skipped(name, [table for table, header in found if not header], asked.region))
    if not readable:
        raise _no_header(name, tables, config.columns)
    return readable, warnings


def all_rows(tables: Sequence[tuple[Table, Header]], region: str) -> list[Row]:
    """Return the rows of all tables, in order."""
    return [
        row for number, (table, header) in enumerate(tables) for row in rows_of(table, header, number, region)
    ]


def take_verified_on(table: Table, header: Header) -> dict[int, date]:
    """Take the days that Whosleft wrote out of a table, with their heading: they say nothing about a group.

    Returns them by row. Otherwise a row that was emptied but for its day would be a row that shows nobody.
    """
    column = header.columns.get(Meaning.VERIFIED_ON)
    found: dict[int, date] = {}
    if column is None:
        return found
    for at in range(header.row, len(table.rows)):
        values = table.rows[at]
        if column < len(values) and not is_blank(values[column]):
            with suppress(ValueError):  # somebody wrote something else there
                found[at] = date.fromisoformat(text_of(values[column]).strip()[: len("2026-11-24")])
            values[column] = ""
    return found


def _chosen(name: str, tables: list[Table], wanted: Sequence[str]) -> list[Table]:
    if not wanted or all(table.kind is Kind.LINES for table in tables):
        return tables
    names = {table.name.casefold().strip() for table in tables}
    for sheet in wanted:
        if sheet.casefold().strip() not in names:
            raise BadConfig(
                f"{name}: there is no sheet '{sheet}'; there are: "
                f"{listed([table.name for table in tables])}.",
                remedy="Correct `sheet`, or leave it out to read all sheets.",
            )
    keep = {sheet.casefold().strip() for sheet in wanted}
    return [table for table in tables if table.name.casefold().strip() in keep]


def _is_explanation(table: Table) -> bool:
    first = table.rows[0][0] if table.rows and table.rows[0] else ""
    return isinstance(first, str) and words.EXPLANATION_MARK in first.casefold()


def _header(name: str, table: Table, config: RegisterConfig) -> Header | None:
    """Return the table's header; None if the table is about something else.

    Raises an error for a header of people without a group.
    """
    try:
        header = find_header(table, config.columns)
    except BadConfig as error:
        raise BadConfig(f"{name}: {error.message}", remedy=error.remedy) from error
    if header is None:
        return None
    if header.has_group:
        _require_one_list(name, table, header, config)
        return header
    if header.has_members:
        shown = listed([f"'{text}'" for _, text, meaning in header.headings if meaning])
        raise BadConfig(
            f"{name}: {table.place(header.row)}: there are columns for members ({shown}), but "
            "none for the group.",
            remedy="Add a column 'Group name', or say which it is: columns: {group_name: '…'}.",
        )
    return None


def _require_one_list(name: str, table: Table, header: Header, config: RegisterConfig) -> None:
    at = other_headings(table, header, config.columns)
    if at is not None:
        raise BadConfig(
            f"{name}: {table.place(at)}: other headings than those above it begin another list.",
            remedy="Put that list on a sheet of its own, or give both lists the same headings in the same order.",
        )


def _skipped(name: str, tables: Sequence[Table], region: str) -> Iterator[str]:
    """Yield a warning for each table without a header; raise if it looks like a list of people nevertheless."""
    for table in tables:
        if _people(table, region) >= DATA_ROWS_MIN:
            raise BadConfig(
                f"{name}: {table.label} lists phone numbers or e-mail addresses, but has no row of "
                "headings that is "
                f"recognised.",
                remedy="Write headings above them (Group name, Member name, Phone, Role), say which is "
                "which with "
                "`columns:`, or leave the sheet out with `sheet:`.",
            )
        if any(not is_blank(value) for row in table.rows for value in row):
            yield f"{table.label} is skipped: it has no row of headings that is recognised"


def _people(table: Table, region: str) -> int:
    def shows_person(text: str) -> bool:
        return bool(emails_in(text)) or (len(text) in PHONE_CHARACTERS and to_e164(text, region) is not None)

    return sum(any(shows_person(text_of(value).strip()) for value in row) for row in table.rows[:1000])


def _no_header(name: str, tables: Sequence[Table], told: Mapping[Meaning, str]) -> BadConfig:
    found = max((nearest(table, told) for table in tables), key=len, default=[])
    shown = f" (found: {listed(found[:FOUND_SHOWN])})" if found else ""
    return BadConfig(
        f"{name}: no row of headings is recognised{shown}.",
        remedy="Head the columns 'Group name', 'Member name', 'Phone', 'Role', or say which is "
        "which with `columns:`; "
        "`whosleft register template` makes an empty register.",
    )


def _dates(
    tables: Sequence[tuple[Table, Header]], dating: Dating, region: str
) -> tuple[list[Problem], list[datetime]]:
    """Return each table's date: its own, else the earliest of the other tables, else the file's."""
    problems: list[Problem] = []
    own: list[datetime | None] = []
    for table, header in tables:
        found = find_as_of(table, header.row, region)
        at = dating.taken_at(found.at) if found and found.at else None
        if found and found.at is None:
            problems.append(
                Problem(found.place, "the date of the register is not a date", "Write it as 2026-11-24.")
            )
        elif found and at is None:
            problems.append(Problem(found.place, FUTURE, FUTURE_REMEDY))
        own.append(at)
    common = min([at for at in own if at], default=dating.file_at)
    return problems, [at or common for at in own]


def _facts(table: Table, header: Header, taken_at: datetime) -> TableFacts:
    return TableFacts(
        label=table.label,
        has_roles=not ROLES.isdisjoint(header.columns),
        names_admins=bool({Meaning.ADMINS, Meaning.CREATOR} & header.columns.keys()),
        has_members=header.has_members,
        taken_at=taken_at,
    )


def _headings(tables: Sequence[tuple[Table, Header]]) -> Iterator[tuple[str, str, str]]:
    for table, header in tables:
        for _, text, meaning in header.headings:
            yield table.name, text, meaning.value if meaning else ""


def _unused(tables: Sequence[tuple[Table, Header]]) -> Iterator[str]:
    for table, header in tables:
        unused = [
            f"{quoted(text)} ({letters(at)})" for at, text, meaning in header.headings if meaning is None
        ]
        headed = {at for at, _, _ in header.headings}
        filled = {
            at
            for row in table.rows[header.row + 1 :]
            for at, value in enumerate(row)
            if at not in headed and not is_blank(value)
        }
        unused += [f"a column without a heading ({letters(at)})" for at in sorted(filled)]
        if unused:
            yield f"{table.label}: not used: {listed(unused)}"
        if table.is_hidden:
            yield f"{table.label} is hidden, and read all the same"
