"""Admins hand over early in the groups that the section names, and in sensitive ones in less time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from builders import rules
from harness import Harness
from worker.domain.controls.policy import ControlPolicy, HandOverRule
from worker.domain.controls.switch import ControlSwitch, Mode, Where
from worker.domain.model import Role
from worker.domain.reconcile.rules import HandOver
from worker.domain.tickets.ticket import TicketKind, TicketState

DAY = timedelta(days=1)
REASSIGN = TicketKind.REASSIGN_ADMIN
Start = Callable[..., Harness]


def company(start: Start, where: Where, sensitive: tuple[str, ...] = ()) -> Harness:
    """Dee alone is the admin of wards 7 and 8; the control looks at some groups."""
    policy = ControlPolicy(hand_over=(HandOverRule(ControlSwitch(Mode.TICKET, where)),))
    hand_over = HandOver(14 * DAY, 7 * DAY, 2 * DAY, where)
    harness = start(controls=policy, rules=rules(hand_over=hand_over), sensitive=sensitive)
    harness.group("ward-8", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.control()
    return harness


@pytest.mark.parametrize(
    "where, asked",
    [
        (Where(), {"ward-7", "ward-8"}),
        (Where(groups=("ward-8",)), {"ward-8"}),
        (Where(messengers=("signal",)), set()),
        (Where(departments=("Nursing",)), set()),
        (Where(sensitive=True), {"ward-8"}),
        (Where(sensitive=False), {"ward-7"}),
    ],
)
def test_only_groups_that_the_section_is_for_are_asked_before_the_last_day(
    start: Start, where: Where, asked: set[str]
) -> None:
    h = company(start, where, sensitive=("ward-8",))
    h.hire("dee", leave_at=h.now + 10 * DAY)
    h.settle()
    assert {one.home.group_id for one in h.tickets(REASSIGN)} == asked


def test_a_sensitive_group_has_less_time(start: Start) -> None:
    h = company(start, Where(), sensitive=("ward-8",))
    h.hire("dee", leave_at=h.now + 10 * DAY)
    h.settle()
    times = {one.home.group_id: one.due_at - one.opened_at for one in h.tickets(REASSIGN)}
    assert times == {"ward-7": 7 * DAY, "ward-8": 2 * DAY}


@pytest.mark.parametrize(
    "where, state",
    [
        (Where(groups=("ward-7",)), TicketState.VERIFIED),
        (Where(departments=("Nursing",)), TicketState.VERIFIED),
        (Where(groups=("ward-8",)), TicketState.OPEN),
    ],
)
def test_an_admin_who_will_leave_proves_it_where_nobody_hands_over_early(
    start: Start, where: Where, state: TicketState
) -> None:
    h = company(start, where)
    h.leave("dee")
    h.hire("ann", leave_at=h.now + 5 * DAY)
    h.settle()
    h.wards.set_role("ward-8", h.number("ann"), Role.ADMIN)
    h.later()
    h.settle()
    h.verify()
    [ticket] = [one for one in h.tickets(REASSIGN) if one.home.group_id == "ward-8"]
    assert ticket.state is state
