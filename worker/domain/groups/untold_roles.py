"""A list that tells nobody's role, though it says so of each: it names no admin where there has to be one. Pure."""

from __future__ import annotations

from dataclasses import replace

from worker.domain.groups.capabilities import Capabilities
from worker.domain.messengers import messenger
from worker.domain.model import Role, Roster

NO_ADMIN = "the list names no admin, and every group of this messenger has one: all roles count as unknown"


def with_untold_roles(roster: Roster, can: Capabilities) -> Roster:
    """The roster; with all roles unknown, and a warning, where its source lost them: a gateway after its restart.

    A list that people keep is their own word: they may know of no admin.
    """
    is_shown = can.sees_roles and not can.is_kept_by_people
    roles = {member.role for member in roster.members}
    if not is_shown or Role.MEMBER not in roles or any(role.is_admin for role in roles):
        return roster
    if not messenger(roster.group.messenger).has_always_admin:
        return roster
    members = tuple(replace(member, role=Role.UNKNOWN) for member in roster.members)
    return replace(roster, members=members, warnings=(*roster.warnings, NO_ADMIN))
