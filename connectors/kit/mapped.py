"""People as a directory's records give them, and pages of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from worker.domain.model import AccountFacts
from worker.ports import DirectoryPage, Malformed


@dataclass(frozen=True, slots=True)
class Mapped:
    """A person, and what could not be understood: so many of their numbers, and a date."""

    facts: AccountFacts
    unreadable_phones: int = 0
    malformed: Malformed | None = None  # a date that nobody can read


def page_of(records: Iterable[Mapped | Malformed]) -> DirectoryPage:
    """Some records and those set aside, as one page; of somebody's several records, the last one."""
    people: dict[str, AccountFacts] = {}
    malformed: list[Malformed] = []
    unreadable = 0
    for record in records:
        if isinstance(record, Mapped):
            people[record.facts.person_id] = record.facts
            unreadable += record.unreadable_phones
        if bad := record if isinstance(record, Malformed) else record.malformed:
            malformed.append(bad)
    return DirectoryPage(tuple(people.values()), tuple(malformed), unreadable)
