"""Whoever said "I have it" or "later" said it for themselves: it ends when the ticket is somebody else's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from builders import rules
from harness import ACCOUNTABLE, Harness
from silenced import DEE, HOUR, SAM, late_company, silence, told
from worker.domain.escalation.policy import After, Policy, Step, Target
from worker.domain.evidence.actor import Actor
from worker.domain.model import Role
from worker.domain.tickets.answers import Answer

Start = Callable[..., Harness]
BOTH = Step(After(share=0.5), (Target.ASSIGNEE, Target.ACCOUNTABLE))


def hand_on(h: Harness, how: str) -> None:
    if how == "assigned":
        h.desk.assign(1, "ben@corp.example", SAM, h.now)
    elif how == "left":
        h.wards.set_role("ward-7", h.number("ben"), Role.ADMIN)
        h.leave("dee")
        h.settle()
    else:
        h.assigned.answer(h.link().rpartition("/")[2], Answer.NOT_MY_GROUP, "", h.now)


@pytest.mark.parametrize("how", ["assigned", "left", "not_my_group"])
@pytest.mark.parametrize("rest", ["acknowledge", "snooze"])
def test_the_next_one_who_has_it_is_called(start: Start, how: str, rest: str) -> None:
    h = late_company(start)
    h.later(hours=12)
    assert told(h) == [DEE]
    dee = Actor(DEE, "dee")
    if rest == "acknowledge":
        h.desk.acknowledge(1, dee, h.now, span=72 * HOUR)
    else:
        h.desk.snooze(1, dee, 72 * HOUR, h.now)
    h.later(hours=1)
    hand_on(h, how)
    ticket = h.ticket(1)
    assert ticket.assignee is not None
    assert ticket.assignee.email != DEE
    assert not (ticket.is_acknowledged(h.now))
    assert not (ticket.is_snoozed(h.now))


@pytest.fixture
def called(start: Start) -> Harness:
    """A step calls Dee and the accountable person, and its messages wait."""
    h = start(rules=rules(policies=(Policy("test", (BOTH,)),)))
    h.leave("ann")
    h.settle()
    h.deliver()
    h.later(hours=12)
    h.escalate()
    return h


def rest(h: Harness, how: str, hours: float = 72) -> None:
    act = h.desk.acknowledge if how == "acknowledge" else h.desk.snooze
    act(1, Actor(DEE, "dee"), now=h.now, span=hours * HOUR)
    assert told(h) == []


@pytest.mark.parametrize("how", ["assigned", "left", "not_my_group"])
@pytest.mark.parametrize("act", ["acknowledge", "snooze"])
def test_the_calls_to_others_that_it_held_go_out(called: Harness, how: str, act: str) -> None:
    rest(called, act)
    called.later(hours=1)
    hand_on(called, how)
    called.later(minutes=2)
    before = len(called.soc.sent)
    assert DEE not in told(called)
    said = [(m.to.address, p.headline) for m in called.soc.sent[before:] for p in m.paragraphs]
    assert (ACCOUNTABLE, "Still open: Remove Ann from Ward 7") in said
    assert told(called) == [], "once"


def test_they_wait_for_the_minute_in_which_an_answer_can_be_taken_back(called: Harness) -> None:
    rest(called, "snooze")
    token = called.link().rpartition("/")[2]
    called.assigned.answer(token, Answer.NOT_MY_GROUP, "", called.now)
    called.later(seconds=30)
    assert told(called) == []
    called.assigned.undo(token, called.now)
    called.later(minutes=2)
    assert told(called) == [], "she has it still, and snoozed it"
    called.later(hours=72)
    assert set(told(called)) == {DEE, ACCOUNTABLE}


def test_what_a_silence_holds_goes_on_waiting(called: Harness) -> None:
    silence(called, 10, people=(ACCOUNTABLE,))
    assert told(called) == [DEE]
    hand_on(called, "assigned")
    assert told(called) == ["ben@corp.example"]
