"""Controls over the whole worker: report, first run, tickets, and their proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from harness import Harness
from worker.app.jobs import verify
from worker.domain.controls.policy import (
    AdminsRule,
    ControlPolicy,
    DescriptionRule,
    ProfileRule,
)
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence.actor import Actor
from worker.domain.model import GroupFacts
from worker.domain.reconcile.guard import HoldState
from worker.domain.tickets.ticket import Grade, TicketKind, TicketState

DEE = Actor("dee")
ASKS = ControlSwitch(Mode.TICKET)
RULES = "Be kind. Leavers are removed."
PROFILE = ProfileRule(ASKS, description=DescriptionRule({"en": RULES}))


def _policy(**sections: object) -> ControlPolicy:
    return replace(ControlPolicy(), **sections)  # type: ignore[arg-type]


@pytest.fixture
def run(start: Callable[..., Harness]) -> Callable[..., Harness]:
    """A company whose controls had their first run and were released."""

    def make(**sections: object) -> Harness:
        return start(controls=_policy(**sections), registers=("list",))

    return make


def _shown(harness: Harness, **facts: object) -> None:
    harness.wards.show("ward-7", GroupFacts(read_at=harness.now, **facts))  # type: ignore[arg-type]
    harness.inventory()


def _released(harness: Harness) -> None:
    """The first run is held, and somebody releases it."""
    harness.control()
    if harness.plans():
        harness.decide()
    harness.control()


def test_off_by_default(company: Harness) -> None:
    assert company.control().counts == {}
    assert not company.plans()


def test_report_opens_nothing(run: Callable[..., Harness]) -> None:
    harness = run(profile=(ProfileRule(description=DescriptionRule({"en": RULES})),))
    _shown(harness, description="hello")
    report = harness.control()
    assert report.counts["fail"] == 1
    assert not harness.tickets()
    assert not harness.plans()


def test_first_run_is_one_held_plan(run: Callable[..., Harness]) -> None:
    harness = run(profile=(PROFILE,), admins=(AdminsRule(ASKS),))
    _shown(harness, description="hello")
    harness.control()
    [plan] = harness.plans()
    assert [cohort.id for cohort in plan.cohorts] == ["group.admins_few", "profile.description"]
    assert plan.size == 2
    assert not harness.tickets()
    harness.control()
    assert len(harness.plans()) == 1
    assert not harness.tickets()
    harness.decide("profile.description")
    harness.decide("group.admins_few", release=False)
    harness.later()
    harness.control()
    assert [ticket.kind for ticket in harness.tickets()] == [TicketKind.FIX_PROFILE]
    assert {cohort.state for cohort in harness.plans()[0].cohorts} == {HoldState.RELEASED, HoldState.REJECTED}


def test_a_first_run_without_findings_is_used_up(run: Callable[..., Harness]) -> None:
    harness = run(profile=(PROFILE,))
    _shown(harness, description=RULES)
    harness.control()
    assert not harness.plans()
    harness.later()
    _shown(harness, description="gone")
    harness.control()
    assert not harness.plans()
    assert [ticket.kind for ticket in harness.tickets()] == [TicketKind.FIX_PROFILE]


def test_a_first_run_that_could_know_nothing_is_not_used_up(run: Callable[..., Harness]) -> None:
    harness = run(profile=(PROFILE,))
    harness.control()
    assert not harness.plans(), "no source shows a description"
    harness.later()
    _shown(harness, description="gone")
    harness.control()
    assert [plan.size for plan in harness.plans()] == [1]
    assert not harness.tickets()


def test_a_first_run_before_any_group_was_read_is_not_used_up(found: Callable[..., Harness]) -> None:
    harness = found(controls=_policy(admins=(AdminsRule(ASKS),)))
    harness.control()
    harness.hire("ann", "dee")
    harness.group("ward-7", "ann", admins=["dee"])
    harness.settle()
    harness.control()
    assert [plan.size for plan in harness.plans()] == [1]
    assert not harness.tickets()


def test_more_claims_than_a_page_are_all_weighed(
    run: Callable[..., Harness], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "PAGE", 1)
    harness = run(profile=(PROFILE,))
    harness.group("ward-8", "ann", admins=["dee"])
    for name in ("ward-7", "ward-8"):
        harness.wards.show(name, GroupFacts(read_at=harness.now, description="hello"))
    harness.settle()
    _released(harness)
    asked = harness.tickets(TicketKind.FIX_PROFILE)
    assert len(asked) == 2
    for one in asked:
        harness.desk.done(one.id, by=DEE, reason="done", now=harness.now)
    harness.later()
    for name in ("ward-7", "ward-8"):
        harness.wards.show(name, GroupFacts(read_at=harness.now, description=RULES))
    harness.inventory()
    harness.verify()
    assert {one.state for one in harness.tickets(TicketKind.FIX_PROFILE)} == {TicketState.VERIFIED}


def test_profile_from_fault_to_proof(run: Callable[..., Harness]) -> None:
    """A claim alone does not verify, nor what was read before it; what is read after it does."""
    harness = run(profile=(PROFILE,))
    _shown(harness, description="hello")
    _released(harness)
    [ticket] = harness.tickets()
    assert ticket.details["faults"] == [
        {"control": "profile.description", "found": "hello", "wanted": "", "text": RULES}
    ]
    assert ticket.assignee is not None
    assert ticket.assignee.email == "dee@corp.example"
    harness.later()
    harness.desk.done(ticket.id, by=DEE, reason="done", now=harness.now)
    harness.verify()
    assert harness.ticket(ticket.id).state is TicketState.DONE
    harness.later()
    _shown(harness, description="hello")
    harness.verify()
    assert harness.ticket(ticket.id).state is TicketState.OPEN
    harness.desk.done(ticket.id, by=DEE, reason="done", now=harness.now)
    harness.later()
    _shown(harness, description=f"Ward 7. {RULES}")
    harness.verify()
    assert harness.ticket(ticket.id).state is TicketState.VERIFIED
    assert harness.ticket(ticket.id).grade is Grade.A
