"""A group's admins are people whom the organisation knows, in the right departments, and not about to leave."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.domain.controls.control import (
    CheckValue,
    ControlResult,
    FaultPart,
    GroupControl,
    Times,
    Unknown,
    unknown,
)
from worker.domain.controls.policy import AdminsRule
from worker.domain.controls.state import AdminState, GroupState
from worker.domain.model import Standing
from worker.domain.text.globs import fits
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import TicketKind

_NOT_OURS, _ELSEWHERE, _LEAVING = "not_in_directory", "other_department", "leaving"


def _check(group: GroupState, rule: AdminsRule, now: datetime) -> ControlResult:
    """Whoever is not identified is a question, which is a ticket of its own."""
    unfit = [(one, why) for one in group.admins if (why := _why_unfit(one, rule, now))]
    if unfit:
        admins = [{"handle": one.handle, "name": one.name, "why": why} for one, why in unfit]
        # A group keeps an admin: the others are asked for first, by the controls and tickets that want another one
        is_anybody_left = any(one.is_active and not _why_unfit(one, rule, now) for one in group.admins)
        return ControlResult(
            CheckValue.FAIL,
            at=group.taken_at,
            grade=group.grade,
            details={"admins": admins},
            is_asked_elsewhere=not is_anybody_left,
        ).with_parts(FaultPart(one.known_as, one.name) for one, _ in unfit)
    if not group.knows_roles:
        return unknown(Unknown.NO_ROLES)
    if any(one.is_question for one in group.admins):
        return unknown(Unknown.NOT_IDENTIFIED)
    if rule.departments and any(one.is_active and not _department(one) for one in group.admins):
        return unknown(Unknown.NOT_SHOWN)
    if any(_leaves_some_day(one) for one in group.admins):
        return unknown(Unknown.NOT_SHOWN)
    if not group.is_listed:
        return unknown(Unknown.NO_ROSTER)
    return ControlResult(CheckValue.PASS, at=group.taken_at, grade=group.grade)


def _why_unfit(admin: AdminState, rule: AdminsRule, now: datetime) -> str:
    if admin.is_nobody:
        return "" if rule.has_externals else _NOT_OURS
    if admin.person is None or admin.has_left:
        return ""
    if admin.person.leaves_by(now + rule.lead):
        return _LEAVING
    if not admin.person.facts.is_in_scope and not rule.has_externals:
        return _NOT_OURS
    department = _department(admin)
    is_elsewhere = rule.departments and department and not fits(department, rule.departments)
    return _ELSEWHERE if is_elsewhere else ""


def _leaves_some_day(admin: AdminState) -> bool:
    """Whether an admin is to leave, and the directory doesn't show when any more."""
    one = admin.person
    return one is not None and one.standing is Standing.LEAVING and one.leaves_at is None


def _department(admin: AdminState) -> str:
    """The department of an admin; empty if the directory doesn't show it."""
    return (admin.person.facts.department or "") if admin.person else ""


CONTROL = GroupControl(
    id="group.admins_fit",
    title=N_("Its admins are the right people"),
    articles=("S25",),
    fails=N_("Admins of the group who should not be: {found}."),
    asks=N_("Take the admin right from: {found}."),
    cannot_prove=N_("character; whom to trust stays the owner's judgement"),
    words={},
    kind=TicketKind.REDUCE_ADMINS,
    occasion="admins:fit",
    due=Times(timedelta(days=7), timedelta(days=1)),
    rules=lambda policy: policy.admins,
    check=_check,
)
