"""A company whose ticket is late, and silences in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from builders import rules
from harness import Harness
from worker.domain.escalation.policy import After, Policy, Step, Target
from worker.domain.escalation.silences import Silence
from worker.domain.evidence.actor import Actor
from worker.ports.state.deliveries import Post, PostFilter, PostState

Start = Callable[..., Harness]
HOUR = timedelta(hours=1)
SAM = Actor("sam", "os:sam")
DEE = "dee@corp.example"
STEPS = (
    Step(After(share=0.5), (Target.ASSIGNEE,)),
    Step(After(share=1.0), (Target.CHANNEL,), repeat=HOUR),
)


def late_company(start: Start) -> Harness:
    """Ann has left ward 7, and everybody was told; the first step comes in twelve hours."""
    harness = start(rules=rules(policies=(Policy("test", STEPS),)))
    harness.settle()
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    return harness


def silence(harness: Harness, hours: float, **what: Any) -> Silence:
    wanted = Silence("", harness.now, harness.now + hours * HOUR, "sam", "Moving house", **what)
    return harness.app.silencing.silence(wanted, SAM, harness.now)


def told(harness: Harness) -> list[str]:
    """Whom messages reach from here on."""
    before = len(harness.soc.sent)
    harness.escalate()
    harness.deliver()
    return [message.to.address or "channel" for message in harness.soc.sent[before:]]


def posts(harness: Harness, *states: PostState) -> list[Post]:
    with harness.store.reading() as uow:
        return uow.deliveries.posts(PostFilter(states), harness.now, 100)
