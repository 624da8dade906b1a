"""A group's class of data is allowed in its messenger."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.domain.controls.control import CheckValue, ControlResult, GroupControl, Times
from worker.domain.controls.policy import ClassRule
from worker.domain.controls.state import GroupState
from worker.domain.messengers import messenger
from worker.domain.text.globs import fits
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import Grade, TicketKind


def _check(group: GroupState, rule: ClassRule, _now: datetime) -> ControlResult:
    if group.over_at is not None:  # as the ticket's steps leave it: archived, or emptied
        return ControlResult(CheckValue.PASS, at=group.over_at, grade=group.grade)
    at = group.row.taken_at if group.row else group.taken_at
    is_allowed = fits(group.messenger, rule.messengers)
    return ControlResult(
        CheckValue.PASS if is_allowed else CheckValue.FAIL,
        messenger(group.messenger).name,
        ", ".join(messenger(one).name for one in rule.messengers),
        at=at if is_allowed else group.still_at,
        grade=Grade.B,
        source=group.row.source if group.row else "",
        occasion=f"class:{rule.name}",
        details={"class": rule.name, "move_to": rule.move_to},
    )


CONTROL = GroupControl(
    id="group.class_fits",
    title=N_("What it is for is allowed in its messenger"),
    articles=("S13", "S22", "S28"),
    fails=N_("What the group is for is not allowed in {found}, only in: {wanted}."),
    asks=N_("Move the group to: {wanted}. Then close it here."),
    cannot_prove=N_("what is really written there"),
    words={},
    kind=TicketKind.CLOSE_GROUP,
    occasion="class:",
    due=Times(timedelta(days=30), timedelta(days=7)),
    rules=lambda policy: policy.classes,
    check=_check,
)
