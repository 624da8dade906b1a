"""An answer was unclear: what is not true any more is not sent again after what took it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from fakes.notifier import FakeNotifier
from harness import Harness
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import TicketState
from worker.ports import Transient

Start = Callable[..., Harness]
SAM = Actor("sam")


def said(h: Harness) -> list[tuple[str, str]]:
    for _ in range(6):
        h.later(minutes=3)
        h.deliver()
    return [(m.to.address, p.headline) for m in h.soc.sent for p in m.paragraphs]


@pytest.mark.parametrize("arrived", [True, False])
def test_the_last_word_on_a_cancelled_ticket_is_that_it_is_cancelled(start: Start, arrived: bool) -> None:
    h = start(notifiers=[FakeNotifier("mail", can_find=False)])  # as e-mail, Teams, SMS are
    h.leave("ann")
    h.settle()
    h.soc.lose_next_answer() if arrived else h.soc.fail_next(Transient("timeout"))
    h.deliver()
    h.later(seconds=10)
    h.corp.enable("ann")  # she is back at work
    h.settle()
    assert h.ticket().state is TicketState.CANCELLED
    h.deliver()
    assert said(h)[-1][1].startswith("No longer needed"), said(h)


def test_the_last_word_on_an_open_ticket_is_not_that_it_is_cancelled(start: Start) -> None:
    h = start(notifiers=[FakeNotifier("mail", can_find=False)])
    h.leave("ann")
    h.settle()
    h.deliver()
    h.later(hours=1)
    h.corp.enable("ann")
    h.settle()
    h.soc.fail_next(Transient("timeout"))
    h.deliver()
    h.later(seconds=10)
    h.desk.reopen(1, SAM, "she has not come back", h.now)
    h.deliver()
    assert not said(h)[-1][1].startswith("No longer needed"), said(h)


def test_nor_does_it_ask_for_what_is_on_hold(start: Start) -> None:
    h = start(notifiers=[FakeNotifier("mail", can_find=False)])
    h.leave("ann")
    h.settle()
    h.soc.fail_next(Transient("timeout"))
    h.deliver()
    h.later(seconds=10)
    h.app.holds.hold(1, SAM, "export first", h.now + timedelta(hours=24), h.now)
    h.deliver()
    to_dee = [headline for to, headline in said(h) if to == "dee@corp.example"]
    assert to_dee[-1].startswith("Not yet"), to_dee


def test_what_was_folded_with_it_is_sent_without_it(start: Start) -> None:
    h = start(notifiers=[FakeNotifier("mail", can_find=False)])
    h.leave("ann", "ben")
    h.settle()
    h.soc.fail_next(Transient("timeout"))
    h.deliver()
    h.later(seconds=10)
    h.corp.enable("ann")
    h.settle()
    to_dee = [headline for to, headline in said(h) if to == "dee@corp.example"]
    assert sorted(to_dee) == ["No longer needed: Remove Ann from Ward 7", "Remove Ben from Ward 7"]
