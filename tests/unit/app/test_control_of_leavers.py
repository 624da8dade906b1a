"""The control *Whoever left is out of the groups*: what it counts, and what it doesn't."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harness import Harness
from worker.domain.controls.others import LEAVER
from worker.domain.evidence.actor import Actor
from worker.ports import Capabilities
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


def test_a_group_that_another_source_leads_is_counted_there(found: Start) -> None:
    h = found(inventories=("register", "phone"))
    h.hire("ann", "ben", "dee")
    h.inventories[0].can = Capabilities(sees_all_groups=True, is_kept_by_people=True)
    h.inventories[1].can = Capabilities()
    h.start(h.app.rules)
    h.group("ward-7", "ann", "ben", admins=["dee"], name="Ward 7")
    h.group("120@g.us", "ann", "ben", admins=["dee"], at=1, name="Ward 7")
    h.settle()
    with h.store.reading() as uow:
        assert [one.state.is_one for one in uow.pairs.all()] == [True]
    h.later()
    h.leave("ann")
    h.settle()

    assert (report(h).counts.subjects, report(h).counts.failed) == (1, 1)


def test_whom_a_review_sends_away_is_no_leaver(company: Harness) -> None:
    company.leave("ann")
    company.settle()
    reviewed = replace(company.ticket(), id=0, handle="+1", evidence=None, occasion="a review")
    with company.store.begin() as uow:
        uow.tickets.insert([reviewed])

    assert (report(company).counts.subjects, report(company).tickets.live) == (1, 1)
