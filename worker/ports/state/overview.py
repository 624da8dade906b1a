"""The console's overviews: reads only, in pages, quick at a hundred thousand tickets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from worker.domain.evidence.journal import Sealed
from worker.domain.evidence.pack import Sought
from worker.domain.messages.weekly import Loads
from worker.domain.model import Account, AccountKey, Evidence, GroupKey, HandleKey
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState
from worker.ports.state.groups import GroupRow


class Part(StrEnum):
    """Where the membership of somebody who has left stands."""

    ASKED = "asked"  # a live ticket asks somebody to end it; only this part includes movers
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
    """A person who is out and still in groups: how many `groups` of each part, and `why` nobody is asked for some.

    `since` is the earliest instant at which they left; if a ticket does not have it, when that ticket was opened.
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
    """How many are exposed. A person may be in several parts, so `people` can be less than the sum of the parts.

    `is_settled`: the worker has looked at everything that was read so far; before that there may be more.
    """

    parts: Mapping[Part, PartCount]
    people: int
    is_settled: bool

    @property
    def memberships(self) -> int:
        """The sum over all parts: each membership is in exactly one."""
        return sum(count.memberships for count in self.parts.values())


class Period(NamedTuple):
    """Instants from the first one on, and before the second one, if there is one."""

    from_at: datetime
    to_at: datetime | None = None

    @property
    def last_at(self) -> datetime | None:
        """The last instant in it."""
        return None if self.to_at is None else self.to_at - datetime.resolution


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """A choice of tickets; empty fields do not limit it.

    `texts`: one of them has to be in a name, a number or the id, or to be the leaver's whole e-mail address.
    """

    states: tuple[TicketState, ...] = ()
    kinds: tuple[TicketKind, ...] = ()
    texts: tuple[str, ...] = ()
    overdue_at: datetime | None = None  # open, and due before
    is_disputed: bool = False
    is_sensitive: bool = False
    is_reopened: bool = False
    is_unassigned: bool = False
    group: GroupKey | None = None
    assignee: str = ""
    is_removal: bool = False  # as `weeks` counts them: would end an exposure, and was not cancelled
    opened: Period | None = None
    verified: Period | None = None
    due: Period | None = None


class DuePlace(NamedTuple):
    """The last ticket of a page of a list by due: when it is due, and its number."""

    due_at: datetime
    number: int


@dataclass(frozen=True, slots=True)
class JournalFilter(Sought):
    """A search of the journal within instants; None is open, and `to_at` is exclusive."""

    from_at: datetime | None = None
    to_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Week:
    """The removals of a week from `starts_at`: how many were opened and verified, and how long the verified ones
    took from the leaving to the proof (None if there were none); of a ticket without a leaving, from its opening.
    """

    starts_at: datetime
    opened: int = 0
    verified: int = 0
    median: timedelta | None = None
    p90: timedelta | None = None


@dataclass(frozen=True, slots=True)
class SourceDay:
    """One source's reads on one day (UTC): the counts of the last good one, and the most failures in a row."""

    day: date
    failures: int
    counts: Mapping[str, int] = field(default_factory=dict)


class NamedGroup(NamedTuple):
    """A group by its name."""

    key: GroupKey
    name: str


class Sighting(NamedTuple):
    """A group that shows a member, and the name that it shows."""

    place: NamedGroup
    shown_as: str


class GroupPlace(NamedTuple):
    """A group's place in the list by trouble: memberships that should end, other live tickets, then its name."""

    leavers: int
    others: int
    name: str
    key: GroupKey


@dataclass(frozen=True, slots=True)
class GroupHealth:
    """A group with what may be wrong in it: members who have left, admins who have not, and unmatched members.

    Without `knows_roles` its source does not show who is an admin, so that `active_admins` says nothing.
    """

    group: GroupRow
    place: GroupPlace
    leavers: int
    active_admins: int
    unmatched: int
    knows_roles: bool

    @property
    def lacks_admin(self) -> bool:
        """True if it is known that no active admin is in it."""
        return self.knows_roles and not self.active_admins and not self.group.is_gone


class Overview(Protocol):
    """Questions about all tickets, people and groups."""

    def exposure(self) -> Exposure:
        """How many people who are out are still in groups, now."""

    def unasked(self) -> int:
        """The number of memberships of people who have left about which there is neither a live ticket nor a waiver.

        Those in a group that another source leads are left out: its members are asked for there.
        """

    def exposed(self, part: Part | None, skip: int, limit: int) -> list[Exposed]:
        """The people of one part, or of all, those exposed longest first, without the first `skip`."""

    def tickets(self, wanted: TicketFilter, before: int | None, limit: int) -> list[Ticket]:
        """The next tickets with an id below `before`, newest first."""

    def tickets_by_due(self, wanted: TicketFilter, after: DuePlace | None, limit: int) -> list[Ticket]:
        """The next tickets of `wanted.states` after a place, by the instant at which they are due, the earliest first.

        Without states there are none: they name the lists to read.
        """

    def how_many(self, wanted: TicketFilter, at_most: int) -> int:
        """The number of tickets, counted up to `at_most`."""

    def exposure_at(self, ends: Sequence[datetime]) -> list[int]:
        """The number of memberships of people who were out, at each instant (ascending; the last is now).

        A ticket counts from the leaving to the proof. Memberships that are exposed now without a ticket count, too.
        A waived membership that has ended has no known end, so it never counts.
        """

    def weeks(self, starts: Sequence[datetime], now: datetime) -> list[Week]:
        """The weeks that begin at these instants (ascending), also those in which nothing happened.

        Each ends when the next one begins, and the last one after `now`.
        """

    def loads(self, before: datetime, now: datetime, limit: int) -> Loads:
        """Open tickets that were opened before then, by whoever has them; `limit`: of `Loads.first`."""

    def waiting_plans(self) -> list[int]:
        """The numbers of plans with a part that is still held, newest first."""

    def questions(self, at_most: int) -> int:
        """How many members are not matched yet, counted up to `at_most`."""

    def named(self, people: Collection[AccountKey]) -> dict[AccountKey, Account]:
        """The accounts of these people, without those that are unknown."""

    def group_names(self, groups: Collection[GroupKey]) -> dict[GroupKey, str]:
        """The names of these groups, without those that are unknown."""

    def known_as(self, texts: Collection[str]) -> list[Account]:
        """Accounts with any of these texts as name (exactly), e-mail address or employee id (case-blind), by key."""

    def groups_of(self, people: Collection[AccountKey]) -> dict[AccountKey, list[NamedGroup]]:
        """The groups that list these accounts, by name; accounts in none are left out."""

    def sightings(self, members: Collection[HandleKey]) -> dict[HandleKey, list[Sighting]]:
        """The groups that list these members, by name; members in none are left out."""

    def admins_of(self, groups: Collection[GroupKey]) -> dict[GroupKey, list[Account]]:
        """Known people who are admins of these groups and have not left, by name; groups without any are left out."""

    def admins(self) -> list[Account]:
        """Known people who are admins of a group and have not left, each once, by name and key."""

    def groups(self, text: str, after: tuple[str, GroupKey] | None, limit: int) -> list[GroupRow]:
        """Groups with `text` in their name or id, by name, after (name, key)."""

    def groups_by_trouble(self, text: str, after: GroupPlace | None, limit: int) -> list[GroupHealth]:
        """Groups with `text` in their name or id, those with the most leavers first, after a place."""

    def health(self, group: GroupKey) -> GroupHealth | None:
        """What may be wrong in one group; None if it is not known. Its place is not the one in the list."""

    def first_seen(self, people: Collection[AccountKey]) -> dict[AccountKey, datetime]:
        """When these accounts were first seen in their directory, without those that are unknown."""

    def people(self, text: str, after: tuple[str, AccountKey] | None, limit: int) -> list[Account]:
        """People with `text` in their name or address, by name, after (name, key)."""

    def journal(self, wanted: JournalFilter, before: int | None, limit: int) -> list[Sealed]:
        """The next entries with a seq below `before`, newest first."""

    def actors(self, entries: int) -> list[str]:
        """Who acted in the last so many entries, each once, by the journal's name for them."""

    def history(self, subjects: Collection[str], limit: int) -> list[Sealed]:
        """The last entries about any of these subjects, newest first."""

    def source_days(self, name: str, since: date) -> list[SourceDay]:
        """One source's days, oldest first."""
