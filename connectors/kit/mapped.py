"""People as a directory's records give them, and pages of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from worker.domain.model import AccountFacts
from worker.ports import DirectoryPage, Malformed

TEXT_MAX = 500  # letters: PostgreSQL's indexes take some 2,700 bytes, and one that is longer would end the whole pass
_TEXTS = (
    "display_name",
    "email",
    "username",
    "employee_id",
    "department",
    "title",
    "office",
    "company",
    "language",
)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A person, and what could not be understood: so many of their numbers, and a date."""

    facts: AccountFacts
    unreadable_phones: int = 0
    malformed: Malformed | None = None  # a date that nobody can read


def page_of(records: Iterable[Mapped | Malformed]) -> DirectoryPage:
    """Some records and those set aside, as one page; of somebody's several records, the last one.

    A person with a text of more than `TEXT_MAX` letters is set aside.
    """
    people: dict[str, AccountFacts] = {}
    malformed: list[Malformed] = []
    unreadable = 0
    for found in records:
        record = _endless(found.facts) or found if isinstance(found, Mapped) else found
        if isinstance(record, Mapped):
            people[record.facts.person_id] = record.facts
            unreadable += record.unreadable_phones
        if bad := record if isinstance(record, Malformed) else record.malformed:
            malformed.append(bad)
    return DirectoryPage(tuple(people.values()), tuple(malformed), unreadable)


def _endless(facts: AccountFacts) -> Malformed | None:
    for name in _TEXTS:
        length = len(getattr(facts, name) or "")
        if length > TEXT_MAX:
            return Malformed(
                f"{facts.person_id}: the {name.replace('_', ' ')} has {length} letters.",
                record_id=facts.person_id,
                remedy=f"Write {TEXT_MAX} at most.",
            )
    return None
