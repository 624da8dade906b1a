"""Recorded days of a company, played again by its own configuration or by another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from builders import rules
from harness import Harness
from worker.app.reads.replay import ChangedRules, Replayed
from worker.app.reads.replay_side import ReplayRules
from worker.domain.escalation.policy import After, Policy, Step, Target
from worker.domain.evidence.actor import Actor
from worker.domain.replay.comparing import PlayEffect
from worker.domain.replay.limits import Limit
from worker.running.replaying import replay_of, rules_for_replay

SAM = Actor("sam", "os:sam")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STEPS = (
    Step(After(share=0.5), (Target.ASSIGNEE,)),
    Step(After(share=1.0), (Target.CHANNEL,), repeat=12 * HOUR),
)
TWO = rules(policies=(Policy("two", STEPS),))

Found = Callable[..., Harness]


def pass_hours(harness: Harness, hours: int, deeds: dict[int, Callable[[], Any]] | None = None) -> None:
    """Let the jobs run each hour; `deeds` happen before those of an hour."""
    for hour in range(hours):
        harness.later(hours=1)
        if deeds and hour in deeds:
            deeds[hour]()
        harness.settle()
        harness.escalate()
        harness.deliver()


def base(harness: Harness) -> ReplayRules:
    """What a replay plays of the company's own configuration."""
    return rules_for_replay(harness.app)


def played(
    harness: Harness,
    changed: ReplayRules | None = None,
    begins: datetime | None = None,
    ends: datetime | None = None,
    **days: Any,
) -> Replayed:
    """The days from an instant up to another, else the last five."""
    replay = replay_of(harness.app)
    other = None if changed is None else ChangedRules(changed, ("a line",), **days)
    return replay.play(begins or harness.now - 5 * DAY, ends or harness.now + HOUR, harness.now, other)


def with_gate(harness: Harness, **changes: Any) -> ReplayRules:
    """The company's own configuration with other rules for who has left."""
    return replace(base(harness), gate=replace(base(harness).gate, **changes))


def with_limits(harness: Harness, **changes: Any) -> ReplayRules:
    """The company's own configuration with another guard."""
    return with_gate(harness, limits=replace(base(harness).gate.limits, **changes))


def with_rules(harness: Harness, **changes: Any) -> ReplayRules:
    """The company's own configuration with other rules for tickets."""
    found = base(harness)
    return replace(found, explainer=replace(found.explainer, rules=replace(found.tickets, **changes)))


def counts(found: Replayed) -> dict[PlayEffect, int]:
    return {one: found.count(one) for one in PlayEffect if found.count(one)}


def limits_of(found: Replayed) -> dict[Limit, int | None]:
    return {one.what: one.how_many for one in found.cannot}
