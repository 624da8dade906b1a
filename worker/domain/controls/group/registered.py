"""A live group has a row in the register."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.domain.controls.control import CheckValue, ControlResult, GroupControl, Times, Unknown, unknown
from worker.domain.controls.policy import RegisterRule
from worker.domain.controls.state import GroupState
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import Grade, TicketKind


def _check(group: GroupState, _rule: RegisterRule, _now: datetime) -> ControlResult:
    """The row may be paired with the group, or have its exact name and messenger."""
    if group.row is not None:
        return ControlResult(CheckValue.PASS, at=group.row.taken_at, grade=Grade.B, source=group.row.source)
    if group.register_at is None:
        return unknown(Unknown.NO_REGISTER)
    return ControlResult(CheckValue.FAIL, at=group.register_at, grade=Grade.B)


CONTROL = GroupControl(
    id="group.registered",
    title=N_("The group is in the register"),
    articles=("S1", "S23"),
    fails=N_("The group is not in the register."),
    asks=N_("Add a row for the group to the register: name, messenger, owner and purpose."),
    cannot_prove=N_("that there is no further group"),
    words={},
    kind=TicketKind.REGISTER_GROUP,
    occasion="register",
    due=Times(timedelta(days=7), timedelta(days=3)),
    rules=lambda policy: policy.register,
    check=_check,
    sees_closed=True,
)
