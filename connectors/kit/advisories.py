"""What feeds of advisories share: settings, records that are set aside, and the look that `check` takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import Field, TypeAdapter

from connectors.kit.brought import read_brought
from connectors.kit.child import Apart, Work
from connectors.kit.settings import Section
from worker.domain.watch.matching import AdvisoryRecord
from worker.domain.watch.products import Product
from worker.ports import CheckResult, ConnectorError, Incomplete
from worker.ports.connectors.advisory_feed import AdvisoryRead, unchanged

MALFORMED_SHARE = 100  # one of so many may be unreadable, and one in any case


class FeedFile(Section):
    """A feed that people bring as a file."""

    path: str = Field(min_length=1, description="The file, from the configuration's folder.")


FeedPart: TypeAlias = AdvisoryRecord | int
"""What a file's reader says: each record, and last how many rows were set aside."""


def file_work(module: str) -> Work[str, FeedPart]:
    """The work `WORK` of a module, by its function `read_file`: (open file, what errors call it) -> parts."""
    return Work(f"{module}:WORK", f"{module}:read_file", TypeAdapter(str), TypeAdapter(FeedPart))


def read_feed_file(
    path: Path, called: str, work: Work[str, FeedPart], apart: Apart, cursor: str | None, now: datetime
) -> AdvisoryRead:
    """All of a file, unless it did not change since `cursor`. Raises ConnectorError."""
    found = read_brought(path, called, work, apart, cursor)
    taken_at = min(found.at, now)
    if found.is_unchanged:
        return unchanged(found.tag, taken_at)
    records = tuple(part for part in found.items if isinstance(part, AdvisoryRecord))
    malformed = sum(part for part in found.items if isinstance(part, int))
    return AdvisoryRead(records, is_whole=True, cursor=found.tag, taken_at=taken_at, malformed=malformed)


def rows_of(document: Any, called: str) -> list[Any]:
    """The rows of a document of this kind. Raises Incomplete for any other."""
    rows = document.get("vulnerabilities") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise Incomplete(
            f"{called} has no list of vulnerabilities.", remedy="Check that it is the feed itself."
        )
    return rows


def records_of(
    rows: Iterable[Any], mapped: Callable[[Any], AdvisoryRecord], called: str
) -> tuple[tuple[AdvisoryRecord, ...], int]:
    """The records, and how many rows were set aside. Raises Incomplete if those are too many."""
    records, malformed = [], 0
    for row in rows:
        try:
            records.append(mapped(row))
        except (ValueError, KeyError, TypeError, AttributeError):
            malformed += 1
    if malformed > max(1, (len(records) + malformed) // MALFORMED_SHARE):
        raise Incomplete(
            f"{called}: {malformed} of {len(records) + malformed} records can't be understood.",
            remedy="Check that it is the feed itself, in the format that the manual names.",
        )
    return tuple(records), malformed


def checked(read: Callable[[str | None, Sequence[Product]], AdvisoryRead]) -> CheckResult:
    """What `check` says of a feed: it is read, and nothing is kept."""
    try:
        found = read(None, ())
    except ConnectorError as error:
        return CheckResult(ok=False, message=error.message, remedy=error.remedy or "Try again.")
    count = len(found.records)
    return CheckResult(ok=True, message=f"{count} records", counts={"records": count})
