"""Make the register's new bytes, in the process that parses it: open file, what was verified -> pieces of a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from connectors.inventory.register.client import whole_file
from connectors.inventory.register.config import WRITTEN
from connectors.inventory.register.formats.formats import Book
from connectors.inventory.register.formats.reading import with_headers
from connectors.inventory.register.formats.table import Kind
from connectors.inventory.register.write_back.cells import days_of
from connectors.inventory.register.write_back.csv_days import csv_with_days
from connectors.inventory.register.write_back.sheet_days import is_workbook, xlsx_with_days
from connectors.inventory.register.write_back.work import AskedDays, Written, in_chunks
from connectors.kit.text import listed
from worker.ports import BadConfig


def write_days(file: BinaryIO, asked: AskedDays) -> Iterator[Written]:
    """Yield the new file in pieces; nothing if every row has its day already.

    Raises InUse (changed meanwhile), BadConfig or Incomplete, as reading does.
    """
    name = asked.reading.name
    data = whole_file(file, name)
    tables, _ = with_headers(Book(name, data, asked.reading.modified_at), asked.reading)
    days = days_of(tables, asked.proven, asked.reading)
    rows = sum(one.rows for one in days)
    if not days:
        return
    if days[0].table.kind is Kind.LINES:
        yield from in_chunks(csv_with_days(name, data, days[0]), rows)
    elif is_workbook(data):
        yield from in_chunks(xlsx_with_days(name, data, {one.table.name: one for one in days}), rows)
    else:
        raise BadConfig(
            f"{name}: it is another kind of file inside than {listed(WRITTEN)}, so no day can be written to it.",
            remedy="Save it as one of these, or leave write_back out.",
        )
