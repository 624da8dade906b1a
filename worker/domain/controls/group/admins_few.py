"""A group has enough active admins, also where none of them left."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.domain.controls.control import CheckValue, ControlResult, GroupControl, Times, Unknown, unknown
from worker.domain.controls.policy import AdminsRule
from worker.domain.controls.state import GroupState
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import TicketKind


def _check(group: GroupState, rule: AdminsRule, _now: datetime) -> ControlResult | None:
    """A group of one has one admin at most. An admin who is not identified may be an active one."""
    wanted = min(rule.min, group.size)
    active = sum(one.is_active for one in group.admins)
    if wanted == 0:
        return None
    if active >= wanted:
        return ControlResult(CheckValue.PASS, at=group.taken_at, grade=group.grade)
    if not group.knows_roles:
        return unknown(Unknown.NO_ROLES)
    if not group.is_listed:
        return unknown(Unknown.NO_ROSTER)
    if active + sum(one.is_question for one in group.admins) >= wanted:
        return unknown(Unknown.NOT_IDENTIFIED)
    return ControlResult(
        CheckValue.FAIL,
        str(active),
        str(wanted),
        at=group.taken_at,
        grade=group.grade,
        is_asked_elsewhere=group.has_leaving_admin,
    )


CONTROL = GroupControl(
    id="group.admins_few",
    title=N_("It has enough active admins"),
    articles=("S4", "S12"),
    fails=N_("The group has too few active admins: {found}, and {wanted} are needed."),
    asks=N_("Make another member an admin."),
    cannot_prove=N_("that they act"),
    words={},
    kind=TicketKind.ADD_ADMIN,
    occasion="admins:min",
    due=Times(timedelta(days=7), timedelta(days=3)),
    rules=lambda policy: policy.admins,
    check=_check,
)
