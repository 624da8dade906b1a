"""The world behind a directory in a contract test, invented people, and passes that are read to their end.

The world is the vendor's side: it changes what the source holds, breaks it and mends it.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from worker.domain.model import AccountFacts
from worker.ports import (
    ConnectorContext,
    ConnectorError,
    Directory,
    DirectoryPage,
    Malformed,
    PassEnd,
)

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PASSES_MAX = 100


def person(number: int, **fields: object) -> AccountFacts:
    """Somebody invented, the same for the same number; telephone numbers from Ofcom's drama range."""
    facts = AccountFacts(
        person_id=str(uuid.uuid5(uuid.NAMESPACE_DNS, f"person-{number}.corp.example")),
        display_name=f"Person Number{number}",
        email=f"person{number}@example.org",
        username=f"person{number}@corp.example",
        employee_id=f"E{number:05}",
        phones=(f"+447700900{number % 1000:03}",),
        department="Nursing",
        enabled=True,
    )
    return replace(facts, **fields)  # type: ignore[arg-type]


def context(name: str, base_dir: Path) -> ConnectorContext:
    return ConnectorContext(
        name=name,
        base_dir=base_dir,
        default_region="GB",
        timezone="Europe/London",
        language="en",
        now=lambda: NOW,
    )


class DirectoryWorld(ABC):
    """The source behind a directory. Each change shows in the next read."""

    secrets: tuple[str, ...] = ()  # what must never be seen in a repr or an error

    @property
    @abstractmethod
    def directory(self) -> Directory:
        """The adapter under test, reading this world."""

    @abstractmethod
    def put(self, *people: AccountFacts) -> None:
        """Add people, or replace those with the same id."""

    @abstractmethod
    def disable(self, person_id: str) -> None: ...

    @abstractmethod
    def delete(self, person_id: str) -> None: ...

    @abstractmethod
    def cut(self) -> None:
        """Make every read break off before its end, until `mend`."""

    @abstractmethod
    def shut(self) -> None:
        """Make the source unreadable, until `mend`."""

    @abstractmethod
    def mend(self) -> None: ...


@dataclass(frozen=True)
class Drained:
    """What passes until `has_more` is false showed; in `people` the last word on each."""

    pages: tuple[DirectoryPage, ...]
    end: PassEnd
    people: dict[str, AccountFacts]
    malformed: tuple[Malformed, ...]


def read_pass(directory: Directory, cursor: str | None, *, full: bool = False) -> Drained:
    """One pass, which has to end with its only PassEnd."""
    items = list(directory.changes(cursor, full=full))
    end = items[-1]
    pages = tuple(item for item in items if isinstance(item, DirectoryPage))
    assert isinstance(end, PassEnd), "a pass ends with a PassEnd"
    assert len(pages) == len(items) - 1, "a pass has one PassEnd, and it is the last"
    people = {facts.person_id: facts for page in pages for facts in page.records}
    return Drained(pages, end, people, tuple(bad for page in pages for bad in page.malformed))


def drain(directory: Directory, cursor: str | None = None) -> Drained:
    """Pass after pass until nothing more is ready; a full pass replaces what was known before."""
    known: dict[str, AccountFacts] = {}
    pages: tuple[DirectoryPage, ...] = ()
    malformed: tuple[Malformed, ...] = ()
    for _ in range(PASSES_MAX):
        one = read_pass(directory, cursor)
        pages, malformed, cursor = pages + one.pages, malformed + one.malformed, one.end.cursor
        is_replaced = one.end.is_full and not one.end.is_unchanged
        known = one.people if is_replaced else {**known, **one.people}
        if not one.end.has_more:
            return Drained(pages, one.end, known, malformed)
    raise AssertionError("has_more never becomes false")


def known_facts(facts: AccountFacts) -> tuple[object, ...]:
    """What every source can say of somebody, as sortable values."""
    return (
        facts.person_id,
        facts.display_name,
        facts.email,
        facts.username,
        facts.employee_id,
        facts.phones,
        facts.department,
        str(facts.enabled),
        facts.is_deleted,
        facts.is_in_scope,
    )


def read_until_error(
    directory: Directory, cursor: str | None, *, full: bool = False
) -> tuple[list[DirectoryPage | PassEnd], ConnectorError | None]:
    """What came before the error, and the error; None when there was none."""
    items: list[DirectoryPage | PassEnd] = []
    try:
        items.extend(directory.changes(cursor, full=full))
    except ConnectorError as error:
        return items, error
    return items, None
