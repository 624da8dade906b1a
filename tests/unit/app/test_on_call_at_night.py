"""A step to who is on call, which quiet hours hold, goes to who is on call when it may be told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

from builders import rules
from harness import Harness, company_fixture
from on_duty import ANN, BEN, asking, on_duty, told
from worker.app.tell.holding import Holding
from worker.app.tell.quiet import PersonalQuiet
from worker.domain.escalation.quiet import QuietHours

QUIET = PersonalQuiet(QuietHours(time(6), time(15)), "UTC", "GB")
DUE_AT = datetime(2026, 11, 25, 13, 1, tzinfo=UTC)
TOLD_AT = datetime(2026, 11, 25, 15, tzinfo=UTC)
CALL = "Still open: Remove Kim from Ward 7"


@company_fixture
def asked() -> Harness:
    """At 14:00 ben takes over from ann. Kim has left, and a step to who is on call is due at 13:00, in quiet hours."""
    harness = on_duty(Harness(), holding=Holding(quiet=QUIET))
    harness.hire("ann", "ben", "dee", "kim", "sam")
    harness.group("ward-7", "ann", "ben", "kim", admins=["dee"])
    harness.settle()
    harness.now = datetime(2026, 11, 25, 1, tzinfo=UTC)
    harness.leave("kim")
    harness.settle()
    told(harness)
    harness.now = DUE_AT
    return harness


def calls(harness: Harness) -> list[str]:
    """Whom the step reaches."""
    return [one.partition(":")[0] for one in told(harness) if one.endswith(CALL)]


def previewed(harness: Harness) -> list[str]:
    [ticket] = harness.tickets()
    with harness.store.reading() as uow:
        [step] = harness.app.explainer.explain(uow, ticket).steps
    return [one.to.address for one in step.everybody]


def test_who_takes_over_until_then_is_told_as_the_preview_says(asked: Harness) -> None:
    assert previewed(asked) == [BEN]
    assert calls(asked) == []
    asked.now = TOLD_AT
    assert calls(asked) == [BEN]


def test_who_is_on_call_is_told_by_a_step_that_waits_for_no_morning(asked: Harness) -> None:
    [policy] = asking("site")
    [step] = policy.steps
    asked.start(
        replace(
            asked.app.rules,
            tickets=rules(policies=(replace(policy, steps=(replace(step, is_day_or_night=True),)),)),
        )
    )
    assert previewed(asked) == [ANN]
    assert calls(asked) == [ANN]


def test_who_is_on_call_and_awake_is_told(asked: Harness) -> None:
    later = PersonalQuiet(QuietHours(time(14), time(15)), "UTC", "GB")
    asked.start(replace(asked.app.rules, holding=Holding(quiet=later)))
    assert calls(asked) == [ANN]
