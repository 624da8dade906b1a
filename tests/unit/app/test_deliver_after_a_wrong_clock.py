"""A clock was weeks ahead for a while, and is right again: nothing waits for that time to come."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest

from fakes.notifier import FakeNotifier
from harness import Harness
from letters import Found, letter
from worker.app.tell.addressing import person_at
from worker.app.tell.holding import Holding
from worker.app.tell.quiet import PersonalQuiet
from worker.domain.escalation.quiet import QuietHours
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import CHANNEL
from worker.ports import Transient

AHEAD = timedelta(days=40)
BEN = person_at("ben@example.org")
BUSY = Transient("Slack is busy.", retry_after_s=30.0)


def minutes_until(harness: Harness, sent: int) -> int:
    """How long it takes until so many messages were sent."""
    for passed in range(60):
        harness.deliver()
        if len(harness.soc.sent) >= sent:
            return passed
        harness.later(minutes=1)
    raise AssertionError("nobody is told")


@pytest.mark.parametrize("trouble", [None, Transient("No network yet."), BUSY])
def test_a_message_of_that_time_goes_out_as_one_of_now(found: Found, trouble: Transient | None) -> None:
    harness = found(digest_window=timedelta(minutes=1))
    harness.now += AHEAD
    harness.queue(letter("a"))
    if trouble is not None:
        harness.later(minutes=2)
        harness.soc.fail_next(trouble)
        harness.deliver()
    harness.now -= AHEAD

    assert minutes_until(harness, 1) <= 2


def test_a_channel_that_was_busy_then_is_used_for_others(found: Found) -> None:
    harness = found()
    harness.now += AHEAD
    harness.soc.fail_next(BUSY)
    harness.queue(letter("a"))
    harness.deliver()
    harness.now -= AHEAD
    harness.queue(letter("b", BEN))

    assert minutes_until(harness, 2) == 0


def test_what_was_night_then_holds_nobody_s_messages_by_day(found: Found) -> None:
    harness = found()
    night = PersonalQuiet(QuietHours(time(20), time(7)), "Europe/London", "GB")
    harness.start(replace(harness.app.rules, holding=Holding(quiet=night)))
    harness.queue(letter("a"))
    harness.now += AHEAD + timedelta(hours=10)
    assert harness.deliver().counts["held"] == 1
    harness.now -= AHEAD + timedelta(hours=10)

    assert minutes_until(harness, 1) == 0


def test_what_a_channel_was_told_then_is_not_counted_against_it(found: Found) -> None:
    harness = found()
    harness.start(replace(harness.app.rules, channel_max=1))
    harness.now += AHEAD
    harness.queue(letter("a", CHANNEL))
    harness.deliver()
    harness.now -= AHEAD
    harness.queue(letter("b", CHANNEL))

    assert minutes_until(harness, 2) == 0


@pytest.mark.parametrize("error", [None, Transient("the mailbox does not answer.")])
def test_what_comes_back_is_heard_of(found: Found, error: Transient | None) -> None:
    harness = found(notifiers=[FakeNotifier("mail", hears_returns=True), FakeNotifier("soc")])
    mail = harness.soc
    harness.queue(letter("a"))
    mail.returns += [error] if error else []
    harness.now += AHEAD
    harness.deliver()
    harness.now -= AHEAD
    harness.deliver()
    mail.bounce(mail.sent[0])
    harness.later(minutes=1)

    assert harness.deliver().counts["bounced"] == 1


@pytest.mark.parametrize("asked_s", [None, 30.0])
def test_what_stands_in_a_channel_is_kept_true(start: Found, asked_s: float | None) -> None:
    harness = start(notifiers=[FakeNotifier("soc", is_conversing=True)], has_links=True)
    harness.leave("ben")
    harness.settle()
    harness.deliver()
    harness.desk.done(1, Actor("dee@corp.example"), harness.now)
    harness.soc.cannot_change = Transient("Slack is busy.", retry_after_s=asked_s)
    harness.now += AHEAD
    harness.deliver()
    harness.soc.cannot_change = None
    harness.now -= AHEAD

    assert harness.deliver().counts["updated"] == 1
