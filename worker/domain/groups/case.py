"""What is wrong with one group now: leavers in it, no admin left, members nobody knows, joiners missing.

`look(view)` reads only its argument; the answer is sorted and has no repeats.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from worker.domain.identity.matching import Link, LinkState
from worker.domain.messengers import messenger
from worker.domain.model import Coverage, Evidence, GroupKey, Member, Person, PersonKey, Role, Standing
from worker.domain.people.leaving import Leaving, episode_name
from worker.domain.tickets.ticket import REMOVALS, Ticket, TicketKey, TicketKind


@dataclass(frozen=True, slots=True)
class Expected:
    """A joiner rule's word on one account and this group; `is_former` once the guard let the move through.

    `accounts` are those of the same human, this one among them; none given: it is the only one.
    """

    person: Person
    since: datetime
    is_former: bool = False  # the rules named the group once and do not any more
    accounts: tuple[Person, ...] = ()

    @property
    def keys(self) -> frozenset[PersonKey]:
        """Every account of the human."""
        return frozenset({self.person.key, *(account.key for account in self.accounts)})


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member with what is known of the person behind.

    Of a human with several `accounts`, `person` is the one that speaks for them and `leaving` theirs (see
    `accounts.human_of`); `leaving` is set once the guard has let it through.
    """

    member: Member
    link: Link
    person: Person | None = None
    leaving: Leaving | None = None
    first_seen_at: datetime | None = None
    accounts: tuple[Person, ...] = ()

    @property
    def known_as(self) -> dict[PersonKey, Person]:
        """Every account of the human behind, by key."""
        own = (self.person,) if self.person else ()
        return {account.key: account for account in (*own, *self.accounts)}


@dataclass(frozen=True, slots=True)
class GroupView:
    """All that reconciling one group needs.

    `members` need not be all `size` of them: every admin, everybody who has left or is not known, everybody
    whom a ticket or a joiner rule names. An ordinary member who is still here decides nothing.
    `has_had_admin` is only said where every member's role is known. `tickets` are those of this group and of
    its handles, of any state but a cancelled one of an episode that is over.
    """

    key: GroupKey
    name: str
    messenger: str
    taken_at: datetime
    coverage: Coverage
    members: tuple[MemberView, ...]
    size: int = 0
    has_had_admin: bool = False
    is_gone: bool = False
    is_sensitive: bool = False
    owner: Person | None = None
    owner_email: str | None = None
    expected: tuple[Expected, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    managers: tuple[tuple[PersonKey, Person], ...] = ()  # leaver -> manager

    def manager_of(self, person: PersonKey) -> Person | None:
        """The manager of one of the leavers, when the directory names one."""
        return dict(self.managers).get(person)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong; `needs_admin` says that acting on it must wait for a new admin."""

    key: TicketKey
    why: str
    view: MemberView | None = None
    leaving: Leaving | None = None
    person: Person | None = None
    needs_admin: bool = False


def look(group: GroupView, admins_min: int) -> tuple[Finding, ...]:
    """Return what is wrong in one group, reassignments first, then by member.

    A group that is gone has nothing wrong. Only members that are in the roster are judged; who is missing
    is judged only for joiners and for admins seen before, and only on a full roster.
    """
    if group.is_gone:
        return ()
    group = with_known_roles(with_movers(group))
    found = _reassignments(group, admins_min)
    for view in sorted(group.members, key=lambda v: v.member.handle):
        if view.leaving is not None:
            found.append(_removal(group, view, view.leaving))
        elif view.link.state in {LinkState.AMBIGUOUS, LinkState.UNMATCHED}:
            found.append(_question(group, view))
    return (*found, *_missing_joiners(group))


def belonging(group: GroupView) -> dict[PersonKey, Expected]:
    """Who belongs in the group by the joiner rules, by every account of theirs; the earliest rule's word.

    Never a leaver.
    """
    wanted = [e for e in group.expected if not e.is_former and e.person.standing is not Standing.LEFT]
    return _by_account(wanted)


def _by_account(expected: Iterable[Expected]) -> dict[PersonKey, Expected]:
    latest_first = sorted(expected, key=lambda e: (e.since, e.person.key), reverse=True)
    return {key: e for e in latest_first for key in e.keys}


def with_movers(group: GroupView) -> GroupView:
    """The group with movers who no longer belong in it marked as leaving it, like leavers.

    Whom one rule still names has not moved out, whatever another one says.
    """
    former = _by_account(e for e in group.expected if e.is_former)
    stays = belonging(group)
    moved = {person: e.since for person, e in former.items() if person not in stays}
    return replace(group, members=tuple(_as_mover(view, moved) for view in group.members)) if moved else group


def with_known_roles(group: GroupView) -> GroupView:
    """The group with admins whom the roster no longer shows as such, as live removal tickets know them.

    So an inventory that lost its column of roles releases no blocked ticket and changes no ticket's kind.
    That somebody was no admin proves nothing now. A leaver who was called the creator once stays it: nobody can
    give that away, and most rosters show a creator as an admin like others. That was an assignee's word, though,
    so it makes nobody an admin on whom the group could count.
    """
    removals = sorted((t for t in group.tickets if t.kind in REMOVALS and t.is_live), key=lambda t: t.id)
    known = {t.handle: t.member_role for t in removals if t.member_role and t.member_role.is_admin}
    known |= {t.handle: Role.CREATOR for t in removals if t.kind is TicketKind.CREATOR_MUST_LEAVE}
    members = tuple(_with_role(view, known.get(view.member.handle)) for view in group.members)
    return replace(group, members=members)


def _with_role(view: MemberView, known: Role | None) -> MemberView:
    role = view.member.role
    is_believed = view.leaving is not None or role.is_admin if known is Role.CREATOR else role is Role.UNKNOWN
    if known is None or not is_believed:
        return view
    return replace(view, member=replace(view.member, role=known))


def _as_mover(view: MemberView, moved: dict[PersonKey, datetime]) -> MemberView:
    person = view.person
    if view.leaving or person is None or person.standing is Standing.LEFT or person.key not in moved:
        return view
    return replace(view, leaving=Leaving(person.key, Evidence.MOVED, moved[person.key]))


def active_admins(group: GroupView) -> tuple[MemberView, ...]:
    """Admins who are known people and neither leavers nor movers. Who is not known does not count."""
    return tuple(
        view
        for view in with_movers(group).members
        if view.member.role.is_admin
        and view.person is not None
        and view.person.standing is not Standing.LEFT
        and view.leaving is None
    )


def _reassignments(group: GroupView, admins_min: int) -> list[Finding]:
    """A group that loses its admins: leavers among them, or admins seen before and none now.

    A group that never had an admin in the inventory is not news; neither is one whose roles are not all
    known. The latest leaving names the ticket, so that a waiver or a proof stands for its own case only.
    """
    active = len(active_admins(group))
    leavers = [(v.leaving, v) for v in group.members if v.member.role.is_admin and v.leaving is not None]
    if active >= admins_min or not (leavers or _has_lost_admins(group)):
        return []
    if not leavers:
        key = TicketKey(TicketKind.REASSIGN_ADMIN, group.key, "", "")
        return [Finding(key, f"no admin is left in the group, {admins_min} needed")]
    leaving, view = max(leavers, key=lambda pair: (pair[0].at, pair[1].member.handle))
    key = TicketKey(TicketKind.REASSIGN_ADMIN, group.key, "", leaving.name)
    names = ", ".join(sorted(_name(v) for _, v in leavers))
    why = f"{names} left and was an admin; {active} active admin(s) remain, {admins_min} needed"
    return [Finding(key, why, view, leaving, view.person)]


def _has_lost_admins(group: GroupView) -> bool:
    """Whether there was an admin and surely is none: partial rosters and unknown roles prove nothing."""
    may_have_one = any(v.member.role.is_admin or v.member.role is Role.UNKNOWN for v in group.members)
    return group.has_had_admin and group.coverage is Coverage.FULL and group.size > 0 and not may_have_one


def _question(group: GroupView, view: MemberView) -> Finding:
    key = TicketKey(TicketKind.IDENTIFY_MEMBER, GroupKey(group.key.source, ""), view.member.handle, "")
    return Finding(key, view.link.why, view)


def _removal(group: GroupView, view: MemberView, leaving: Leaving) -> Finding:
    is_creator = view.member.role is Role.CREATOR
    can_remove = messenger(group.messenger).can_remove_creator or not is_creator
    kind = TicketKind.REMOVE_MEMBER if can_remove else TicketKind.CREATOR_MUST_LEAVE
    key = TicketKey(kind, group.key, view.member.handle, leaving.name)
    why = f"{_name(view)} {why_left(leaving)} and is still in the group"
    needs_admin = view.member.role.is_admin and not active_admins(group)
    return Finding(key, why, view, leaving, view.person, needs_admin=needs_admin)


def _missing_joiners(group: GroupView) -> list[Finding]:
    if group.coverage is not Coverage.FULL:
        return []
    wanted = {expected.person.key: expected for expected in belonging(group).values()}
    present = {key for view in group.members for key in view.known_as}
    missing = [expected for _, expected in sorted(wanted.items()) if not expected.keys & present]
    return [_addition(group, expected) for expected in missing]


def _addition(group: GroupView, expected: Expected) -> Finding:
    facts = expected.person.facts
    handle = facts.phones[0] if facts.phones else f"person:{expected.person.key.person_id}"
    key = TicketKey(
        TicketKind.ADD_MEMBER, group.key, handle, episode_name(expected.person.key, expected.since)
    )
    return Finding(
        key, f"{facts.display_name} belongs in the group by the joiner rules", person=expected.person
    )


def _name(view: MemberView) -> str:
    person = view.person.facts.display_name if view.person else ""
    return person or view.member.display_name or view.member.handle


def why_left(leaving: Leaving) -> str:
    """Why somebody should not be in a group: `has left (the account is disabled)`.

    Every account of theirs is named, if there are several.
    """
    if leaving.evidence is Evidence.MOVED:
        return "has moved and does not belong here any more"
    if len(leaving.accounts) <= 1:
        return f"has left ({_SAYS[leaving.evidence]})"
    return f"has left ({'; '.join(account_line(account) for account in leaving.accounts)})"


def account_line(account: Person) -> str:
    """What one directory says of somebody: `corp: the account is disabled`."""
    says = "the account is active"
    if account.standing is Standing.LEAVING:
        says = "the account is active, and has a last day"
    elif account.standing is Standing.LEFT and account.evidence is not None:
        says = _SAYS[account.evidence]
    return f"{account.key.source}: {says}"


_SAYS = {
    Evidence.DISABLED: "the account is disabled",
    Evidence.DELETED: "the account was deleted",
    Evidence.EXPIRED: "the account has expired",
    Evidence.LEAVE_DATE: "the leave date has passed",
    Evidence.MOVED_OUT: "moved to the leavers' unit",
    Evidence.ABSENT_CONFIRMED: "no longer in the directory",
}
