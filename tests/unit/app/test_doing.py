"""What a run did: counted, and the first of it kept."""

from __future__ import annotations

import pytest

from builders import ticket
from worker.app.jobs.doing import Doing
from worker.domain.reconcile.plan import Action, ActionKind, Plan, plan_text
from worker.domain.text.reason import Reason

WHY = Reason("a fault")
OPENING = Action(ActionKind.OPEN, ticket(), WHY)
CANCELLING = Action(ActionKind.CANCEL, ticket(), WHY)
WEIGHING = Action(ActionKind.WEIGH, ticket(), WHY)


def test_nothing() -> None:
    doing = Doing()
    assert (doing.counts, doing.plan(())) == ({}, Plan())


def test_what_is_done_is_counted_and_listed_in_its_order() -> None:
    doing = Doing()
    doing.add([CANCELLING, OPENING])
    doing.add([OPENING])
    assert doing.counts == {"cancel": 1, "open": 2}
    assert doing.plan(()) == Plan((CANCELLING, OPENING, OPENING))


def test_of_many_actions_the_first_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.app.jobs.doing.KEPT", 2)
    doing = Doing()
    doing.add([CANCELLING, OPENING, OPENING])
    doing.add([OPENING])
    assert doing.counts == {"cancel": 1, "open": 3}
    plan = doing.plan(())
    assert plan.actions == (CANCELLING, OPENING)
    assert plan_text(plan).splitlines()[-1] == "warning: 2 further actions are done, and not listed"


def test_one_of_those_that_only_weigh_says_that_something_was_done() -> None:
    doing = Doing()
    doing.add([WEIGHING, OPENING, WEIGHING])
    doing.add([WEIGHING])
    assert doing.counts == {"open": 1}
    assert doing.plan(()).actions == (WEIGHING, OPENING)
