"""A group whose admin is about to leave has another one before the last day."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.domain.controls.control import CheckValue, ControlResult, GroupControl, Times, Unknown, unknown
from worker.domain.controls.policy import HandOverRule
from worker.domain.controls.state import AdminState, GroupState
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import TicketKind


def _check(group: GroupState, rule: HandOverRule, now: datetime) -> ControlResult | None:
    """Only groups with an admin whose last day is near are asked for it."""
    last_days = [at for one in group.admins if (at := _leaves_at(one)) is not None and at <= now + rule.lead]
    if not last_days:
        return None
    if len(group.admins_who_are_active) - len(last_days) >= rule.admins_min:
        return ControlResult(CheckValue.PASS, at=group.taken_at, grade=group.grade)
    if not group.knows_roles:
        return unknown(Unknown.NO_ROLES)
    names = ", ".join(one.name for one in group.admins if _leaves_at(one) in last_days)
    return ControlResult(
        CheckValue.FAIL,
        names,
        str(rule.admins_min),
        at=group.taken_at,
        grade=group.grade,
        is_asked_elsewhere=group.has_reassignment,
    )


def _leaves_at(admin: AdminState) -> datetime | None:
    return admin.person.leaves_at if admin.person else None


CONTROL = GroupControl(
    id="leaving.hand_over",
    title=N_("Whoever leaves has handed over the admin right"),
    articles=("S12",),
    fails=N_("Admins of the group are about to leave: {found}. Other active admins needed: {wanted}."),
    asks=N_("Make another member an admin before the last day."),
    cannot_prove=N_("that the new admin knows the duties"),
    words={},
    kind=TicketKind.REASSIGN_ADMIN,
    occasion="",
    due=Times(timedelta(days=7), timedelta(days=3)),
    rules=lambda policy: policy.hand_over,
    check=_check,
)
