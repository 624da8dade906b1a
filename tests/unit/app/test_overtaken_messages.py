"""Messages that wait while what they say changes: what is false by the time they would go out is not sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from harness import Harness
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import TicketState
from worker.ports import NotDone

Start = Callable[..., Harness]
SAM = Actor("sam")


@pytest.fixture
def waiting(start: Start) -> Harness:
    """Ann has left; all that was said about her ticket has gone out. From now on messages wait ten minutes."""
    harness = start(digest_window=timedelta(minutes=10))
    harness.leave("ann")
    harness.settle()
    send(harness)
    return harness


def send(harness: Harness) -> list[tuple[str, str]]:
    """To whom, and what, once the messages have waited."""
    harness.later(minutes=11)
    before = len(harness.soc.sent)
    harness.deliver()
    return [
        (str(message.to.address), paragraph.headline)
        for message in harness.soc.sent[before:]
        for paragraph in message.paragraphs
    ]


def test_who_it_was_with_for_a_moment_is_told_nothing(waiting: Harness) -> None:
    waiting.desk.assign(1, "ben@corp.example", SAM, waiting.now)
    waiting.later(seconds=30)
    waiting.desk.assign(1, "eve@corp.example", SAM, waiting.now)
    assert [to for to, _ in send(waiting)] == ["eve@corp.example"]


def test_a_hold_that_is_over_before_anybody_was_told_is_not_told(waiting: Harness) -> None:
    waiting.app.holds.hold(1, SAM, "export", waiting.now + timedelta(hours=24), waiting.now)
    waiting.later(minutes=1)
    waiting.app.holds.end(1, SAM, "done", waiting.now)
    assert [to for to, _ in send(waiting)] == ["dee@corp.example"]


def test_whoever_was_told_of_a_hold_is_told_that_it_is_over(waiting: Harness) -> None:
    waiting.app.holds.hold(1, SAM, "export", waiting.now + timedelta(hours=24), waiting.now)
    told = {to for to, _ in send(waiting)}
    waiting.app.holds.end(1, SAM, "done", waiting.now)
    assert {to for to, _ in send(waiting)} == told == {"dee@corp.example", ""}


def test_a_ticket_that_is_open_again_was_never_cancelled_to_its_readers(waiting: Harness) -> None:
    waiting.hire("new", phones=(waiting.number("ann"),))
    waiting.settle()
    assert waiting.ticket().state is TicketState.CANCELLED
    waiting.identifying.confirm(waiting.number("ann"), "corp/ann", SAM, waiting.now)
    waiting.settle()
    assert waiting.ticket().state is TicketState.OPEN
    said = send(waiting)
    assert [headline for _, headline in said if headline.startswith("Reopened")]
    assert not [headline for _, headline in said if headline.startswith("No longer needed: Remove")], said


def test_by_a_person_too(waiting: Harness) -> None:
    waiting.corp.enable("ann")
    waiting.settle()
    waiting.desk.reopen(1, SAM, "she has not come back", waiting.now)
    said = send(waiting)
    assert [to for to, _ in said] == ["dee@corp.example"]
    assert said[0][1].startswith("Reopened"), said


def test_a_hold_is_not_told_after_the_word_that_it_is_over(start: Start) -> None:
    h = start()
    h.leave("ann")
    h.settle()
    h.deliver()
    h.soc.down = NotDone("away")
    h.app.holds.hold(1, SAM, "export", h.now + timedelta(hours=12), h.now)
    h.deliver()
    h.later(hours=13)
    h.deliver()
    h.settle()
    assert h.ticket().state is TicketState.OPEN
    h.deliver()  # still away: each message waits longer after each try
    h.soc.down = None
    before = len(h.soc.sent)
    for _ in range(10):
        h.later(hours=1)
        h.deliver()
    said = [(m.to.address, p.headline) for m in h.soc.sent[before:] for p in m.paragraphs]
    assert not [one for one in said if one[1].startswith("Not yet")], said
