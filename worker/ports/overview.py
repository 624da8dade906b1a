"""What the console shows of everything at once: reads only, in pages, quick at a hundred thousand tickets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from worker.domain.journal import Sealed
from worker.domain.model import Evidence, GroupKey, Person, PersonKey
from worker.domain.ticket import Ticket, TicketKind, TicketState
from worker.ports.store import GroupRow


@dataclass(frozen=True, slots=True)
class Exposed:
    """Somebody who is out and still in groups, by their live removal tickets. Both instants are the earliest."""

    person: PersonKey
    name: str
    evidence: Evidence | None
    left_at: datetime | None
    opened_at: datetime
    groups: int


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Which tickets; what is empty does not limit. `text` is part of any name, number or id in it."""

    states: tuple[TicketState, ...] = ()
    kinds: tuple[TicketKind, ...] = ()
    text: str = ""
    overdue_at: datetime | None = None  # open, and due before
    is_disputed: bool = False
    group: GroupKey | None = None
    assignee: str = ""


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """Which entries; what is empty does not limit. `kind` may end in `.*`; `from_at` is inclusive, `to_at` not."""

    actor: str = ""
    kind: str = ""
    subject: str = ""
    from_at: datetime | None = None
    to_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Week:
    """The removals of seven days from `starts_at`: how many were opened and verified, and how long the verified
    ones took, in seconds from opening to proof (None when there were none).
    """

    starts_at: datetime
    opened: int = 0
    verified: int = 0
    median_s: float | None = None
    p90_s: float | None = None


@dataclass(frozen=True, slots=True)
class SourceDay:
    """What one source's reads of one day (UTC) came to: the last good one's counts, the most failures in a row."""

    day: date
    failures: int
    counts: Mapping[str, int] = field(default_factory=dict)


class Overview(Protocol):
    """Questions about all tickets, people and groups."""

    def exposed(self, after: Exposed | None, limit: int) -> list[Exposed]:
        """People who are out and still in groups, the longest first."""

    def exposed_counts(self) -> tuple[int, int]:
        """(people, memberships) of `exposed`."""

    def tickets(self, wanted: TicketFilter, before: int | None, limit: int) -> list[Ticket]:
        """The next tickets with an id below `before`, newest first."""

    def how_many(self, wanted: TicketFilter, at_most: int) -> int:
        """How many there are, counted up to `at_most`."""

    def exposure(self, ends: Sequence[datetime]) -> list[int]:
        """At each of these instants (ascending, none in the future): memberships for which a removal was open.

        What was cancelled was none; what was waived or is not proved yet is one until now.
        """

    def weeks(self, since: datetime, now: datetime) -> list[Week]:
        """Every week from `since` to `now`, also those in which nothing happened."""

    def waiting_plans(self) -> list[int]:
        """The numbers of plans of which something is still held, newest first."""

    def questions(self, at_most: int) -> int:
        """How many members nobody could match yet, counted up to `at_most`."""

    def named(self, people: Collection[PersonKey]) -> dict[PersonKey, Person]:
        """Those of these people who are known."""

    def groups(self, text: str, after: tuple[str, GroupKey] | None, limit: int) -> list[GroupRow]:
        """Groups whose name or id has `text` in it, by name, after (name, key)."""

    def people(self, text: str, after: tuple[str, PersonKey] | None, limit: int) -> list[Person]:
        """People whose name or address has `text` in it, by name, after (name, key)."""

    def journal(self, wanted: JournalFilter, before: int | None, limit: int) -> list[Sealed]:
        """The next entries with a seq below `before`, newest first."""

    def history(self, subjects: Collection[str], limit: int) -> list[Sealed]:
        """The last entries about any of these subjects, newest first."""

    def source_days(self, name: str, since: date) -> list[SourceDay]:
        """One source's days, oldest first."""
