"""Read a list of statements that another system wrote: who did which course, accepted what, has which device settings.

A CSV with a header: `email` or `employee_id`, and as it fits `course`, `completed_on`, `valid_until`, `answer`, or a
column for each item of a device with yes or no. Headings are compared without case, spaces and punctuation. Days are
local ones. Without a column of courses, days or answers, whoever is in the list did what it is about; an empty cell of
one that is there says nothing.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date
from pathlib import Path

from connectors.kit.dates import DateOrder, Unreadable, parse, written_order
from connectors.kit.files import open_file
from connectors.kit.text import named, quoted
from connectors.kit.words import read_bool
from worker.domain.controls.statements import DEVICE_ITEMS, AttestAnswer, ImportedRow, ItemAnswer
from worker.ports import BadConfig

BYTES_MAX = 64 << 20
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
_ANSWERS = {answer.value: answer for answer in AttestAnswer}


def read_statements(path: Path) -> list[ImportedRow]:
    """The rows of a list, without those that name nobody or say nothing of them.

    Raises BadConfig, which names the file and the fault.
    """
    try:
        with open_file(path, BYTES_MAX) as file:
            text = file.read(BYTES_MAX).decode("utf-8-sig")
    except OSError as error:
        raise BadConfig(
            f"{named(path)} can't be read: {error.strerror}.", remedy="Check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise BadConfig(f"{named(path)} is no UTF-8 text.", remedy="Save it as CSV in UTF-8.") from error
    return list(_rows(text, path))


def _rows(text: str, path: Path) -> Iterator[ImportedRow]:
    delimiter = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise BadConfig(f"{named(path)} is no table: {error}.", remedy="Save it as CSV in UTF-8.") from error
    columns = {_folded(name): at for at, name in enumerate(table[0] if table else ())}
    who = [columns[name] for name in _WHO if name in columns]
    if not who:
        raise BadConfig(
            f"{named(path)} has no column for the person.", remedy="Add a column email, or employee_id."
        )
    on, until, course, answer = (_first(columns, names) for names in (_ON, _UNTIL, _COURSE, ("answer",)))
    items = {name: columns[_folded(name)] for name in DEVICE_ITEMS if _folded(name) in columns}
    order = _order(table[1:], [at for at in (on, until) if at is not None])
    for line, row in enumerate(table[1:], start=2):
        person = next((cell for at in who if (cell := _cell(row, at))), "")
        said, day = _answer(row, answer), _day(_cell(row, on), order, path, line)
        is_undone = said is AttestAnswer.ACCEPTED and on is not None and day is None
        if person and not is_undone and all(_cell(row, at) for at in (course, answer) if at is not None):
            yield ImportedRow(
                line,
                person,
                _cell(row, course),
                day,
                _day(_cell(row, until), order, path, line),
                said,
                {name: item for name, at in items.items() if (item := _item(_cell(row, at)))},
            )


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


def _order(rows: Sequence[Sequence[str]], columns: Sequence[int]) -> DateOrder:
    """The order of day and month that the columns show."""
    orders = {order for row in rows for at in columns if (order := written_order(_cell(row, at)))}
    return orders.pop() if len(orders) == 1 else DateOrder.MIXED


def _day(cell: str, order: DateOrder, path: Path, line: int) -> date | None:
    try:
        stamp = parse(cell, UTC, order) if cell else None
    except Unreadable as error:
        raise BadConfig(
            f"{named(path)} line {line}: {quoted(cell)} is not certainly a day: {error}.",
            remedy="Write days as 2026-11-27.",
        ) from error
    return stamp.at.astimezone(stamp.zone).date() if stamp else None
