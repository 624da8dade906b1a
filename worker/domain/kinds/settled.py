"""Settle a group's case: work out what is true of its members, once for all kinds of tickets."""

from __future__ import annotations

from dataclasses import replace

from worker.domain.groups.case import GroupCase, GroupView, MemberView, active_admins, belonging, with_movers
from worker.domain.kinds import is_asked_out, is_exposure, kind_of
from worker.domain.kinds.removals import is_about_another, is_unread
from worker.domain.model import Role, Standing


def settle(group: GroupView) -> GroupCase:
    """Return the case of a loaded group."""
    view = with_movers(group)
    known = with_known_roles(view)
    others = (view.owner, *(manager for _, manager in view.managers))
    departed = {other.key for other in others if other and other.standing is Standing.LEFT}
    departed |= {key for one in view.members if one.leaving for key in one.known_as}
    departed |= {key for key, human in view.assignees if human.person.standing is Standing.LEFT}
    by_handle = {one.member.handle: one for one in view.members}
    asked = [t for t in view.tickets if not is_about_another(t, by_handle.get(t.handle))]
    asked_out = {t.handle: t for t in asked if is_unread(t)}
    asked_out |= {t.handle: t for t in asked if t.is_live and is_asked_out(t)}
    return GroupCase(
        view,
        known,
        active_admins(view),
        tuple(one for one in active_admins(known) if one.member.handle not in asked_out),
        asked_out,
        belonging(view),
        by_handle=by_handle,
        present=frozenset(key for one in view.members for key in one.known_as),
        managers=dict(view.managers),
        assignees=dict(view.assignees),
        departed=frozenset(departed),
    )


def with_known_roles(group: GroupView) -> GroupView:
    """The group with admin roles filled in from live removal tickets if the roster no longer shows them.

    So an inventory that lost its column of roles releases no blocked ticket and changes no ticket's kind.
    A ticket that says "no admin" is ignored: it proves nothing now. A leaver who was called the creator stays the
    creator: nobody can give that away, and most rosters show a creator as an ordinary admin. But only an assignee
    said so, so it makes nobody who stays an admin on whom the group could count.
    """
    removals = sorted((t for t in group.tickets if is_exposure(t) and t.is_live), key=lambda t: t.id)
    known = {t.handle: t.member_role for t in removals if t.member_role and t.member_role.is_admin}
    known |= {t.handle: Role.CREATOR for t in removals if kind_of(t).is_of_creator}
    members = tuple(_with_role(view, known.get(view.member.handle)) for view in group.members)
    return replace(group, members=members)


def _with_role(view: MemberView, known: Role | None) -> MemberView:
    role = view.member.role
    is_believed = view.leaving is not None or role.is_admin if known is Role.CREATOR else role is Role.UNKNOWN
    if known is None or not is_believed:
        return view
    return replace(view, member=replace(view.member, role=known))
