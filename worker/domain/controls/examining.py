"""Run all checks on one group. Pure; the order of groups and of checks does not matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from worker.domain.controls import GROUP_CONTROLS
from worker.domain.controls.control import CheckValue, ControlResult, FaultPart, GroupControl, Ruled
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.state import GroupState
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.tickets.ticket import TicketKind

_REGISTERS = TicketKind.REGISTER_GROUP


@dataclass(frozen=True, slots=True)
class Examined:
    """What one control says of one subject, and the switch of the rule that it went by."""

    control: GroupControl[Any]
    switch: ControlSwitch
    result: ControlResult

    @property
    def asks(self) -> bool:
        """Whether a ticket is to ask for it."""
        return (
            self.result.value is CheckValue.FAIL
            and self.switch.mode is Mode.TICKET
            and self.control.kind is not None
            and not self.result.is_asked_elsewhere
        )


def examine(group: GroupState, policy: ControlPolicy, now: datetime) -> tuple[Examined, ...]:
    """What each control that governs the group says of it. What is gone is examined by none.

    Of a group that is closed, nothing is asked but that it is so.
    Of a group that is only named in a census, nothing can be asked but that it is in the register; a person decided to
    ask for it, so it is asked for whatever the mode.
    """
    if group.is_gone or (group.is_only_named and group.is_followed):
        return ()
    controls = (
        one
        for one in GROUP_CONTROLS.values()
        if (one.kind is _REGISTERS or not group.is_only_named) and (one.sees_closed or not group.is_closed)
    )
    found = (_examined(one, rules, group, now) for one in controls if (rules := one.rules(policy)))
    return tuple(one for one in found if one is not None)


def _examined(
    control: GroupControl[Any], rules: Sequence[Ruled], group: GroupState, now: datetime
) -> Examined | None:
    rule = next((one for one in rules if one.governs(group)), None)
    result = None if rule is None else control.check(group, rule, now)
    if rule is None or result is None:
        return None
    if result.value is CheckValue.FAIL:
        result = _unwaived(result, _waived(group, control.id, result, now))
    switch = replace(rule.switch, mode=Mode.TICKET) if group.is_only_named else rule.switch
    return Examined(control, switch, result)


def _waived(group: GroupState, control: str, result: ControlResult, now: datetime) -> list[Mapping[str, Any]]:
    """The faults of this control that a person waived: in a review of one quarter, say, and not in that of the next.

    What has parts is told apart by these: of what is so day by day, the occasion names the day of the list alone.

    Rows that the reviewer may not answer are a part of a review, and waive none.
    """
    return [
        fault
        for ticket in group.tickets
        if ticket.is_waived(now) and (result.parts or result.occasion in {"", ticket.occasion})
        for fault in ticket.details.get("faults", ())
        if fault["control"] == control
    ]


def _unwaived(result: ControlResult, waived: Sequence[Mapping[str, Any]]) -> ControlResult:
    """What is left of what fails: another admin than the one who was waived, say.

    Whoever was waived stays, so that a group whose admins are all unfit keeps one: the others are asked for.
    """
    left = [part for part in result.parts if not any(is_part_of(part, fault) for fault in waived)]
    if left and len(left) < len(result.parts):
        return replace(result.with_parts(left), is_asked_elsewhere=False)
    if left:
        return result
    return replace(result, value=CheckValue.WAIVED) if waived else result


def is_part_of(part: FaultPart, fault: Mapping[str, Any]) -> bool:
    """Whether a fault of a ticket has this part. One of an earlier release has what it found as a text alone."""
    return part.id in fault["parts"] if "parts" in fault else f", {part.found}," in f", {fault['found']},"
