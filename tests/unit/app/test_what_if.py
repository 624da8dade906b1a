"""A changed policy is replayed over recorded tickets: who would have been told more, less, earlier or later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from builders import rules
from fakes.notifier import FakeNotifier
from harness import Harness
from worker.app.reads.what_if import ReplayedTicket, what_if
from worker.contract.what_if import ReplayedTicketShape
from worker.domain.escalation.policy import After, Named, NamedKind, Policy, Step, Taken, Target
from worker.domain.escalation.replay import Change
from worker.domain.evidence.actor import Actor
from worker.domain.reconcile.rules import TicketRules
from worker.ports.state.store import UnitOfWork

Start = Callable[..., Harness]
HOUR = timedelta(hours=1)
SAM = Actor("sam", "os:sam")
STEPS = (
    Step(After(share=0.5), (Target.ASSIGNEE,)),
    Step(After(share=1.0), (Target.CHANNEL,), repeat=6 * HOUR),
)


def by(*steps: Step) -> TicketRules:
    return rules(policies=(Policy("test", steps),))


@pytest.fixture
def late(start: Start) -> Harness:
    """Ann has left ward 7; sam took the ticket for four hours after ten; a day and a half have passed."""
    harness = start(rules=by(*STEPS))
    harness.leave("ann")
    harness.settle()
    for hour in range(36):
        if hour == 10:
            harness.desk.acknowledge(1, SAM, harness.now)
        harness.later(hours=1)
        harness.escalate()
    return harness


def replayed(harness: Harness, changed: TicketRules, since: datetime | None = None) -> list[ReplayedTicket]:
    begins = since or harness.now - timedelta(weeks=4)
    with harness.store.reading() as uow:
        return list(what_if(uow, harness.app.explainer, changed, begins, harness.now))


def test_the_policy_that_holds_replays_to_what_was_done(late: Harness) -> None:
    [found] = replayed(late, late.app.rules.tickets)

    with late.store.reading() as uow:
        done = [one.taken for one in uow.tickets.steps(1)]
    assert [step.taken for step in found.was] == done
    assert done[0] == Taken(1, 0, found.ticket.opened_at + 14 * HOUR)
    assert found.change is Change.SAME
    assert found.was == found.would


@pytest.mark.parametrize("steps, expected", [
    ((replace(STEPS[0], after=After(plus=HOUR)), STEPS[1]), Change.EARLIER),
    ((replace(STEPS[0], after=After(share=0.75)), STEPS[1]), Change.LATER),
    ((STEPS[0], replace(STEPS[1], repeat=2 * HOUR)), Change.MORE),
    ((STEPS[0],), Change.FEWER),
    ((STEPS[0], replace(STEPS[1], to=(Target.CHANNEL, Target.ADMINS, Target.ASSIGNEE))), Change.MORE),
    ((STEPS[0], replace(STEPS[1], via=("nothing",))), Change.SAME),
    ((replace(STEPS[0], via=("nothing",)), STEPS[1]), Change.SAME),
])  # fmt: skip
def test_what_another_policy_would_change(late: Harness, steps: tuple[Step, ...], expected: Change) -> None:
    [found] = replayed(late, by(*steps))

    assert found.change is expected


def test_whoever_was_on_call_is_asked_by_the_instant(late: Harness) -> None:
    asked: list[datetime] = []

    def on_call(_uow: UnitOfWork, _rota: str, at: datetime) -> list[str]:
        asked.append(at)
        return ["night@example.org"]

    late.app = replace(late.app, explainer=replace(late.app.explainer, on_call=on_call))
    rota = Named(NamedKind.ON_CALL, "night")
    [found] = replayed(late, by(Step(After(plus=HOUR), (rota,), repeat=12 * HOUR)))

    assert asked == [step.taken.at for step in found.would]
    assert len(asked) == 3
    shape = ReplayedTicketShape.of(found).model_dump(mode="json")
    assert shape["change"] == "fewer"
    assert shape["would"][0]["to"] == [
        {
            "address": "night@example.org",
            "name": "",
            "over": "soc",
            "held_until": None,
            "why": "",
        }
    ]


def test_old_tickets_that_are_over_are_left_out_and_live_ones_stay(late: Harness) -> None:
    since = late.now - HOUR
    [live] = replayed(late, late.app.rules.tickets, since)
    assert [step.taken.at for step in live.was] == [late.now]

    late.desk.waive(1, SAM, "agreed", late.now)
    assert replayed(late, late.app.rules.tickets, since) == []


def test_somebody_whom_nothing_reaches_is_not_told(start: Start) -> None:
    harness = start(rules=by(*STEPS), notifiers=[FakeNotifier("flow", reaches_people=False)])
    harness.leave("ann")
    harness.settle()
    harness.later(hours=13)
    [found] = replayed(harness, by(STEPS[1]))

    assert [one.why for step in found.was for one in step.told] == ["nobody reaches them"]
    assert found.change is Change.SAME
