"""What came back goes out over the next channel, such as a private phone, only if it is still true."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from fakes.notifier import FakeNotifier
from harness import Harness
from worker.domain.evidence.actor import Actor
from worker.domain.model import Role
from worker.domain.tickets.ticket import TicketState

Start = Callable[..., Harness]
DEE = "dee@corp.example"


@pytest.fixture
def mailed(start: Start) -> Harness:
    """Dee was sent the ticket's first message by mail."""
    h = start(notifiers=[FakeNotifier("mail", hears_returns=True), FakeNotifier("sms", has_channel=False)])
    h.leave("ann")
    h.settle()
    h.deliver()
    h.later(hours=1)
    return h


def by_phone(h: Harness, at: int = 0) -> list[tuple[str, str]]:
    h.soc.bounce(h.soc.to(DEE)[at])
    for _ in range(2):
        h.later(minutes=2)
        h.deliver()
    return [(m.to.address, p.headline) for m in h.notifiers[1].sent for p in m.paragraphs]


def test_not_what_was_verified_meanwhile(mailed: Harness) -> None:
    mailed.drop("ward-7", "ann")
    mailed.settle()
    assert mailed.ticket().state is TicketState.VERIFIED
    assert by_phone(mailed) == []


def test_not_what_is_somebody_elses_by_now(mailed: Harness) -> None:
    mailed.desk.assign(1, "ben@corp.example", Actor("sam"), mailed.now)
    mailed.deliver()
    assert by_phone(mailed) == []


@pytest.mark.parametrize("is_step", [False, True])
def test_not_to_somebody_who_left_which_is_why_it_came_back(mailed: Harness, is_step: bool) -> None:
    if is_step:
        mailed.later(hours=12)
        mailed.escalate()
        mailed.deliver()
    mailed.wards.set_role("ward-7", mailed.number("ben"), Role.ADMIN)
    mailed.leave("dee")
    mailed.settle()
    mailed.deliver()
    assert by_phone(mailed, -1 if is_step else 0) == []


@pytest.mark.parametrize("how", ["acknowledge", "snooze"])
def test_not_the_call_of_a_step_while_somebody_has_the_ticket(mailed: Harness, how: str) -> None:
    mailed.later(hours=12)
    mailed.escalate()
    mailed.deliver()
    act = mailed.desk.acknowledge if how == "acknowledge" else mailed.desk.snooze
    act(1, Actor(DEE, "dee"), now=mailed.now, span=timedelta(hours=4))
    sent = len(mailed.soc.to(DEE))

    assert by_phone(mailed, -1) == []
    assert len(mailed.soc.to(DEE)) == sent

    mailed.later(hours=4)
    mailed.escalate()
    mailed.deliver()
    assert len(mailed.soc.to(DEE)) == sent + 1, "what was held is told when that ends"


def test_the_first_word_of_a_ticket_comes_though_somebody_has_it(mailed: Harness) -> None:
    mailed.desk.acknowledge(1, Actor("sam"), now=mailed.now, span=timedelta(hours=4))
    assert by_phone(mailed) != []
