"""Read the rows of a list of statements, in the child process: see `connectors.kit.statement_lists`.

The file is read twice, first for the order of day and month, so that memory stays flat.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date
from typing import BinaryIO

from connectors.kit.dates import DateOrder, Unreadable, parse, written_order
from connectors.kit.text import quoted
from connectors.kit.words import read_bool
from worker.domain.controls.statements import DEVICE_ITEMS, AttestAnswer, ImportedRow, ItemAnswer
from worker.domain.escalation.wall_clock import LAST_DAY
from worker.ports import BadConfig

ROWS_MAX = 500_000
_WHO = (
    "email",
    "mail",
    "emailaddress",
    "userprincipalname",
    "upn",
    "employeeid",
    "employeenumber",
    "personnelnumber",
)
_COURSE = ("course", "courseid", "coursecode", "policy", "subject")
_ON = ("completedon", "completed", "completiondate", "datecompleted", "acceptedon", "accepted", "date")
_UNTIL = ("validuntil", "expires", "expireson", "expirydate", "valid")
_NEVER = "9999"
_ANSWERS = {answer.value: answer for answer in AttestAnswer}


def read_rows(file: BinaryIO, name: str) -> Iterator[ImportedRow]:
    """The rows of an open list, without those that name nobody or say nothing of them.

    `name` is the file's, for messages. Raises BadConfig, which names the file and the fault.
    """
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    try:
        yield from _rows(text, name)
    except UnicodeDecodeError as error:
        raise BadConfig(f"{name} is no UTF-8 text.", remedy="Save it as CSV in UTF-8.") from error
    except csv.Error as error:
        raise BadConfig(f"{name} is no table: {error}.", remedy="Save it as CSV in UTF-8.") from error
    finally:
        text.detach()  # whoever opened the file closes it


def _rows(text: io.TextIOWrapper, name: str) -> Iterator[ImportedRow]:
    first = text.readline()
    delimiter = ";" if first.count(";") > first.count(",") else ","
    header = next(_table(text, delimiter, name), [])
    columns = {_folded(heading): at for at, heading in enumerate(header)}
    who = [columns[heading] for heading in _WHO if heading in columns]
    if not who:
        raise BadConfig(f"{name} has no column for the person.", remedy="Add a column email, or employee_id.")
    on, until, course, answer = (_first(columns, names) for names in (_ON, _UNTIL, _COURSE, ("answer",)))
    items = {item: columns[_folded(item)] for item in DEVICE_ITEMS if _folded(item) in columns}
    order = _order(_table(text, delimiter, name), [at for at in (on, until) if at is not None])
    for line, row in enumerate(_table(text, delimiter, name), start=1):
        if line == 1:
            continue
        person = next((cell for at in who if (cell := _cell(row, at))), "")
        said, day = _answer(row, answer), _day(_cell(row, on), order, name, line)
        is_undone = said is AttestAnswer.ACCEPTED and on is not None and day is None
        if person and not is_undone and all(_cell(row, at) for at in (course, answer) if at is not None):
            yield ImportedRow(
                line,
                person,
                _cell(row, course),
                day,
                _last_day(_cell(row, until), order, name, line),
                said,
                {what: item for what, at in items.items() if (item := _item(_cell(row, at)))},
            )


def _table(text: io.TextIOWrapper, delimiter: str, name: str) -> Iterator[list[str]]:
    """All rows from the first on, the header too."""
    text.seek(0)
    for count, row in enumerate(csv.reader(text, delimiter=delimiter)):
        if count > ROWS_MAX:
            raise BadConfig(
                f"{name} has more than {ROWS_MAX:,} rows.",
                remedy="Export only the courses, people and days that are used, without empty rows.",
            )
        yield row


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def _first(columns: Mapping[str, int], names: Sequence[str]) -> int | None:
    return next((columns[name] for name in names if name in columns), None)


def _cell(row: Sequence[str], at: int | None) -> str:
    return row[at].strip() if at is not None and at < len(row) else ""


def _answer(row: Sequence[str], at: int | None) -> AttestAnswer | None:
    """What a row answers; None if its words are no certain answer."""
    if at is None or read_bool(_cell(row, at)):
        return AttestAnswer.ACCEPTED
    return _ANSWERS.get(_cell(row, at).casefold())


def _item(cell: str) -> ItemAnswer | None:
    is_so = read_bool(cell)
    return None if is_so is None else ItemAnswer.YES if is_so else ItemAnswer.NO


def _order(rows: Iterator[Sequence[str]], columns: Sequence[int]) -> DateOrder:
    """The order of day and month that the columns show below their headings."""
    next(rows, None)
    orders = {order for row in rows for at in columns if (order := written_order(_cell(row, at)))}
    return orders.pop() if len(orders) == 1 else DateOrder.MIXED


def _last_day(cell: str, order: DateOrder, name: str, line: int) -> date | None:
    """As `_day`, of a last day: of the year 9999, which stands for never, it is the last that there is."""
    return _day(cell, order, name, line) or (LAST_DAY if _NEVER in cell else None)


def _day(cell: str, order: DateOrder, name: str, line: int) -> date | None:
    try:
        stamp = parse(cell, UTC, order) if cell else None
    except Unreadable as error:
        raise BadConfig(
            f"{name} line {line}: {quoted(cell)} is not certainly a day: {error}.",
            remedy="Write days as 2026-11-27.",
        ) from error
    return stamp.at.astimezone(stamp.zone).date() if stamp else None
