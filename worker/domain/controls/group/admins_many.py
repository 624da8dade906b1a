"""A group has no more admins than it needs."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.domain.controls.control import CheckValue, ControlResult, GroupControl, Times, Unknown, unknown
from worker.domain.controls.policy import AdminsRule
from worker.domain.controls.state import GroupState
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import TicketKind


def _check(group: GroupState, rule: AdminsRule, _now: datetime) -> ControlResult:
    """Whoever left is not counted: their removal is asked for anyway."""
    count = sum(not one.has_left for one in group.admins)
    if count > rule.max:
        return ControlResult(CheckValue.FAIL, str(count), str(rule.max), at=group.taken_at, grade=group.grade)
    if not group.knows_roles:
        return unknown(Unknown.NO_ROLES)
    if not group.is_listed:
        return unknown(Unknown.NO_ROSTER)
    return ControlResult(CheckValue.PASS, at=group.taken_at, grade=group.grade)


CONTROL = GroupControl(
    id="group.admins_many",
    title=N_("It has no more admins than it needs"),
    articles=("S5",),
    fails=N_("The group has too many admins: {found}, and {wanted} is the most."),
    asks=N_("Take the admin right from those who do not need it."),
    cannot_prove=N_("that the right ones stay"),
    words={},
    kind=TicketKind.REDUCE_ADMINS,
    occasion="admins:max",
    due=Times(timedelta(days=14), timedelta(days=7)),
    rules=lambda policy: policy.admins,
    check=_check,
)
