"""The nouns that everything else speaks of: keys, people, groups, members, rosters, group facts.

Plain frozen values. All instants are aware UTC (`*_at`), all local days are dates (`*_on`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple


class AccountKey(NamedTuple):
    """An account: the directory's configured name, and its immutable id of the account."""

    source: str
    person_id: str


class GroupKey(NamedTuple):
    """A chat group in one inventory."""

    source: str
    group_id: str


class HandleKey(NamedTuple):
    """A messenger identity as one inventory shows it; the same key in all of its groups."""

    source: str
    handle: str


class Standing(StrEnum):
    """Where a person is in the life-cycle, as the core decides it from facts."""

    ACTIVE = "active"
    LEAVING = "leaving"  # a leave date in the future: still here
    LEFT = "left"


class Evidence(StrEnum):
    """Why somebody should not be in a group."""

    DISABLED = "disabled"
    DELETED = "deleted"
    EXPIRED = "expired"
    LEAVE_DATE = "leave_date"
    MOVED_OUT = "moved_out"  # the account lies in the leavers' OU
    ABSENT_CONFIRMED = "absent_confirmed"
    MOVED = "moved"  # still employed, but the joiner rules no longer place them in this group


ENDS_WITH_A_DAY = frozenset({Evidence.LEAVE_DATE, Evidence.EXPIRED})


class Role(StrEnum):
    """A member's role; unknown is said, never guessed."""

    MEMBER = "member"
    ADMIN = "admin"
    CREATOR = "creator"
    UNKNOWN = "unknown"

    @property
    def is_admin(self) -> bool:
        """Whether this role may remove others and appoint admins."""
        return self in {Role.ADMIN, Role.CREATOR}


class Coverage(StrEnum):
    """How much of a group one roster shows."""

    FULL = "full"
    PARTIAL = "partial"
    STALE = "stale"


COUNTRY, TIMEZONE = "country", "timezone"  # names of attributes


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """One person exactly as a directory states it; the core decides what it means.

    `None` means that the directory does not say; that never makes a leaver. `phones` are E.164
    (as `domain.phones.to_e164` returns them), in the directory's order, without repeats; `phones_in` has the
    attributes in which each of them stands, in the same order, and is empty if the directory does not say. `location`
    is where the record stands ("people.csv line 17", a DN): for messages only.
    """

    person_id: str
    display_name: str
    email: str | None = None
    username: str | None = None
    employee_id: str | None = None
    phones: tuple[str, ...] = ()
    phones_in: tuple[tuple[str, ...], ...] = ()
    department: str | None = None
    title: str | None = None
    office: str | None = None
    company: str | None = None
    manager_id: str | None = None  # a person_id of the same source
    language: str | None = None  # BCP 47, as the directory has it
    immutable_id: str | None = None  # what joins accounts of two directories (objectGUID)
    org_unit: str | None = None  # the parent of the DN, or the like
    enabled: bool | None = None
    is_deleted: bool = False
    expires_at: datetime | None = None  # exclusive end of the account
    leave_at: datetime | None = None  # the instant at which the last working day has ended
    is_moved_out: bool = False
    is_on_long_leave: bool = False
    is_in_scope: bool = True
    attributes: tuple[
        tuple[str, str], ...
    ] = ()  # others: COUNTRY, TIMEZONE, and those that the configuration names
    unread: tuple[str, ...] = ()  # of `expires_at` and `leave_at`: there is a date, and nobody can read it
    location: str = ""

    @property
    def is_put_away(self) -> bool:
        """Whether the directory closed the account or put it where leavers are, whatever its dates say."""
        return self.enabled is False or self.is_deleted or self.is_moved_out

    @property
    def country(self) -> str | None:
        """The country that they work in (ISO 3166), if the directory says so."""
        return dict(self.attributes).get(COUNTRY)

    @property
    def timezone(self) -> str | None:
        """The time zone that they live by (IANA), if the directory says so."""
        return dict(self.attributes).get(TIMEZONE)


@dataclass(frozen=True, slots=True)
class Account:
    """A person with the core's judgement; `left_at` names the episode while standing is LEFT."""

    key: AccountKey
    facts: AccountFacts
    standing: Standing = Standing.ACTIVE
    evidence: Evidence | None = None
    left_at: datetime | None = None

    @property
    def leaves_at(self) -> datetime | None:
        """The instant at which somebody who is about to leave will have left; None if none is known."""
        if self.standing is not Standing.LEAVING:
            return None
        return self.facts.leave_at if self.evidence is Evidence.LEAVE_DATE else self.facts.expires_at

    def leaves_by(self, until: datetime) -> bool:
        """Whether somebody who is about to leave will have left by then."""
        at = self.leaves_at
        return at is not None and at <= until


@dataclass(frozen=True, slots=True)
class Group:
    """A chat group; `messenger` is a key of `domain.messengers`."""

    group_id: str
    name: str
    messenger: str = "whatsapp"
    owner_email: str | None = None  # the accountable owner, if the inventory has one


@dataclass(frozen=True, slots=True)
class Member:
    """A person-in-group edge as the inventory shows it.

    `handle` is stable within the inventory: the native id where there is one, else the E.164
    phone, else `email:…`, `employee:…` or `name:…` in this order.
    """

    handle: str
    display_name: str = ""
    role: Role = Role.MEMBER
    phone: str | None = None
    lid: str | None = None  # WhatsApp's hidden identity, with its @lid: its digits are no phone number
    username: str | None = None
    business_id: str | None = (
        None  # WhatsApp's id for one business portfolio (BSUID); changes with the number
    )
    native_id: str | None = None  # the messenger's own id of the account
    email: str | None = None
    employee_id: str | None = None
    joined_at: datetime | None = None


class Allowed(StrEnum):
    """Who in a group may do something."""

    ADMINS = "admins"
    MEMBERS = "members"


class Fact(StrEnum):
    """A fact of a group besides its members: a field of `GroupFacts`."""

    DESCRIPTION = "description"
    PICTURE = "picture_sha256"
    LINK = "link_sha256"
    APPROVAL = "approval"
    EDIT = "edit"
    WRITE = "write"
    ADD = "add"
    LAST_ACTIVITY = "last_activity_at"
    ARCHIVED = "is_archived"


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """What a messenger shows of a group besides its members. None: it does not show it, which is not *none*.

    An empty `description`, `picture_sha256` or `link_sha256` says that the group has none. The hashes are lower-case
    hex: a join link is a key to the group, and is hashed before it is kept (`link_hash`); of a picture, the bytes are.
    `read_at` is when the facts were read, except for those in `read_apart`: pairs of a fact and when it was
    last asked for, None if never. Connectors give None there for what a read did not ask for; the store then keeps
    what was known of it (`domain.groups.facts.carried`), and sees to what is said of the link's changes:
    `link_changed_at` is when the present link was first seen, `link_before_at` when another one was last seen. Only
    with both is it sure that the link was changed.
    """

    description: str | None = None
    picture_sha256: str | None = None
    link_sha256: str | None = None
    approval: bool | None = None  # whether an admin has to approve who joins
    edit: Allowed | None = None  # who may change its name, picture and description
    write: Allowed | None = None
    add: Allowed | None = None  # who may add members
    last_activity_at: datetime | None = None
    is_archived: bool | None = None
    read_at: datetime | None = None
    read_apart: tuple[tuple[Fact, datetime | None], ...] = ()
    link_changed_at: datetime | None = None
    link_before_at: datetime | None = None

    def read_at_of(self, fact: Fact) -> datetime | None:
        """When a fact was last asked for; None if never, or if the source does not say."""
        return dict(self.read_apart).get(fact, self.read_at)


NOTHING_SHOWN = GroupFacts()


class RegisterStatus(StrEnum):
    """What a register says of whether a group is still in use."""

    ACTIVE = "active"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class RegisterFacts:
    """What a register says of a group, as somebody wrote it. None: nothing, or nothing that can be understood.

    Texts are on one line. Days are local ones. `description_ok` and `picture_ok`: whether they are as the organisation
    wants them. `approval` is as in `GroupFacts`. `move_to` is a messenger's key where the cell names a known
    messenger, else the text.
    """

    purpose: str | None = None
    owner_department: str | None = None
    data_class: str | None = None
    sensitive: bool | None = None
    externals_allowed: bool | None = None
    description_ok: bool | None = None
    picture_ok: bool | None = None
    approval: bool | None = None
    created_on: date | None = None
    ends_on: date | None = None
    status: RegisterStatus | None = None
    review_due: date | None = None
    move_to: str | None = None
    closed_on: date | None = None

    @property
    def is_closed(self) -> bool:
        """Whether the register says that the group is closed."""
        return self.status is RegisterStatus.CLOSED or self.closed_on is not None


NOTHING_SAID = RegisterFacts()


class Going(StrEnum):
    """How somebody went from a group."""

    LEFT = "left"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Departed:
    """Somebody who went from a group and was not seen to come back, as the messenger itself recorded it.

    `handle`, `display_name` and `phone` are as in `Member`. `at` is None where the record has no sure date.
    """

    handle: str
    display_name: str = ""
    phone: str | None = None
    at: datetime | None = None
    how: Going = Going.REMOVED


@dataclass(frozen=True, slots=True)
class Renumbered:
    """A member changed from one number (E.164) or id of the account to another, as the messenger itself recorded it."""

    old: str
    new: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Roster:
    """One group's members at one time.

    `taken_at` is the instant that the roster is true for (a register's own date), not when it was
    read. Only a FULL roster proves that somebody is *not* in the group; of a PARTIAL one, `departed` does.
    `registered`: what a register says of the group; None if the source is none.
    """

    group: Group
    members: tuple[Member, ...]
    taken_at: datetime
    coverage: Coverage = Coverage.FULL
    warnings: tuple[str, ...] = field(default=())
    facts: GroupFacts = NOTHING_SHOWN
    departed: tuple[Departed, ...] = ()
    renumbered: tuple[Renumbered, ...] = ()
    registered: RegisterFacts | None = None

    @property
    def is_only_named(self) -> bool:
        """Whether a register names the group, does not say that it is closed, and no row shows a member of it."""
        said = self.registered
        return said is not None and not said.is_closed and not self.members
