"""Who has left the company is nobody: a step that names only them reaches nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import rules
from harness import Harness
from worker.app.reads.rotas import RotaRules
from worker.domain.escalation.absence import Absence
from worker.domain.escalation.policy import After, Named, NamedKind, Policy, Step, Target
from worker.domain.escalation.rota import Layer, Rota

Start = Callable[..., Harness]
MIA = "mia@corp.example"
CHANNEL = Step(After(share=1.0), (Target.CHANNEL,))
ROTA = Rota("r", "Europe/London", (Layer((MIA,)),), fallback="sue@corp.example")


def told(h: Harness) -> list[str]:
    """Mia has left for an hour, then Ann leaves; whom the step at half time reaches."""
    h.leave("mia")
    h.settle()
    h.later()
    h.leave("ann")
    h.settle()
    h.deliver()
    before = len(h.soc.sent)
    h.later(hours=12)
    for _ in range(2):
        h.escalate()
        h.deliver()
    return [message.to.address or "channel" for message in h.soc.sent[before:]]


@pytest.mark.parametrize(
    "target",
    [
        Target.MANAGER,
        Target.OWNER,
        Target.ACCOUNTABLE,
        Named(NamedKind.PERSON, MIA),
        Named(NamedKind.ON_CALL, "r"),
    ],
    ids=str,
)
def test_a_step_tells_nobody_who_has_left_and_the_next_one_comes(
    start: Start, target: Target | Named
) -> None:
    policy = Policy("t", (Step(After(share=0.5), (target,)), CHANNEL))
    h = start(rules=rules(accountable=MIA, policies=(policy,)))
    h.group("ward-7", "ann", "ben", "cem", admins=["dee"], owner_email=MIA)
    h.corp.change("ann", manager_id="mia")
    h.start(replace(h.app.rules, rotas=RotaRules({"r": ROTA})))
    h.settle()
    reached = told(h)
    assert MIA not in reached, reached
    assert reached


def test_a_deputy_who_has_left_stands_in_for_nobody(start: Start) -> None:
    h = start(rules=rules(policies=(Policy("t", (Step(After(share=0.5), (Target.ASSIGNEE,)), CHANNEL)),)))
    away = Absence("dee@corp.example", h.now - timedelta(days=1), h.now + timedelta(days=30), MIA)
    h.start(replace(h.app.rules, rotas=RotaRules(absences=(away,))))
    reached = told(h)
    assert MIA not in reached, reached
    assert "channel" in reached, reached
