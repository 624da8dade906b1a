"""A group's row in the register fills the required columns."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.domain.controls.control import CheckValue, ControlResult, FaultPart, GroupControl, Times
from worker.domain.controls.policy import RegisterRule
from worker.domain.controls.state import GroupState, RegisterRow
from worker.domain.text.tongue import N_
from worker.domain.tickets.ticket import Grade, TicketKind

COLUMNS = {  # of a register, by the name in the configuration
    "owner_email": N_("owner's e-mail address"),
    "purpose": N_("purpose"),
    "owner_department": N_("department of the owner"),
    "data_class": N_("class of data"),
    "sensitive": N_("sensitive"),
    "externals_allowed": N_("people from outside allowed"),
    "description_ok": N_("description as it should be"),
    "picture_ok": N_("picture as it should be"),
    "approval": N_("admins approve new members"),
    "created_on": N_("day of creation"),
    "ends_on": N_("day of its end"),
    "status": N_("status"),
    "review_due": N_("next review"),
    "move_to": N_("moves to"),
    "closed_on": N_("closed on"),
}


def _check(group: GroupState, rule: RegisterRule, _now: datetime) -> ControlResult | None:
    row = group.row
    if row is None:
        return None
    missing = [column for column in rule.required if not _is_filled(row, column)]
    value = CheckValue.FAIL if missing else CheckValue.PASS
    details = {"columns": missing}
    result = ControlResult(value, at=row.taken_at, grade=Grade.B, source=row.source, details=details)
    return result.with_parts(FaultPart(column, column) for column in missing)


def _is_filled(row: RegisterRow, column: str) -> bool:
    value = row.owner_email if column == "owner_email" else getattr(row.facts, column)
    return value is not None and value != ""


CONTROL = GroupControl(
    id="group.complete",
    title=N_("Its row in the register is complete"),
    articles=("S1", "S4", "S13"),
    fails=N_("The group's row in the register lacks: {found}."),
    asks=N_("Fill these columns of the group's row in the register: {found}."),
    cannot_prove=N_("that the entry is true"),
    words=COLUMNS,
    kind=TicketKind.REGISTER_GROUP,
    occasion="register",
    due=Times(timedelta(days=14), timedelta(days=7)),
    rules=lambda policy: policy.register,
    check=_check,
)
