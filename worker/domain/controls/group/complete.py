"""A group's row in the register fills the required columns."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.domain.controls.control import CheckValue, ControlResult, GroupControl, Times
from worker.domain.controls.policy import RegisterRule
from worker.domain.controls.state import GroupState, RegisterRow
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import Grade, TicketKind


def _check(group: GroupState, rule: RegisterRule, _now: datetime) -> ControlResult | None:
    row = group.row
    if row is None:
        return None
    missing = [column for column in rule.required if not _is_filled(row, column)]
    value = CheckValue.FAIL if missing else CheckValue.PASS
    return ControlResult(
        value, found=", ".join(missing), at=row.taken_at, grade=Grade.B, details={"columns": missing}
    )


def _is_filled(row: RegisterRow, column: str) -> bool:
    value = row.owner_email if column == "owner_email" else getattr(row.facts, column)
    return value is not None and value != ""


CONTROL = GroupControl(
    id="group.complete",
    articles=("S1", "S4", "S13"),
    fails=N_("The group's row in the register lacks: {found}."),
    asks=N_("Fill these columns of the group's row in the register: {found}."),
    cannot_prove=N_("that the entry is true"),
    words={},
    kind=TicketKind.REGISTER_GROUP,
    occasion="register",
    due=Times(timedelta(days=14), timedelta(days=7)),
    rules=lambda policy: policy.register,
    check=_check,
)
