"""Who may change a group's profile, write and add members is as the rules want it."""

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
from worker.domain.controls.policy import ProfileRule
from worker.domain.controls.state import GroupState
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import TicketKind

_RIGHTS = ("edit", "write", "add")


def _check(group: GroupState, rule: ProfileRule, _now: datetime) -> ControlResult | None:
    """Each right is one of the details; a right that is not shown is unknown, and does not hide one that is wrong."""
    wanted = rule.rights
    if wanted is None:
        return None
    asked = [(right, value) for right in _RIGHTS if (value := getattr(wanted, right)) is not None]
    shown = {right: getattr(group.facts, right) for right, _ in asked}
    wrong = [(right, value) for right, value in asked if shown[right] not in {None, value}]
    at = group.facts.read_at or group.taken_at
    if wrong:
        said = [(f"{right}: {shown[right].value}", f"{right}: {value.value}") for right, value in wrong]
        details = {"rights": {right: value.value for right, value in wrong}}
        failed = ControlResult(CheckValue.FAIL, at=at, grade=group.grade, details=details)
        return failed.with_parts(FaultPart(found, found, value) for found, value in said)
    if None in shown.values():
        return unknown(Unknown.NOT_SHOWN)
    return ControlResult(CheckValue.PASS, at=at, grade=group.grade)


CONTROL = GroupControl(
    id="profile.rights",
    title=N_("The right people may change it, write and add members"),
    articles=("S6", "S26"),
    fails=N_("The permissions are: {found}. They should be: {wanted}."),
    asks=N_("Change the group's permissions to: {wanted}."),
    cannot_prove=N_("that nobody changes them again"),
    words={
        "edit: admins": N_("admins alone change the profile"),
        "edit: members": N_("all members change the profile"),
        "write: admins": N_("admins alone write"),
        "write: members": N_("all members write"),
        "add: admins": N_("admins alone add members"),
        "add: members": N_("all members add members"),
    },
    kind=TicketKind.FIX_PROFILE,
    occasion="profile",
    due=Times(timedelta(days=7), timedelta(days=3)),
    rules=lambda policy: policy.profile,
    check=_check,
)
