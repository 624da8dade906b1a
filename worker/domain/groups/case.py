"""One group as reconciling sees it: its members, the people behind them, its admins, and who belongs in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from worker.domain.identity.matching import Identity
from worker.domain.model import (
    NOTHING_SHOWN,
    Account,
    AccountKey,
    Coverage,
    Evidence,
    GroupFacts,
    GroupKey,
    Member,
    RegisterFacts,
    Standing,
)
from worker.domain.people.evidence_words import EVIDENCE_SAYS
from worker.domain.people.leaving import Leaving
from worker.domain.people.persons import Person
from worker.domain.text.reason import Reason, because, together
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import Ticket, TicketState


@dataclass(frozen=True, slots=True)
class Expected:
    """What a joiner rule says of one account and this group; `is_former` once the guard let the move through.

    `accounts` are all accounts of the person, this one included; empty: it is the only one.
    """

    person: Account
    since: datetime
    is_former: bool = False  # the rules used to name the group
    accounts: tuple[Account, ...] = ()
    numbers: tuple[str, ...] = ()  # by which they may be added, the best first; empty: the account's

    @property
    def keys(self) -> frozenset[AccountKey]:
        """Every account of the person."""
        return frozenset({self.person.key, *(account.key for account in self.accounts)})


class KeptOut(StrEnum):
    """Why somebody whom the joiner rules place in a group is not to be added to it. English, said in reasons."""

    CONSENT = N_("waits for the person's consent to show a private number")
    REFUSED = N_("the person does not consent to show a private number")
    POLICY = N_("waits until the person has accepted the policies")


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member with what is known of the person behind it.

    If the person has several `accounts`, `person` is the one that speaks for them and `leaving` is theirs (see
    `persons.human_of`). `leaving` is set once the guard has let it through.
    """

    member: Member
    link: Identity
    person: Account | None = None
    leaving: Leaving | None = None
    first_seen_at: datetime | None = None
    accounts: tuple[Account, ...] = ()
    is_listed: bool = True  # False: not in the newest list, which is a part or not believed yet
    formerly: frozenset[AccountKey] = frozenset()  # as of `Person`

    @property
    def known_as(self) -> dict[AccountKey, Account]:
        """Every account of the person behind it, by key."""
        own = (self.person,) if self.person else ()
        return {account.key: account for account in (*own, *self.accounts)}


@dataclass(frozen=True, slots=True)
class GroupView:
    """All that reconciling one group needs.

    `members` need not be all `size` of them. It has every admin, every member who has left or is not known, and
    every member whom a ticket or a joiner rule names. An ordinary member who is still here decides nothing.
    `has_had_admin` is only set if every member's role is known; `has_lost_roles`: there was an admin, and the newest
    list tells nobody's role. `tickets` are those of this group and of its handles, in any state, but without cancelled
    tickets of episodes that are over.
    """

    key: GroupKey
    name: str
    messenger: str
    taken_at: datetime
    coverage: Coverage
    members: tuple[MemberView, ...]
    size: int = 0
    has_had_admin: bool = False
    has_lost_roles: bool = False
    is_gone: bool = False
    is_followed: bool = False  # another source shows the same group better; what is wrong is found there
    led: frozenset[str] = frozenset()  # handles of members whom only groups that follow this one list
    is_sensitive: bool = False
    is_unconfirmed: bool = False  # people declare the roster, and have to confirm it again
    owner: Account | None = None
    owner_email: str | None = None
    expected: tuple[Expected, ...] = ()
    went: tuple[tuple[AccountKey, datetime], ...] = ()  # who left it by themself, and when that was seen
    tickets: tuple[Ticket, ...] = ()
    kept_out: tuple[
        tuple[AccountKey, KeptOut], ...
    ] = ()  # who is not to be added, though the rules place them
    managers: tuple[tuple[AccountKey, Account], ...] = ()  # leaver -> manager
    # Whoever has a live ticket of a group that was loaded with it, by any account
    assignees: tuple[tuple[AccountKey, Person], ...] = ()
    facts: GroupFacts = NOTHING_SHOWN  # what its own source shows
    registered: RegisterFacts | None = None  # what a register says that shows the same group; None: none does
    handing_over: frozenset[AccountKey] = frozenset()  # admins so near to their last day that they hand over
    placed_there: frozenset[AccountKey] = (
        frozenset()
    )  # accounts with a place in the group that goes on elsewhere

    @property
    def listed_otherwise(self) -> frozenset[str]:
        """Handles that the newest list does not have, while it has the same person under another one.

        A whole group's numbers may be hidden at once, and that list is not believed at first.
        """
        unlisted = [view for view in self.members if not view.is_listed]
        if not unlisted:  # as in nearly all groups
            return frozenset()
        listed = {key for view in self.members if view.is_listed for key in view.known_as}
        return frozenset(one.member.handle for one in unlisted if not listed.isdisjoint(one.known_as))

    @property
    def is_without_roles(self) -> bool:
        """Whether there was an admin, and the newest list tells nobody's role: anybody may be one."""
        return self.has_lost_roles and not any(view.member.role.is_admin for view in self.members)

    def has_left(self, expected: Expected) -> bool:
        """Whether somebody left the group by themself since the joiner rules placed them in it."""
        return any(who in expected.keys and at >= expected.since for who, at in self.went)

    @property
    def missing(self) -> tuple[Expected, ...]:
        """Those whom the joiner rules place in the group, by account, and who are not listed under any of theirs."""
        present = {key for view in self.members for key in view.known_as}
        return tuple(one for one in self.expected if not one.is_former and not one.keys & present)

    def why_kept_out(self, expected: Expected) -> KeptOut | None:
        """Why somebody is not to be added; None if nothing speaks against it."""
        return next((why for who, why in self.kept_out if who in expected.keys), None)

    @property
    def goal(self) -> str:
        """The messenger that it is to move to, by its register, else by a ticket to close it; empty: it stays.

        A ticket counts that is live, or that was proven by the group's end.
        """
        said = self.registered.move_to if self.registered else None
        is_over = bool(self.facts.is_archived) or self.size == 0
        counting = (
            one for one in self.tickets if one.is_live or (is_over and one.state is TicketState.VERIFIED)
        )
        asked = (one.details.get("move_to") for one in counting)
        goal = (said or next(filter(None, asked), "")).casefold()
        return "" if goal == self.messenger.casefold() else goal


@dataclass(frozen=True, slots=True)
class GroupCase:
    """A group with everything that the kinds of tickets ask of it, worked out once by `kinds.settled.settle`.

    Groups may be long, so the mappings here save a search member by member. `view` has movers marked as leaving.
    `known` is the same, and keeps the admin roles that live tickets know of and the roster no longer shows.
    `known_admins` are those who stay. `asked_out`: by handle, the removals of who is to go without having left; one
    that ended only since the group was not read, too.
    """

    view: GroupView
    known: GroupView
    active_admins: tuple[MemberView, ...]
    known_admins: tuple[MemberView, ...]
    asked_out: Mapping[str, Ticket]
    belonging: Mapping[AccountKey, Expected]
    by_handle: Mapping[str, MemberView]
    present: frozenset[AccountKey]  # every account of every listed person
    managers: Mapping[AccountKey, Account]  # by the leaver
    assignees: Mapping[AccountKey, Person]
    departed: frozenset[AccountKey]  # accounts of members who are leaving, and of others with a part who left

    @property
    def key(self) -> GroupKey:
        return self.view.key

    @property
    def messenger(self) -> str:
        return self.view.messenger

    @property
    def coverage(self) -> Coverage:
        return self.view.coverage

    @property
    def size(self) -> int:
        return self.view.size


def belonging(group: GroupView) -> dict[AccountKey, Expected]:
    """The people who belong in the group by the joiner rules, by each of their accounts; never a leaver.

    If several rules place a person here, the earliest counts.
    """
    wanted = [e for e in group.expected if not e.is_former and e.person.standing is not Standing.LEFT]
    return _by_account(wanted)


def _by_account(expected: Iterable[Expected]) -> dict[AccountKey, Expected]:
    latest_first = sorted(expected, key=lambda e: (e.since, e.person.key), reverse=True)
    return {key: e for e in latest_first for key in e.keys}


def with_movers(group: GroupView) -> GroupView:
    """The group with its movers marked as leaving: people whom the joiner rules no longer place in it.

    A person whom any rule still names has not moved out.
    """
    former = _by_account(e for e in group.expected if e.is_former)
    stays = belonging(group)
    moved = {person: e.since for person, e in former.items() if person not in stays}
    return replace(group, members=tuple(_as_mover(view, moved) for view in group.members)) if moved else group


def _as_mover(view: MemberView, moved: dict[AccountKey, datetime]) -> MemberView:
    person = view.person
    if view.leaving or person is None or person.standing is Standing.LEFT or person.key not in moved:
        return view
    return replace(view, leaving=Leaving(person.key, Evidence.MOVED, moved[person.key]))


def active_admins(group: GroupView) -> tuple[MemberView, ...]:
    """Admins who are known people and neither leavers nor movers. An unknown member does not count."""
    return tuple(
        view
        for view in with_movers(group).members
        if view.member.role.is_admin
        and view.person is not None
        and view.person.standing is not Standing.LEFT
        and view.leaving is None
    )


def name_of(view: MemberView) -> str:
    """A member's name: the directory's, else the group's, else the handle."""
    person = view.person.facts.display_name if view.person else ""
    return person or view.member.display_name or view.member.handle


def why_out(name: str, leaving: Leaving) -> Reason:
    """Why a member should not be in a group: `Ann has left (the account is disabled) and is still in the group`.

    Every account of theirs is named, if there are several.
    """
    if leaving.evidence is Evidence.MOVED:
        return because(
            "{person} has moved and does not belong here any more and is still in the group", person=name
        )
    says = because(EVIDENCE_SAYS[leaving.evidence])
    if len(leaving.accounts) > 1:
        says = together(map(account_line, leaving.accounts))
    return because("{person} has left ({evidence}) and is still in the group", person=name, evidence=says)


def account_line(account: Account) -> Reason:
    """What one directory says of a person: `corp: the account is disabled`."""
    says = because("the account is active")
    if account.standing is Standing.LEAVING:
        says = because("the account is active, and has a last day")
    elif account.standing is Standing.LEFT and account.evidence is not None:
        says = because(EVIDENCE_SAYS[account.evidence])
    return because("{name}: {words}", name=account.key.source, words=says)
