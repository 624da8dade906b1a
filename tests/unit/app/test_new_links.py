"""A group's join link after a removal: one that is changed with the removal is new, one of before is old."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import Harness
from worker.domain.controls.policy import ControlPolicy, JoinRule, ProfileRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence.actor import Actor
from worker.domain.model import GroupFacts
from worker.domain.tickets.ticket import TicketKind

NEW_LINK = ProfileRule(ControlSwitch(Mode.REPORT), join=JoinRule(has_new_link=True))


@pytest.mark.parametrize("link, said", [("new", "pass"), ("old", "fail")])
def test_a_link_that_is_changed_right_after_a_removal_is_new_in_the_read_that_proves_both(
    start: Callable[..., Harness], link: str, said: str
) -> None:
    harness = start(controls=ControlPolicy(profile=(NEW_LINK,)))
    harness.wards.show("ward-7", GroupFacts(link_sha256="old", read_at=harness.now))
    harness.settle()
    harness.leave("ann")
    harness.settle()
    [removal] = harness.tickets(TicketKind.REMOVE_MEMBER)
    harness.later()
    harness.drop("ward-7", "ann")
    harness.desk.done(removal.id, Actor("dee"), harness.now)
    harness.later()
    harness.wards.show("ward-7", GroupFacts(link_sha256=link, read_at=harness.now))
    harness.settle()
    counts = harness.control().counts
    assert [one for one in ("pass", "fail", "unknown") if counts.get(one)] == [said]
