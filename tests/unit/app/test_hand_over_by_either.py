"""With two directories, a last day that one of them knows is handed over before, too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from builders import rules
from harness import Harness
from several_accounts import TENANT, known_twice
from worker.domain.controls.policy import ControlPolicy, HandOverRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.reconcile.rules import HandOver
from worker.domain.tickets.ticket import TicketKind

Start = Callable[..., Harness]
POLICY = ControlPolicy(hand_over=(HandOverRule(ControlSwitch(Mode.TICKET)),))
RULES = rules(hand_over=HandOver(timedelta(days=14), timedelta(days=7), timedelta(days=3)))


@pytest.mark.parametrize("where", ["corp", "tenant", "both"])  # "both" passes
def test_the_sole_admin_hands_over_before_the_last_day(found: Start, where: str) -> None:
    h = known_twice(found, controls=POLICY, rules=RULES)
    h.control()
    h.later()
    day = h.now + timedelta(days=10)
    if where != "tenant":
        h.corp.change("dee", leave_at=day)
    if where != "corp":
        h.directories[TENANT].change("cloud-dee", leave_at=day)
    h.settle()
    h.later()
    h.settle(full=True)
    assert [one.kind for one in h.tickets()] == [TicketKind.REASSIGN_ADMIN]


def test_and_when_the_day_is_near_that_was_far(found: Start) -> None:
    h = known_twice(found, controls=POLICY, rules=RULES)
    h.control()
    h.later()
    h.directories[TENANT].change("cloud-dee", leave_at=h.now + timedelta(days=30))
    h.settle()
    assert h.tickets() == []
    h.later(days=20)
    h.settle()
    assert [one.kind for one in h.tickets()] == [TicketKind.REASSIGN_ADMIN]
