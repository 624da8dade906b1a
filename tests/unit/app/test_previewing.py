"""The preview of a ticket's steps says whom each tells, over what, and what holds it."""

from __future__ import annotations

import pytest

from builders import rules
from fakes.notifier import FakeNotifier
from harness import Harness
from silenced import HOUR, SAM, STEPS, Start, late_company, silence
from worker.domain.escalation.policy import Policy


@pytest.fixture
def late(start: Start) -> Harness:
    return late_company(start)


def to_come(harness: Harness) -> list[int]:
    ticket = harness.ticket()
    with harness.store.reading() as uow:
        return [one.coming.step for one in harness.app.explainer.to_come(uow, ticket)]


def preview(harness: Harness) -> list[tuple[int, list[tuple[str, str, str]]]]:
    with harness.store.reading() as uow:
        ticket = uow.tickets.get(1)
        assert ticket is not None
        return [
            (step.coming.step, [(one.to.label, one.over, one.why) for _, told in step.told for one in told])
            for step in harness.app.explainer.explain(uow, ticket).steps
        ]


def test_the_preview_says_over_what_and_what_holds_it(late: Harness) -> None:
    made = silence(late, 13, groups=("Ward*",))
    late.desk.acknowledge(1, SAM, late.now, "", 20 * HOUR)
    late.desk.snooze(1, SAM, 30 * HOUR, late.now)
    assert preview(late) == [(1, [("Dee", "soc", "snoozed")]), (2, [("channel", "soc", "snoozed")])]
    late.later(hours=31)
    late.escalate()
    assert made.until_at < late.now
    assert [step for step, _ in preview(late)] == [1, 2, 2], "the last one comes again"


def test_only_an_open_ticket_has_steps_to_come(late: Harness) -> None:
    late.later(hours=12)
    late.escalate()
    assert to_come(late) == [2]
    late.desk.done(1, SAM, late.now)
    assert to_come(late) == []


def test_the_preview_says_whom_nobody_reaches(start: Start) -> None:
    deaf = FakeNotifier("deaf", reaches_people=False)
    harness = start(rules=rules(policies=(Policy("test", STEPS),)), notifiers=[deaf])
    harness.settle()
    harness.leave("ann")
    harness.settle()
    assert preview(harness)[0] == (1, [("Dee", "", "nobody reaches them")])
