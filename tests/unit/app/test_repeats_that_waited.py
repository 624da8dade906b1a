"""Repeats of a step that waited for a night's end: the newest alone is told, where a message shows one item, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta

import pytest

from builders import rules
from harness import Harness
from worker.app.tell.holding import Holding
from worker.app.tell.overtaken import repeated
from worker.app.tell.quiet import PersonalQuiet
from worker.domain.escalation.policy import After, Policy, Step, Target
from worker.domain.escalation.quiet import QuietHours
from worker.domain.messages.overtaken import step_and_repeat
from worker.ports.state.outbox import MessageHead

NIGHT = PersonalQuiet(QuietHours(time(20), time(7)), "UTC", "GB")


def test_of_repeats_in_the_night_the_newest_is_told(start: Callable[..., Harness]) -> None:
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


def test_only_what_nobody_can_have_seen_is_taken_back() -> None:
    keys = ["T-000001:step2.0:assignee:a", "T-000001:step2.1:assignee:a", "T-000001:step2.2:assignee:a"]
    heads = [MessageHead(key, 1, is_day_or_night=False, is_unclear=at == 0) for at, key in enumerate(keys)]
    assert repeated([*heads, MessageHead("alarm:x", None, is_day_or_night=False)]) == {keys[1]}


@pytest.mark.parametrize("key, found", [
    ("T-000001:step2.10:assignee:a@x.example", ("T-000001:step2:assignee:a@x.example", 10)),
    ("T-000001:open:2027-01-01T00:00:00.5:x", None),
    ("T-000001:step2", None),
    ("alarm:source:corp:2027-01-01T00:00:00+00:00", None),
])  # fmt: skip
def test_which_step_and_which_repeat(key: str, found: tuple[str, int] | None) -> None:
    assert step_and_repeat(key) == found
