"""Nobody joins a group without an admin's approval, or by a link that a leaver still has."""

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
from worker.domain.model import Fact
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import Grade, TicketKind

_NO_APPROVAL, _OLD_LINK, _APPROVAL, _NEW_LINK = "no_approval", "old_link", "approval", "new_link"


def _check(group: GroupState, rule: ProfileRule, _now: datetime) -> ControlResult | None:
    wanted = rule.join
    if wanted is None:
        return None
    at = group.facts.read_at or group.taken_at
    parts = [
        _approval(group, at) if wanted.has_approval else None,
        _new_link(group) if wanted.has_new_link else None,
    ]
    said = [part for part in parts if part is not None]
    wrong = [one for one in said if one.parts]
    if wrong:
        return wrong[0].with_parts(part for one in wrong for part in one.parts)
    order = (CheckValue.FAIL, CheckValue.UNKNOWN)
    worst = next((one for value in order for one in said if one.value is value), None)
    return worst or next(iter(said), None)


def _approval(group: GroupState, at: datetime) -> ControlResult:
    shown = group.facts.approval
    if shown is None:
        said = group.row.facts.approval if group.row else None
        if said is None or group.row is None:
            return unknown(Unknown.NOT_SHOWN)
        value = CheckValue.PASS if said else CheckValue.FAIL
        said_at, source = group.row.taken_at, group.row.source
        return ControlResult(value, at=said_at, grade=Grade.C, source=source, is_asked_elsewhere=True)
    if shown:
        return ControlResult(CheckValue.PASS, at=at, grade=group.grade)
    return _failed(_NO_APPROVAL, _APPROVAL, at, group.grade)


def _new_link(group: GroupState) -> ControlResult:
    """A group without a removal, or without a link, has nothing to reset.

    A link that was first seen after the removal is new for sure only if another one was seen before.
    """
    facts = group.facts
    at = facts.read_at_of(Fact.LINK) or group.taken_at
    if group.removed_at is None or facts.link_sha256 == "":
        return ControlResult(CheckValue.PASS, at=at, grade=group.grade)
    if facts.link_sha256 is None or facts.link_changed_at is None:
        return unknown(Unknown.NOT_SHOWN)
    if facts.link_changed_at <= group.removed_at:
        return _failed(_OLD_LINK, _NEW_LINK, at, group.grade)
    if facts.link_before_at is None:
        return unknown(Unknown.NOT_SHOWN)
    return ControlResult(CheckValue.PASS, at=at, grade=group.grade)


def _failed(found: str, wanted: str, at: datetime, grade: Grade) -> ControlResult:
    return ControlResult(CheckValue.FAIL, at=at, grade=grade).with_parts([FaultPart(found, found, wanted)])


CONTROL = GroupControl(
    id="profile.join",
    title=N_("Nobody joins it without being let in"),
    articles=("S26",),
    fails=N_("How people join: {found}; it should be: {wanted}."),
    asks=N_("Change how people join: {wanted}."),
    cannot_prove=N_("links that were passed on before"),
    words={
        _NO_APPROVAL: N_("whoever has the link joins without approval"),
        _OLD_LINK: N_("the link is older than the last removal"),
        _APPROVAL: N_("admins approve new members"),
        _NEW_LINK: N_("a new link"),
    },
    kind=TicketKind.FIX_PROFILE,
    occasion="profile",
    due=Times(timedelta(days=7), timedelta(days=1)),
    rules=lambda policy: policy.profile,
    check=_check,
)
