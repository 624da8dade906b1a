"""The control *Whoever left is out of the groups*: what it counts, and what it doesn't."""

from __future__ import annotations

from collections.abc import Callable

from harness import Harness
from worker.domain.controls.others import LEAVER
from worker.domain.evidence.actor import Actor
from worker.ports.state.controls import ControlReport

Start = Callable[..., Harness]


def report(harness: Harness) -> ControlReport:
    return next(one for one in harness.app.controls.report(harness.now) if one.control == LEAVER.id)


def test_whoever_waits_in_a_plan_is_not_out(company: Harness) -> None:
    company.leave("ann")
    company.leave("ben")
    company.poll()
    assert (report(company).counts.subjects, report(company).counts.failed) == (2, 2)
    company.settle()

    assert (report(company).counts.subjects, report(company).counts.failed) == (2, 2)


def test_what_waits_for_proof_is_not_overdue(company: Harness) -> None:
    company.leave("ann")
    company.settle()
    company.later(days=30)
    assert report(company).tickets.overdue == 1
    company.desk.done(1, Actor("dee"), company.now)

    assert (report(company).tickets.live, report(company).tickets.overdue) == (1, 0)
