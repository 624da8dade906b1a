"""A channel that makes each failure wait for a time-out keeps nobody waiting who is told over another one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.notifier import FakeNotifier
from harness import Harness
from letters import Found, headlines, letter, shown
from worker.app.tell.addressing import person_at
from worker.domain.messages.message import CHANNEL, Message
from worker.ports import NotDone, Receipt

TIME_OUT = timedelta(seconds=30)
SILENT = NotDone("no answer to the connection")


class TimesOut(FakeNotifier):
    """A channel whose failures take a while."""

    harness: Harness
    takes_s = TIME_OUT.total_seconds()

    def send(self, message: Message) -> Receipt:
        if self.down or message.title in self.chokes_on:
            self.harness.later(seconds=self.takes_s)
        return super().send(message)


def slow(*names: str) -> list[TimesOut]:
    """Channels to people that answer nobody."""
    channels = [TimesOut(name, has_channel=False) for name in names]
    for one in channels:
        one.down = SILENT
    return channels


def started(found: Found, *notifiers: FakeNotifier) -> Harness:
    harness = found(notifiers=list(notifiers))
    for one in notifiers:
        if isinstance(one, TimesOut):
            one.harness = harness
    return harness


def mails(harness: Harness, over: FakeNotifier, count: int) -> None:
    """So many people have a message over a channel."""
    some = (
        replace(person_at(f"{over.name}{number}@example.org"), via=(over.name,)) for number in range(count)
    )
    harness.queue(*(letter(f"{over.name}{number}", to) for number, to in enumerate(some)))


@pytest.fixture
def soc() -> FakeNotifier:
    return FakeNotifier("soc", reaches_people=False)


def test_what_goes_out_over_another_channel_waits_for_one_time_out_at_most(
    found: Found, soc: FakeNotifier
) -> None:
    [mail] = slow("mail")
    harness = started(found, mail, soc)
    mails(harness, mail, 60)
    harness.queue(letter("alarm", CHANNEL))
    began = harness.now

    assert harness.deliver().counts["retried"] == 1
    assert harness.now - began == TIME_OUT
    assert shown(soc) == headlines(["alarm"])

    harness.queue(letter("new", CHANNEL))
    harness.deliver()
    assert harness.now - began == TIME_OUT, "the channel is still left alone"
    assert shown(soc) == headlines(["alarm", "new"])


def test_failures_that_take_no_time_rest_nothing(found: Found, soc: FakeNotifier) -> None:
    [mail] = slow("mail")
    mail.takes_s = 0.01
    harness = started(found, mail, soc)
    mails(harness, mail, 60)
    assert harness.deliver().counts["retried"] == 60


def test_failures_that_take_a_moment_each_are_too_long_together(found: Found, soc: FakeNotifier) -> None:
    [mail] = slow("mail")
    mail.takes_s = 2
    harness = started(found, mail, soc)
    mails(harness, mail, 60)
    assert harness.deliver().counts["retried"] == 3


def test_two_channels_that_time_out_in_turn_keep_no_third_waiting(found: Found, soc: FakeNotifier) -> None:
    some = slow("first", "second")
    harness = started(found, *some, soc)
    for one in some:
        mails(harness, one, 30)
    for number in range(10):
        harness.queue(letter(f"m{number}", CHANNEL))
        began = harness.now
        harness.deliver()
        assert harness.now - began <= 2 * TIME_OUT
        assert len(soc.sent) == number + 1
        harness.later(seconds=5)


def test_one_message_that_times_out_each_time_slows_its_channel_for_eight_attempts_alone(
    found: Found,
) -> None:
    mail = TimesOut("mail")
    harness = started(found, mail)
    mail.chokes_on.add("Title poison")
    harness.queue(letter("poison", CHANNEL))
    harness.deliver()
    for number in range(14):
        harness.queue(letter(f"m{number}", CHANNEL))
        harness.later(minutes=1)
        harness.deliver()
        harness.later(minutes=1)
        harness.deliver()

        assert len(mail.sent) == number + 1
    tries = [message.title for message in mail.attempts].count("Title poison")
    assert tries == 4, "as often as by its own waits alone"


def test_what_waited_for_hours_behind_time_outs_is_no_repeat(found: Found, soc: FakeNotifier) -> None:
    [mail] = slow("mail")
    harness = started(found, mail, soc)
    mails(harness, mail, 190)
    for _ in range(150):
        harness.deliver()
        harness.later(seconds=30)
    assert len({message.title for message in mail.attempts}) < 190
    mail.down = None
    harness.later(seconds=30)
    harness.deliver()
    assert len(mail.sent) >= 180
    assert not any(message.may_be_repeat for message in mail.sent)
