"""Run all checks on one group. Pure; the order of groups and of checks does not matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from worker.domain.controls import GROUP_CONTROLS
from worker.domain.controls.control import CheckValue, ControlResult, GroupControl, Ruled
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.state import GroupState
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.tickets.ticket import Ticket, TicketKind

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
    if result.value is CheckValue.FAIL and any(
        _waives(one, control.id, result, now) for one in group.tickets
    ):
        result = replace(result, value=CheckValue.WAIVED)
    switch = replace(rule.switch, mode=Mode.TICKET) if group.is_only_named else rule.switch
    return Examined(control, switch, result)


def _waives(ticket: Ticket, control: str, result: ControlResult, now: datetime) -> bool:
    """Whether a person waived this: a review of one quarter, say, and not that of the next.

    Rows that the reviewer may not answer are a part of a review, and waive none.
    """
    is_fault = any(fault["control"] == control for fault in ticket.details.get("faults", ()))
    return ticket.is_waived(now) and is_fault and result.occasion in {"", ticket.occasion}
