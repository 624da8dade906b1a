"""Decide what a machine may do for a ticket: only what a rule allows, and never by a guess. Pure.

ticket, its group as it is now, rules -> the deed, or why it is left to people
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from worker.domain.groups.capabilities import Capabilities
from worker.domain.groups.case import GroupCase, GroupView, MemberView
from worker.domain.identity.matching import How, IdentityState
from worker.domain.kinds import KINDS, is_asked_out, kind_of
from worker.domain.kinds.kind import Deed, InGroup
from worker.domain.kinds.settled import settle
from worker.domain.model import AccountKey, Coverage, Evidence, Member, Role, Standing
from worker.domain.people.leaver import LeaverPolicy
from worker.domain.people.leaving import Leaving
from worker.domain.text.globs import fits
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState

# A variant of a number may be another person's; the rest names one person for certain
_SURE = frozenset({How.CONFIRMED, How.PHONE, How.EMAIL, How.EMPLOYEE_ID})


@dataclass(frozen=True, slots=True)
class RemediationRule:
    """What a person allowed: in these inventories, in groups that fit a glob, for these kinds; so many in an hour."""

    name: str
    inventories: frozenset[str]
    groups: tuple[str, ...]
    kinds: frozenset[TicketKind]
    per_hour: int

    def allows(self, ticket: Ticket, group_name: str) -> bool:
        """True if the rule names the ticket's inventory, group and kind.

        `group_name`: what the group is called now. A ticket is called so only after the next reconcile.
        """
        group = ticket.group
        if group is None or group.source not in self.inventories or ticket.kind not in self.kinds:
            return False
        return fits(group.group_id, self.groups) or fits(group_name, self.groups)

    def is_idle_in(self, can: Capabilities) -> bool:
        """True if a source with these capabilities can do none of what the rule allows."""
        possible = {Deed.REMOVE: can.can_remove, Deed.MAKE_ADMIN: can.can_change_admin}
        return not any(deed and possible[deed] for deed in (KINDS[kind].deed for kind in self.kinds))


@dataclass(frozen=True, slots=True)
class Permitted:
    """A deed that a rule allows, and the member whom it is done to. `people`: on whose being here or not it rests."""

    rule: RemediationRule
    deed: Deed
    member: Member
    people: frozenset[AccountKey]


@dataclass(frozen=True, slots=True)
class LeftToPeople:
    """Why a machine leaves a ticket alone. In English, for the report and the preview."""

    why: str


def allowed(
    ticket: Ticket,
    group: GroupView | None,
    rules: tuple[RemediationRule, ...],
    can: Capabilities,
    leaver: LeaverPolicy,
    admins_min: int,
) -> Permitted | LeftToPeople:
    """Return what a machine may do for the ticket now, by the first rule that allows it.

    `group` has all of its members, not only those that decide something. By `leaver`, evidence may have ceased to count
    of which the directory was not read again yet: whoever left by it alone is left alone. A group needs `admins_min`.
    """
    name = ticket.group_name if group is None else group.name
    rule = next((one for one in rules if one.allows(ticket, name)), None)
    deed = kind_of(ticket).deed
    if rule is None or deed is None:
        return LeftToPeople("no rule allows it")
    if ticket.state is not TicketState.OPEN or ticket.disputed_at is not None:
        return LeftToPeople("it is not open, or somebody says that the person still works here")
    if group is None or group.is_gone or group.coverage is not Coverage.FULL:
        return LeftToPeople("the latest roster of the group is not whole")
    case = settle(group)
    if deed is Deed.MAKE_ADMIN and not _is_needed(ticket, case, admins_min):
        return LeftToPeople("the group needs no other admin any more")
    found = _FINDS[deed](ticket, case, can, leaver)
    if isinstance(found, LeftToPeople):
        return found
    people = (ticket.person, found.person.key if found.person else None)
    return Permitted(rule, deed, found.member, frozenset(one for one in people if one))


def _to_remove(
    ticket: Ticket, case: GroupCase, can: Capabilities, leaver: LeaverPolicy
) -> MemberView | LeftToPeople:
    view = case.by_handle.get(ticket.handle)
    if not can.can_remove:
        return LeftToPeople("the source can't remove members")
    if is_asked_out(ticket):
        return LeftToPeople("a review or the person asked for it, and no leaving")
    if view is None or view.leaving is None or view.leaving.evidence is Evidence.MOVED:
        return LeftToPeople("the latest roster does not show a member who has left")
    if not _still_counts(view.leaving, leaver):
        return LeftToPeople("what says that the member has left does not count any more")
    if not _is_sure(view):
        return LeftToPeople("who the member is, is not certain")
    if view.member.role is Role.CREATOR and not can.creator_is_removable:
        return LeftToPeople("nobody can remove the creator of the group")
    if view.member.role is Role.UNKNOWN and can.sees_roles:
        return LeftToPeople("the member's role is not known")
    if view.member.role.is_admin and not any(_stays(one, case) for one in case.active_admins):
        return LeftToPeople("the member is the last admin")
    return view


def _to_promote(
    ticket: Ticket, case: GroupCase, can: Capabilities, leaver: LeaverPolicy
) -> MemberView | LeftToPeople:
    """Return the owner of the group if they are in it, else the leaver's manager. A machine chooses nobody else.

    Nor anybody who is to go themself: a mover, or whom a review asks out.
    """
    if not can.can_change_admin:
        return LeftToPeople("the source can't make anybody an admin")
    gone = (one.leaving for one in case.view.members if one.member.role.is_admin and one.leaving is not None)
    if not all(_still_counts(leaving, leaver) for leaving in gone):
        return LeftToPeople("what says that an admin has left does not count any more")
    manager = case.managers.get(ticket.person) if ticket.person else None
    for account in (case.view.owner, manager):
        if account is None or account.standing is Standing.LEFT:
            continue
        for view in case.view.members:
            is_they = view.person is not None and view.person.key == account.key
            if is_they and _is_sure(view) and _stays(view, case) and view.member.role is Role.MEMBER:
                return view
    return LeftToPeople(
        "neither the group's owner nor the leaver's manager is a member who could be an admin"
    )


def _is_needed(ticket: Ticket, case: GroupCase, admins_min: int) -> bool:
    """Whether the latest roster and the directories still give the ticket's kind a reason in its group."""
    way = kind_of(ticket).found
    return isinstance(way, InGroup) and any(way.find(case, admins_min))


_FINDS = {Deed.REMOVE: _to_remove, Deed.MAKE_ADMIN: _to_promote}


def _still_counts(leaving: Leaving, leaver: LeaverPolicy) -> bool:
    """False if any account of theirs has left by evidence that the configuration does not accept any more."""
    said = {one.evidence for one in leaving.accounts if one.standing is Standing.LEFT}
    return all(evidence is None or leaver.counts(evidence) for evidence in {leaving.evidence, *said})


def _is_sure(view: MemberView) -> bool:
    return view.link.state is IdentityState.LINKED and view.link.how in _SURE


def _stays(view: MemberView, case: GroupCase) -> bool:
    return view.leaving is None and view.member.handle not in case.asked_out


def effect(deed: Deed, handles: Collection[str], group: GroupView) -> bool | None:
    """Whether a roster shows that the deed was done to whoever has these handles; None if it can't tell.

    A member may have got another handle since, as when the number behind an id becomes known.
    """
    found = [one.member for one in group.members if not _names(one.member).isdisjoint(handles)]
    if deed is Deed.MAKE_ADMIN and any(one.role.is_admin for one in found):
        return True
    if group.coverage is not Coverage.FULL:  # it keeps members whom it does not show
        return None
    return deed is Deed.REMOVE and not found


def _names(member: Member) -> set[str | None]:
    return {member.handle, member.phone, member.lid}
