"""What the console shows of everything at once: reads only, in pages, quick at a hundred thousand tickets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from worker.domain.evidence.journal import Sealed
from worker.domain.model import Account, AccountKey, Evidence, GroupKey
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState
from worker.ports.state.groups import GroupRow


class Part(StrEnum):
    """Where the membership of somebody who has left stands."""

    ASKED = "asked"  # a live ticket asks somebody to end it; the only part in which movers are
    WAITING = "waiting"  # a held plan waits for a decision
    NOBODY = "nobody"  # nobody is asked


class Unasked(StrEnum):
    """Why nobody is asked to end a membership."""

    WAIVED = "waived"
    REJECTED = "rejected"  # with the plan that held the leaving
    UNREAD = "unread"  # its group can't be read
    NOT_YET = "not_yet"  # the next pass looks at it


@dataclass(frozen=True, slots=True)
class Exposed:
    """Somebody who is out and still in groups: how many of each part, and why nobody is asked for those of the last.

    `since` is when they left, the earliest; for whom no ticket knows it, when that was opened.
    """

    person: AccountKey
    name: str
    evidence: Evidence | None
    left_at: datetime | None
    since: datetime
    groups: Mapping[Part, int]
    why: tuple[Unasked, ...] = ()


@dataclass(frozen=True, slots=True)
class PartCount:
    """People, and their memberships."""

    people: int
    memberships: int


@dataclass(frozen=True, slots=True)
class Exposure:
    """How many are exposed. Somebody may be in several parts, so `people` need not be their sum.

    `is_settled`: the worker has looked at everything that was read so far; until then there may be more.
    """

    parts: Mapping[Part, PartCount]
    people: int
    is_settled: bool

    @property
    def memberships(self) -> int:
        """Of all parts together: each membership is in one."""
        return sum(count.memberships for count in self.parts.values())


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

    def exposure(self) -> Exposure:
        """How many people who are out are still in groups, now."""

    def exposed(self, part: Part | None, skip: int, limit: int) -> list[Exposed]:
        """The people of one part, or of all, the longest first, without the first `skip`."""

    def tickets(self, wanted: TicketFilter, before: int | None, limit: int) -> list[Ticket]:
        """The next tickets with an id below `before`, newest first."""

    def how_many(self, wanted: TicketFilter, at_most: int) -> int:
        """How many there are, counted up to `at_most`."""

    def exposure_at(self, ends: Sequence[datetime]) -> list[int]:
        """At each of these instants (ascending, the last of them now): memberships of people who were out.

        By the tickets, from the leaving to the proof, and by what is exposed now without one. A waived membership
        that has ended has no known end, and is in none of them.
        """

    def weeks(self, since: datetime, now: datetime) -> list[Week]:
        """Every week from `since` to `now`, also those in which nothing happened."""

    def waiting_plans(self) -> list[int]:
        """The numbers of plans of which something is still held, newest first."""

    def questions(self, at_most: int) -> int:
        """How many members nobody could match yet, counted up to `at_most`."""

    def named(self, people: Collection[AccountKey]) -> dict[AccountKey, Account]:
        """Those of these people who are known."""

    def groups(self, text: str, after: tuple[str, GroupKey] | None, limit: int) -> list[GroupRow]:
        """Groups whose name or id has `text` in it, by name, after (name, key)."""

    def people(self, text: str, after: tuple[str, AccountKey] | None, limit: int) -> list[Account]:
        """People whose name or address has `text` in it, by name, after (name, key)."""

    def journal(self, wanted: JournalFilter, before: int | None, limit: int) -> list[Sealed]:
        """The next entries with a seq below `before`, newest first."""

    def history(self, subjects: Collection[str], limit: int) -> list[Sealed]:
        """The last entries about any of these subjects, newest first."""

    def source_days(self, name: str, since: date) -> list[SourceDay]:
        """One source's days, oldest first."""
