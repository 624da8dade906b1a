"""Controls over the whole worker: report, first run, tickets, and their proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from audit_checks import problems
from harness import Harness
from worker.app.acts.plans import Approvals
from worker.app.jobs import verify
from worker.domain.controls.policy import (
    AdminsRule,
    ControlPolicy,
    DescriptionRule,
    NameRule,
    ProfileRule,
)
from worker.domain.controls.switch import ControlSwitch, Mode, Where
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


def test_names_are_read_only_where_a_rule_asks_for_one(start: Callable[..., Harness]) -> None:
    """That reads the names of all groups, so neither one group's page nor a run without work does so needlessly."""
    named = ProfileRule(ASKS, name=NameRule("Ward .+"))
    elsewhere = ControlSwitch(where=Where(groups=("Ward 8",)))
    harness = start(controls=_policy(profile=(ProfileRule(elsewhere), named)), registers=("list",))
    for ward in ("ward-8", "ward-9"):
        harness.group(ward, "ann", admins=["dee"], name=ward.replace("-", " ").capitalize())
    harness.group("other", "ann", admins=["dee"], name="WARD 9")
    harness.settle()
    asked: list[str] = []
    note = lambda *what: asked.append(what[2])  # noqa: E731
    sa.event.listen(harness.engine, "before_cursor_execute", note)

    def of(group: str) -> tuple[bool, int]:
        asked.clear()
        key = harness.wards.key(group)
        with harness.store.reading() as uow:
            state, _ = harness.app.controls.of(uow, [key], harness.now)[key]
        return state.is_alike, _reads_of_names(asked)

    assert of("ward-8") == (False, 0)
    assert of("ward-9") == (True, 1)
    asked.clear()
    harness.verify()
    assert list(harness.app.readiness.of("teams", harness.now))
    assert _reads_of_names(asked) == 0
    sa.event.remove(harness.engine, "before_cursor_execute", note)


def _reads_of_names(statements: list[str]) -> int:
    return sum(
        one.startswith("SELECT chat_group.source, chat_group.name, chat_group.messenger")
        for one in statements
    )


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


def _switched(harness: Harness, policy: ControlPolicy) -> None:
    harness.later()
    harness.start(replace(harness.app.rules, controls=policy))
    harness.control()


OFF = (_policy(), _policy(admins=(AdminsRule(),)))


@pytest.mark.parametrize("off", OFF, ids=["no rule", "it only reports"])
def test_what_waits_of_a_control_that_is_switched_off_is_rejected(
    run: Callable[..., Harness], off: ControlPolicy
) -> None:
    on = _policy(admins=(AdminsRule(ASKS),))
    harness = run(admins=(AdminsRule(ASKS),))
    harness.control()
    Approvals(harness.store, two_from=1).decide(1, [], Actor("sam"), "yes", harness.now, release=True)
    _switched(harness, off)
    [plan] = harness.plans()
    assert (plan.state, plan.cohorts[0].decided_by) == (HoldState.REJECTED, "whosleft")
    assert problems(harness) == []
    _switched(harness, on)
    assert [one.state for one in harness.plans()] == [HoldState.HELD, HoldState.REJECTED]
    assert not harness.tickets()


def test_only_its_part_of_a_plan_is_rejected(run: Callable[..., Harness]) -> None:
    harness = run(profile=(PROFILE,), admins=(AdminsRule(ASKS),))
    _shown(harness, description="hello")
    harness.control()
    _switched(harness, _policy(profile=(PROFILE,)))
    [plan] = harness.plans()
    assert {one.id: one.state for one in plan.cohorts} == {
        "group.admins_few": HoldState.REJECTED,
        "profile.description": HoldState.HELD,
    }


def test_the_plan_of_a_control_that_is_switched_on_again_decides_of_what_was_rejected_before(
    run: Callable[..., Harness],
) -> None:
    on = _policy(admins=(AdminsRule(ASKS),))
    harness = run(admins=(AdminsRule(ASKS),))
    harness.control()
    harness.decide(release=False)
    _switched(harness, OFF[0])
    _switched(harness, on)
    assert not harness.tickets()
    harness.decide(plan=2)
    harness.control()
    assert [one.kind for one in harness.tickets()] == [TicketKind.ADD_ADMIN]


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
