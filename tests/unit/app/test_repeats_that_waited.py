"""Repeats of a step that waited for a night's end or a channel: the newest alone is told, and each item only once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta

import pytest

from builders import rules
from fakes.notifier import FakeNotifier
from harness import Harness
from worker.app.tell.holding import Holding
from worker.app.tell.overtaken import repeated
from worker.app.tell.quiet import PersonalQuiet
from worker.domain.escalation.policy import After, Policy, Step, Target
from worker.domain.escalation.quiet import QuietHours
from worker.domain.messages.message import Message
from worker.domain.messages.overtaken import newer_repeats, step_and_repeat
from worker.ports import ConnectorError, NotDone, Transient
from worker.ports.state.outbox import MessageHead

Start = Callable[..., Harness]
NIGHT = PersonalQuiet(QuietHours(time(20), time(7)), "UTC", "GB")


def test_of_repeats_in_the_night_the_newest_is_told(start: Start) -> None:
    step = Step(After(share=0.5), (Target.ASSIGNEE,), repeat=timedelta(hours=1))
    harness = start(rules=rules(policies=(Policy("test", (step,)),)))
    harness.settle()
    for who in ("ann", "cem"):
        harness.leave(who)
    harness.settle()
    harness.deliver()
    harness.soc.capacity = 1
    harness.start(replace(harness.app.rules, holding=Holding(quiet=NIGHT)))
    harness.later(hours=22 - harness.now.hour)
    before = len(harness.soc.sent)
    for _ in range(8):
        harness.escalate()
        harness.deliver()
        harness.later(hours=1)
    assert harness.soc.sent[before:] == []
    harness.later(hours=2)
    for _ in range(3):
        harness.deliver()
        harness.later(minutes=2)
    said = [message.paragraphs[0].headline for message in harness.soc.sent[before:]]
    assert sorted(said) == sorted(set(said))
    assert said


@pytest.fixture
def hourly(start: Start) -> Harness:
    """Ann has left, and half of the time is over: the step comes each hour. All was told until now."""
    step = Step(After(share=0.5), (Target.ASSIGNEE,), repeat=timedelta(hours=1))
    harness = start(rules=rules(policies=(Policy("test", (step,)),)))
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    harness.later(hours=13)
    return harness


def hours(harness: Harness, count: int) -> None:
    for _ in range(count):
        harness.escalate()
        harness.deliver()
        harness.later(hours=1)


def back(harness: Harness) -> list[Message]:
    """What the channel is given in the first minutes after it is back."""
    harness.soc.down = None
    before = len(harness.soc.sent)
    for _ in range(3):
        harness.deliver()
        harness.later(minutes=2)
    return harness.soc.sent[before:]


@pytest.mark.parametrize("answer", [NotDone("429", retry_after_s=600), NotDone("away")])
def test_of_repeats_while_the_channel_was_away_the_newest_is_told(
    hourly: Harness, answer: ConnectorError
) -> None:
    hourly.soc.down = answer
    hours(hourly, 5)
    hourly.escalate()
    [told] = back(hourly)
    [newest] = told.paragraphs
    assert newest.headline == "Still open: Remove Ann from Ward 7"
    hours(hourly, 1)
    assert back(hourly) == []


def test_one_that_waits_longer_is_not_told_after_a_newer_one(hourly: Harness) -> None:
    hourly.soc.down = NotDone("away")
    hours(hourly, 1)
    hourly.soc.down = None
    hourly.escalate()
    before = len(hourly.soc.sent)
    hourly.deliver()
    hourly.later(hours=7)
    hourly.deliver()
    assert len(hourly.soc.sent) == before + 1


def test_what_else_is_in_the_same_message_is_told(hourly: Harness) -> None:
    hourly.leave("cem")
    hourly.settle()
    hourly.soc.down = NotDone("429", retry_after_s=600)
    hours(hourly, 3)
    said = [one.headline for message in back(hourly) for one in message.paragraphs]
    assert sorted(said) == ["Remove Cem from Ward 7", "Still open: Remove Ann from Ward 7"]


def test_repeats_that_follow_one_another_fast_still_go_over_the_next_channel(start: Start) -> None:
    step = Step(After(share=0.5), (Target.ASSIGNEE,), repeat=timedelta(minutes=20))
    chat, mail = FakeNotifier("chat"), FakeNotifier("mail", has_channel=False)
    harness = start(notifiers=[chat, mail], rules=rules(policies=(Policy("test", (step,)),)))
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    harness.later(hours=13)
    chat.down = NotDone("away")
    for _ in range(20):
        harness.escalate()
        for _ in range(4):
            harness.deliver()
            harness.later(minutes=5)
    assert {one.paragraphs[0].headline for one in mail.sent} == {"Still open: Remove Ann from Ward 7"}


def test_a_channel_over_two_notifiers_is_told_once_over_each(start: Start) -> None:
    step = Step(After(share=0.5), (Target.CHANNEL,), repeat=timedelta(hours=1))
    both = [FakeNotifier("chat"), FakeNotifier("teams")]
    harness = start(notifiers=both, rules=rules(policies=(Policy("test", (step,)),)))
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    harness.later(hours=13)
    before = [len(one.to("")) for one in both]
    for one in both:
        one.down = NotDone("429", retry_after_s=600)
    hours(harness, 3)
    for one in both:
        one.down = None
    for _ in range(3):
        harness.deliver()
        harness.later(minutes=2)
    told = [one.to("")[seen:] for one, seen in zip(both, before, strict=True)]
    assert [[message.title for message in some] for some in told] == [
        ["Still open: Remove Ann from Ward 7"],
        ["Still open: Remove Ann from Ward 7"],
    ]


def test_what_may_have_been_seen_is_told_again(hourly: Harness) -> None:
    hourly.soc.can = replace(hourly.soc.can, can_find=False)
    hourly.soc.down = Transient("no answer")
    hours(hourly, 2)
    assert [message.may_be_repeat for message in back(hourly)] == [True, True]


def test_what_a_channel_can_look_for_and_does_not_find_is_told_by_the_newest_alone(hourly: Harness) -> None:
    hourly.soc.down = Transient("503")
    hours(hourly, 5)
    hourly.escalate()
    [told] = back(hourly)
    assert [one.headline for one in told.paragraphs] == ["Still open: Remove Ann from Ward 7"]
    hours(hourly, 1)
    assert back(hourly) == []


def test_only_what_nobody_can_have_seen_is_taken_back() -> None:
    keys = ["T-000001:step2.0:assignee:a", "T-000001:step2.1:assignee:a", "T-000001:step2.2:assignee:a"]
    heads = [MessageHead(key, 1, is_day_or_night=False, is_unclear=at == 0) for at, key in enumerate(keys)]
    assert repeated([*heads, MessageHead("alarm:x", None, is_day_or_night=False)]) == {keys[1]}


def test_of_each_that_is_older_the_newest_is_known() -> None:
    step, other = "T-000001:step2.{}:assignee:a", "T-000001:step2.{}:person:b"
    keys = [step.format(9), step.format(10), other.format(9), "T-000001:step3.1:assignee:a", "plan:7"]
    among = [step.format(11), step.format(10), other.format(9), "alarm:x"]
    assert newer_repeats(keys, among) == dict.fromkeys(keys[:2], step.format(11))


@pytest.mark.parametrize("key, found", [
    ("T-000001:step2.10:assignee:a@x.example", ("T-000001:step2:assignee:a@x.example", 10)),
    ("T-000001:open:2027-01-01T00:00:00.5:x", None),
    ("T-000001:step2", None),
    ("alarm:source:corp:2027-01-01T00:00:00+00:00", None),
])  # fmt: skip
def test_which_step_and_which_repeat(key: str, found: tuple[str, int] | None) -> None:
    assert step_and_repeat(key) == found
