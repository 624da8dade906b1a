"""Permissions in the console: four roles, and one table of each role's permissions."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class DeskRole(StrEnum):
    """What somebody is in the console; one person may be several."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """What a page or an act of the console asks for."""

    SEE = "see"  # tickets, plans, people, groups, sources
    ACT = "act"  # on tickets, and on the question of who a member is
    RELEASE = "release"  # held plans, or reject them
    AUDIT = "audit"  # search the journal, and export it


_MAY: Mapping[DeskRole, frozenset[Permission]] = {
    DeskRole.VIEWER: frozenset({Permission.SEE}),
    DeskRole.OPERATOR: frozenset({Permission.SEE, Permission.ACT}),
    DeskRole.APPROVER: frozenset({Permission.SEE, Permission.ACT, Permission.RELEASE}),
    DeskRole.AUDITOR: frozenset({Permission.SEE, Permission.AUDIT}),
}


def allows(roles: frozenset[DeskRole], permission: Permission) -> bool:
    """True if one of the roles has the permission."""
    return any(permission in _MAY[role] for role in roles)
