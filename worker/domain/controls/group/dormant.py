"""A group that nobody needs any more is closed."""

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
from worker.domain.controls.policy import DormantRule
from worker.domain.controls.state import GroupState
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import Grade, TicketKind

_CLOSED, _ENDED, _ONE_LEFT, _QUIET = "closed", "ended", "one_left", "quiet"


def _check(group: GroupState, rule: DormantRule, now: datetime) -> ControlResult:
    if group.over_at is not None:
        return ControlResult(CheckValue.PASS, at=group.over_at, grade=group.grade)
    return (
        _by_the_register(group, now)
        or _by_the_roster(group)
        or _by_activity(group, rule, now)
        or unknown(Unknown.NOT_SHOWN)
    )


def _by_the_register(group: GroupState, now: datetime) -> ControlResult | None:
    if group.row is None:
        return None
    row, source = group.row.facts, group.row.source
    if group.is_called_closed:
        if group.is_closed:
            return ControlResult(CheckValue.PASS, at=group.row.taken_at, grade=Grade.B, source=source)
        day = f"{row.closed_on:%Y-%m-%d}" if row.closed_on else "closed"
        return ControlResult(
            CheckValue.FAIL,
            _CLOSED,
            at=group.still_at,
            grade=Grade.B,
            source=source,
            occasion=f"dormant:{day}",
        )
    if row.ends_on is not None and row.ends_on < group.day(now):
        day = f"{row.ends_on:%Y-%m-%d}"
        return ControlResult(
            CheckValue.FAIL,
            _ENDED,
            day,
            at=group.still_at,
            grade=Grade.B,
            source=source,
            occasion=f"dormant:{day}",
        )
    return None


def _by_the_roster(group: GroupState) -> ControlResult | None:
    if not group.is_listed or group.size > 1:
        return None
    occasion = f"dormant:{group.taken_at:%Y-%m-%d}"
    failed = ControlResult(CheckValue.FAIL, at=group.taken_at, grade=group.grade, occasion=occasion)
    return failed.with_parts([FaultPart(_ONE_LEFT, _ONE_LEFT)])


def _by_activity(group: GroupState, rule: DormantRule, now: datetime) -> ControlResult | None:
    last = group.facts.last_activity_at
    if last is None:
        return None
    at = group.facts.read_at or group.taken_at
    if last > now - rule.after:
        return ControlResult(CheckValue.PASS, at=at, grade=group.grade)
    day, occasion = group.day(last).isoformat(), f"dormant:{last:%Y-%m-%d}"
    return ControlResult(CheckValue.FAIL, _QUIET, day, at=at, grade=group.grade, occasion=occasion)


CONTROL = GroupControl(
    id="group.dormant",
    title=N_("Somebody needs the group"),
    articles=("S3",),
    fails=N_("Nobody seems to need the group: {found}."),
    asks=N_("Close the group."),
    cannot_prove=N_("that there are no copies on phones"),
    words={
        _CLOSED: N_("the register says that it is closed"),
        _ENDED: N_("the register says that it ended on {wanted}"),
        _ONE_LEFT: N_("one member is left"),
        _QUIET: N_("nobody has written since {wanted}"),
    },
    kind=TicketKind.CLOSE_GROUP,
    occasion="dormant:",
    due=Times(timedelta(days=14), timedelta(days=7)),
    rules=lambda policy: policy.dormant,
    check=_check,
    sees_closed=True,
)
