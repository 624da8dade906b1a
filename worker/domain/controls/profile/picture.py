"""A group has a picture, or one of the standard ones."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.domain.controls.control import CheckValue, ControlResult, GroupControl, Times, Unknown, unknown
from worker.domain.controls.policy import ProfileRule
from worker.domain.controls.state import GroupState
from worker.domain.model import Fact
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import Grade, TicketKind

_NONE, _ANOTHER, _STANDARD, _ANY = "none", "another", "standard", "any"


def _check(group: GroupState, rule: ProfileRule, _now: datetime) -> ControlResult | None:
    """Pictures are compared by the hash of what the messenger gives out, since some messengers change the files."""
    wanted = rule.picture
    if wanted is None:
        return None
    shown = group.facts.picture_sha256
    if shown is None:
        return _by_the_register(group)
    at = group.facts.read_at_of(Fact.PICTURE) or group.taken_at
    if wanted.standard and shown and shown not in wanted.standard:
        return ControlResult(CheckValue.FAIL, _ANOTHER, _STANDARD, at=at, grade=group.grade)
    if wanted.is_required and not shown:
        return ControlResult(
            CheckValue.FAIL, _NONE, _STANDARD if wanted.standard else _ANY, at=at, grade=group.grade
        )
    return ControlResult(CheckValue.PASS, at=at, grade=group.grade)


def _by_the_register(group: GroupState) -> ControlResult:
    said = group.row.facts.picture_ok if group.row else None
    if said is None or group.row is None:
        return unknown(Unknown.NOT_SHOWN)
    value = CheckValue.PASS if said else CheckValue.FAIL
    at, source = group.row.taken_at, group.row.source
    return ControlResult(value, at=at, grade=Grade.C, source=source, is_asked_elsewhere=True)


CONTROL = GroupControl(
    id="profile.picture",
    title=N_("It has the right picture"),
    articles=("S15",),
    fails=N_("The group's picture is {found}; it should be {wanted}."),
    asks=N_("Give the group {wanted}."),
    cannot_prove=N_("that it is clear, or not used in another group"),
    words={
        _NONE: N_("none"),
        _ANOTHER: N_("another one"),
        _STANDARD: N_("one of the standard pictures"),
        _ANY: N_("a picture"),
    },
    kind=TicketKind.FIX_PROFILE,
    occasion="profile",
    due=Times(timedelta(days=14), timedelta(days=14)),
    rules=lambda policy: policy.profile,
    check=_check,
)
