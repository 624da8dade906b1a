"""A governed group as the checks of controls see it: loaded by storage, without its ordinary members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from worker.domain.escalation.wall_clock import local_day
from worker.domain.model import (
    NOTHING_SHOWN,
    Account,
    AccountKey,
    Coverage,
    GroupFacts,
    GroupKey,
    RegisterFacts,
    Standing,
)
from worker.domain.people.persons import Person
from worker.domain.tickets.ticket import Grade, Ticket

# Where groups stand that are only known because somebody named them. No inventory can have this name.
CENSUS_SOURCE = "~census"


@dataclass(frozen=True, slots=True)
class AdminState:
    """An admin of a group. `person` is the account that speaks for them; None: nobody is known to be behind the handle.

    `is_nobody`: a person answered that this is nobody in the directory.
    """

    handle: str
    name: str
    person: Account | None = None
    is_nobody: bool = False

    @property
    def known_as(self) -> str:
        """By what an admin is told apart, whatever handle they have: the account, else the handle."""
        return "/".join(self.person.key) if self.person else self.handle

    @property
    def is_active(self) -> bool:
        return self.person is not None and self.person.standing is not Standing.LEFT

    @property
    def has_left(self) -> bool:
        return self.person is not None and self.person.standing is Standing.LEFT

    @property
    def is_question(self) -> bool:
        """Whether somebody still has to say who it is."""
        return self.person is None and not self.is_nobody


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """A group's row in a register: what it says, the instant that it is true for, and the register's name."""

    owner_email: str | None
    facts: RegisterFacts
    taken_at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class GroupState:
    """A governed group. `taken_at` and `coverage` are its roster's; `grade` is the best that its source proves with.

    `register_at`: the instant of the newest complete register, whether it has the group or not; None: there is none.
    `is_alike`: another group's name looks the same. `removed_at`: when somebody was last taken out
    of it, as was claimed and proven since; without a claim, when it was proven.
    `is_gone`: a complete read of its source does not list it any more; if it is `is_unseen`, too, the configuration
    leaves it out, and nobody knows whether it is there. `is_followed`: another source shows the group better.
    `reviewed_at`: when all rows of its last review were answered; `confirmed_at`: of the last one that showed all
    members. `differs_since`: since when the register has other members than the messenger. `is_declared`: admins
    declare its roster; `has_confirmation`: a live ticket asks them to.
    `admin_addresses`: the e-mail addresses, casefolded, and the numbers of all who are known to be its admins, by each
    of their accounts.
    `reporter`: who named it in a census, if it is only known by that.
    `tickets`: those of controls, live or over. `assignees`: the people they are with, by account. `own_rows`: the
    members whom live tickets ask about apart from the others, by handle, with the accounts of the person behind each.
    `timezone`: IANA, the organisation's.
    """

    key: GroupKey
    name: str
    messenger: str
    size: int
    coverage: Coverage
    taken_at: datetime
    is_fresh: bool
    grade: Grade
    first_seen_at: datetime
    knows_roles: bool = True
    is_sensitive: bool = False
    facts: GroupFacts = NOTHING_SHOWN
    row: RegisterRow | None = None
    register_at: datetime | None = None
    admins: tuple[AdminState, ...] = ()
    admin_addresses: frozenset[str] = frozenset()
    owner: Account | None = None
    owner_email: str | None = None
    reporter: Account | None = None
    is_alike: bool = False
    removed_at: datetime | None = None
    is_gone: bool = False
    is_unseen: bool = False  # its source did not show it the last time
    is_followed: bool = False
    has_reassignment: bool = False  # a live ticket asks for a new admin, since one left
    reviewed_at: datetime | None = None
    reviewed_grade: Grade | None = None
    confirmed_at: datetime | None = None
    confirmed_grade: Grade | None = None
    differs_since: datetime | None = None
    is_declared: bool = False
    has_confirmation: bool = False
    tickets: tuple[Ticket, ...] = ()
    assignees: Mapping[AccountKey, Person] = field(default_factory=dict)
    own_rows: Mapping[str, tuple[Account, ...]] = field(default_factory=dict)
    timezone: str = "UTC"

    def day(self, at: datetime) -> date:
        """The organisation's day at an instant."""
        return local_day(self.timezone, at)

    @property
    def departed(self) -> frozenset[AccountKey]:
        """The accounts of those with a ticket who have left."""
        return frozenset(key for key, one in self.assignees.items() if one.person.standing is Standing.LEFT)

    @property
    def admins_who_are_active(self) -> tuple[AdminState, ...]:
        return tuple(one for one in self.admins if one.is_active)

    @property
    def department(self) -> str:
        """The department that owns it, by the register; empty if it doesn't say."""
        return (self.row.facts.owner_department if self.row else None) or ""

    @property
    def is_only_named(self) -> bool:
        """Whether nothing shows it but somebody's word in a census."""
        return self.key.source == CENSUS_SOURCE

    @property
    def is_live(self) -> bool:
        """Whether the messenger itself shows it."""
        return self.grade is Grade.A

    @property
    def is_called_closed(self) -> bool:
        """Whether the register says that it is closed."""
        return self.row is not None and self.row.facts.is_closed

    @property
    def is_closed(self) -> bool:
        """Whether the register says that it is closed, and no messenger lists anybody in it."""
        return self.is_called_closed and not (self.is_live and self.size)

    @property
    def is_listed(self) -> bool:
        """Whether its roster is complete and fresh."""
        return self.coverage is Coverage.FULL and self.is_fresh

    @property
    def still_at(self) -> datetime:
        """The instant at which its row, and its messenger where that lists somebody in it, show that it still is."""
        if self.row is None:
            return self.taken_at
        return min(self.row.taken_at, self.taken_at) if self.is_live and self.size else self.row.taken_at

    @property
    def over_at(self) -> datetime | None:
        """The instant at which its messenger shows that it is archived, or that nobody is in it; None if it doesn't."""
        if self.facts.is_archived:
            return self.facts.read_at or self.taken_at
        return self.taken_at if self.is_listed and self.size == 0 else None

    @property
    def has_leaving_admin(self) -> bool:
        """Whether reassigning the admin, and no control, asks for a new one."""
        return self.has_reassignment or any(one.has_left for one in self.admins)
