"""A file of the database's form -> its records, in the child process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from connectors.advisories.nvd import mapping
from connectors.kit.advisories import FeedPart, file_work, records_of, rows_of
from connectors.kit.brought import parsed

WORK = file_work("connectors.advisories.nvd.reading")


def read_file(file: BinaryIO, called: str) -> Iterator[FeedPart]:
    """Each record of an open file, then how many rows were set aside. Raises Incomplete."""
    rows = rows_of(parsed(file.read(), called), called)
    records, malformed = records_of(rows, mapping.record, called)
    yield from records
    yield malformed
