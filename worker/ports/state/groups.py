"""Groups, memberships, and the snapshots that they come from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from worker.domain.groups.case import GroupView
from worker.domain.groups.pairing import Difference
from worker.domain.identity.matching import Identity
from worker.domain.model import (
    NOTHING_SHOWN,
    Account,
    AccountKey,
    Coverage,
    Fact,
    GroupFacts,
    GroupKey,
    Member,
    RegisterFacts,
    Renumbered,
    Roster,
)
from worker.domain.reconcile.guard import GuardLimits


class Expectation(StrEnum):
    """What the joiner rules say about a person and a group."""

    DUE = "due"  # the person belongs there
    FORMER = "former"  # the person used to belong there


class Rosters(Protocol):
    """Groups, memberships and the snapshots that they come from."""

    def clear_stage(self, source: str) -> None:
        """Forget what an earlier, incomplete snapshot left in the stage."""

    def stage(self, source: str, rosters: Iterable[Roster]) -> int:
        """Add rosters to the staged snapshot; return the number of members."""

    def apply_stage(
        self, source: str, *, now: datetime, limits: GuardLimits, rest: Unlisted
    ) -> RosterChanges:
        """Make the staged rosters the state, set-based; mark changed groups and handles dirty.

        A roster that lost more than `group_share_max` of its members is believed only when a later one says the
        same; until then it counts as partial. `rest` says what a group that is not listed
        means. If too many are missing, or all of them, nothing is applied, and `RosterChanges.too_few_groups` is set.
        """

    def leave_out(self, source: str, now: datetime) -> list[GroupKey]:
        """Take a source's groups as those that the configuration leaves out, until it is read again; return them.

        Those that it did not show at its last read stay as they are: nobody knows whether it would show them again.
        """

    def forget_left_out(self) -> None:
        """Forget who went from groups that are left out, and members and ties that are nobody's and were seen there.

        Set-based, for the nightly pass; idempotent.
        """

    def renumbered(self, source: str, changes: Iterable[Renumbered]) -> None:
        """Keep which numbers and ids changed, told outside of any read. One that is known has no effect."""

    def to_look_at(
        self,
        source: str,
        costly: Collection[Fact],
        *,
        before: datetime | None,
        limit: int,
        groups: Collection[str] | None = None,
    ) -> dict[str, frozenset[Fact]]:
        """Groups for a closer look, by id, with the costly facts that are to be asked for, which may be none.

        First those with a live ticket that only facts can prove; then, unless `before` is None, those that nobody
        looked at since then, the longest ago first. With `groups`, only those among these. At most `limit`.
        """

    def looked(self, group: GroupKey, look: GroupFacts, now: datetime) -> None:
        """Keep what a closer look at a group showed (see `Inventory.look_closely`). News makes the group dirty."""

    def doubted_at(self, group: GroupKey) -> datetime | None:
        """When a roster was read that lost too many members to believe at once; None if the last one is believed."""

    def declared(self, group: GroupKey, by: Collection[str]) -> None:
        """Store which person declared a group's present roster, by the marks that identify them."""

    def groups(self) -> list[GroupRow]:
        """All groups, by source and name."""

    def group(self, key: GroupKey) -> GroupRow | None:
        """Return one group; None if it is not known."""

    def in_sources(self, key: GroupKey) -> list[GroupRow]:
        """A group as each source shows it that counts as the same group; the one that leads comes first."""

    def members(self, key: GroupKey) -> list[KnownMember]:
        """One group's members, by handle."""

    def groups_of(self, person: AccountKey) -> list[GroupOfMember]:
        """The groups with a member who is linked to this account."""

    def mark_leavers(self) -> None:
        """Mark the memberships of accounts that have left, and no others, as a place to look for who is exposed.

        Each taken group's are marked by `take_dirty`. This is for what was missed, and looks at all who ever left.
        """

    def mark_wrong_groups_dirty(self, now: datetime) -> int:
        """Mark every group whose state needs a ticket opened, cancelled or changed; return how many.

        One set-based query for each kind of finding, for the nightly pass.
        """

    def mark_unconfirmed_dirty(self, before: Mapping[str, datetime], now: datetime) -> None:
        """Mark groups as dirty whose roster is not newer than the instant of its source in `before`.

        Left out are groups about which a ticket has asked since, groups of which another source is the better witness,
        and groups that are gone.
        """

    def dirty_count(self) -> int:
        """How many groups wait to be reconciled."""

    def differences(
        self, keys: Iterable[GroupKey], registers: Collection[str], live: Collection[str]
    ) -> dict[GroupKey, tuple[Difference, ...]]:
        """In what the sources of these groups differ; groups without a difference are left out.

        `registers` are the sources that people keep whole, `live` those that read a messenger.
        """

    def view(self, key: GroupKey) -> GroupView | None:
        """All that deciding on one group needs, with every member; None if it is not known."""

    def take_dirty(self, limit: int) -> DirtyGroups:
        """Take the next groups off the dirty list, oldest first; and with each whoever leads it by a part of a list.

        At most `limit`, and fewer where they have more than 100,000 members together; but at least one.
        """

    def mark_dirty(self, groups: Iterable[GroupKey], now: datetime) -> None:
        """Put groups on the dirty list."""

    def mark_handing_over_dirty(self, after: datetime, until: datetime, now: datetime) -> None:
        """Mark the groups with an admin whose last day ends after `after`, and up to `until`."""

    def active_admins(self, group: GroupKey) -> list[Account]:
        """Admins of the group who are known people and have not left."""

    def expectations(self, person: AccountKey) -> dict[GroupKey, Expectation]:
        """The groups in which the joiner rules place (or placed) a person."""

    def expect(self, person: AccountKey, states: Mapping[GroupKey, Expectation], since: datetime) -> None:
        """Record what the joiner rules say now; mark the groups dirty."""


@dataclass(frozen=True, slots=True)
class Unlisted:
    """What a read means for the groups that it did not list.

    `is_unread`: nothing, since it did not have to list them. Otherwise a group that `is_gone` (by its id and its name)
    is not there any more, and any other is out of sight: what was known of it is kept, and proves nothing, until a read
    shows it or says that it is gone. A group that is `left_out` by the configuration is not missed, and is out of sight
    whether it counts as gone or not; nor is one that `is_hidden` (by its id) by the source's own word.
    """

    is_unread: bool = False
    is_gone: Callable[[str, str], bool] = lambda _group_id, _name: True
    left_out: Callable[[str, str], bool] = lambda _group_id, _name: False
    is_hidden: Callable[[str], bool] = lambda _group_id: False


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group as lists show it."""

    key: GroupKey
    name: str
    messenger: str
    owner_email: str | None
    coverage: Coverage
    taken_at: datetime
    read_at: datetime
    size: int
    admins: int
    is_gone: bool
    warning: str
    facts: GroupFacts = NOTHING_SHOWN
    is_unseen: bool = False  # its source did not show it the last time, and may only not be in it any more
    registered: RegisterFacts | None = None  # what a register says that shows the same group; None: none does
    leader: GroupKey | None = None  # the same group as a better source shows it; None: it leads itself


class KnownMember(NamedTuple):
    """A member of a group, with the identity that was found for them and the account it names."""

    member: Member
    identity: Identity | None
    account: Account | None


class GroupOfMember(NamedTuple):
    """A group that a person is in, and their entry in its roster."""

    group: GroupRow
    member: Member


class DirtyGroups(NamedTuple):
    """Groups taken off the dirty list, with everything that reconciling each needs.

    `taken` also counts groups that no longer exist; they have no view.
    """

    taken: int
    views: list[GroupView]


class MemberChanges(NamedTuple):
    """How many members of one group a snapshot added, removed, and changed the role of."""

    added: int
    removed: int
    roles: int


class ShrunkenRoster(NamedTuple):
    """A roster that lost too many members to be believed at once: how many it had, and has."""

    group: GroupKey
    before: int
    now: int


class UnshownRoster(NamedTuple):
    """A roster that lists nobody and is not whole, of a group that had `before` members. `warning` says why, or ""."""

    group_id: str
    before: int
    warning: str


class MissingGroups(NamedTuple):
    """A snapshot that lacks too many groups to be applied: how many were known, and how many are missing."""

    known: int
    missing: int


@dataclass(frozen=True, slots=True)
class RosterChanges:
    """What applying a snapshot did. With `too_few_groups` nothing was applied.

    `hidden` are the groups that it did not list, and that are out of sight: neither gone nor left out.
    """

    changed: Mapping[GroupKey, MemberChanges]
    new_groups: tuple[GroupKey, ...] = ()
    gone_groups: tuple[GroupKey, ...] = ()
    shrunken: tuple[ShrunkenRoster, ...] = ()
    unshown: tuple[UnshownRoster, ...] = ()
    too_few_groups: MissingGroups | None = None
    hidden: tuple[GroupKey, ...] = ()
