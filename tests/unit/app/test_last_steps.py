"""In place of a last step that reaches nobody, whoever answers for the ticket is told, and the channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import rules
from fakes.notifier import FakeNotifier
from harness import Harness
from worker.domain.escalation.policy import After, Policy, Step, Target

Start = Callable[..., Harness]


def told(harness: Harness) -> list[str]:
    """Whom deliveries reach from here on."""
    before = len(harness.soc.sent)
    harness.deliver()
    return sorted(message.to.address or "channel" for message in harness.soc.sent[before:])


@pytest.mark.parametrize("accountable", ["", "it-security@example.org"])
def test_where_the_last_step_reaches_nobody_it_is_said_to_who_answers_for_it_and_to_the_channel(
    start: Start, accountable: str
) -> None:
    first = Step(After(share=0.5), (Target.OWNER,), via=("sms",))
    last = Step(After(share=1.0), (Target.MANAGER,), via=("sms",))
    made = replace(rules(policies=(Policy("test", (first, last)),)), accountable=accountable)
    sms = FakeNotifier("sms", reaches_people=False, reaches_phones=True, has_channel=False)
    harness = start(rules=made, notifiers=[FakeNotifier("soc"), sms])
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    ticket = harness.ticket()
    with harness.store.reading() as uow:
        coming = harness.app.explainer.explain(uow, ticket).steps
    before = len(harness.soc.sent)
    harness.later(hours=12)

    assert harness.escalate().counts["steps"] == 2
    assert harness.escalate().counts["steps"] == 0
    expected = ["channel", *filter(None, [accountable])]
    assert told(harness) == expected
    said = {part.text for message in harness.soc.sent[before:] for part in message.paragraphs}
    assert all("Nobody could be reached before, so this comes to you." in one for one in said)
    foreseen = [one.to.address or "channel" for step in coming for one in step.everybody if one.over == "soc"]
    assert sorted(foreseen) == expected


def test_a_repeated_step_that_reaches_nobody_is_no_news_after_the_last(start: Start) -> None:
    repeated = Step(After(share=0.5), (Target.OWNER,), timedelta(hours=4))
    made = rules(policies=(Policy("test", (repeated, Step(After(share=0.5), (Target.ADMINS,)))),))
    harness = start(rules=made)
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    harness.later(hours=12)
    harness.escalate()
    assert told(harness) == ["dee@corp.example"]
    harness.later(hours=5)
    assert harness.escalate().counts["steps"] == 1
    assert told(harness) == []


WHOLE = ["channel", "it-security@example.org"]


def with_last(start: Start, last: Step) -> Harness:
    """A leaver's ticket whose policy has one step, over e-mail (`mail`), a channel (`soc`) and texts (`sms`)."""
    made = replace(rules(policies=(Policy("test", (last,)),)), accountable="it-security@example.org")
    sms = FakeNotifier("sms", reaches_people=False, reaches_phones=True, has_channel=False)
    harness = start(rules=made, notifiers=[FakeNotifier("soc"), FakeNotifier("mail", has_channel=False), sms])
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    sms.unreachable.add("dee@corp.example")
    harness.later(hours=24)
    return harness


def foreseen(harness: Harness) -> list[str]:
    """Whom the coming steps reach, by the explanation."""
    ticket = harness.ticket()
    with harness.store.reading() as uow:
        steps = harness.app.explainer.explain(uow, ticket).steps
    return sorted(one.to.address or "channel" for step in steps for one in step.everybody if one.over)


@pytest.mark.parametrize("to", [Target.ADMINS, Target.ACCOUNTABLE])
def test_where_nobody_whom_the_last_step_means_is_reached_it_is_said_once(start: Start, to: Target) -> None:
    """Who is reached over no `via` of the step is told over any other one."""
    harness = with_last(start, Step(After(share=0.5), (to,), via=("sms",)))
    assert (foreseen(harness) == WHOLE) is (to is Target.ACCOUNTABLE), (
        "that an address fails, nobody foresees"
    )

    assert harness.escalate().counts["steps"] == 1
    assert told(harness) == []
    assert harness.escalate().counts == {"watched": 1, "steps": 0, "messages": 2, "silenced": 0}
    before = len(harness.soc.sent)
    assert told(harness) == WHOLE
    said = {part.text for message in harness.soc.sent[before:] for part in message.paragraphs}
    assert all("An earlier message reached nobody, so this comes to you." in one for one in said)
    assert harness.escalate().counts["messages"] == 0


def test_where_one_of_the_last_step_is_reached_nobody_is_told_in_their_place(start: Start) -> None:
    harness = with_last(start, Step(After(share=0.5), (Target.ADMINS, Target.ACCOUNTABLE)))
    harness.soc.unreachable.add("dee@corp.example")
    harness.notifiers[1].unreachable.add("dee@corp.example")
    harness.escalate()
    assert told(harness) == ["it-security@example.org"]
    assert harness.escalate().counts["messages"] == 0


def test_where_the_last_resort_is_not_reached_either_nobody_is_asked_for_ever(start: Start) -> None:
    harness = with_last(start, Step(After(share=0.5), (Target.ADMINS,), via=("sms",)))
    for notifier in harness.notifiers:
        notifier.unreachable |= {"", "it-security@example.org"}
    harness.escalate()
    for count in (2, 0, 0):
        harness.deliver()
        assert harness.escalate().counts["messages"] == count


def test_a_policy_without_steps_tells_nobody_in_their_place(start: Start) -> None:
    harness = start(rules=rules(policies=(Policy("test", ()),)))
    harness.soc.unreachable.add("dee@corp.example")
    harness.leave("ann")
    harness.settle()
    assert told(harness) == []
    assert harness.escalate().counts["messages"] == 0
