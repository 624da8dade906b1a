"""A document of the catalogue -> its records: of an answer, and of a file in the child process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from connectors.advisories.kev import mapping
from connectors.kit.advisories import FeedPart, file_work, records_of, rows_of
from connectors.kit.brought import AGAIN, parsed
from worker.domain.watch.matching import AdvisoryRecord
from worker.ports import Incomplete

WORK = file_work("connectors.advisories.kev.reading")


def read_document(document: Any, called: str) -> tuple[tuple[AdvisoryRecord, ...], int]:
    """The records, and how many rows were set aside. Raises Incomplete, also where rows are missing."""
    rows = rows_of(document, called)
    count = document.get("count", len(rows))
    if not rows:
        raise Incomplete(f"{called} has no rows.", remedy=AGAIN)
    if count != len(rows):
        raise Incomplete(
            f"{called} says that it has {count} rows, and has {len(rows)}.", remedy=AGAIN, got=len(rows)
        )
    return records_of(rows, mapping.record, called)


def read_file(file: BinaryIO, called: str) -> Iterator[FeedPart]:
    """Each record of an open file, then how many rows were set aside. Raises Incomplete."""
    records, malformed = read_document(parsed(file.read(), called), called)
    yield from records
    yield malformed
