"""A poll of another process commits between two transactions of a job: nobody acts on who somebody was before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from builders import rules
from fakes.interleaved import Interleaved
from harness import TIMEZONE, Harness
from worker.app.jobs.escalate import Escalate
from worker.app.jobs.reconcile import Reconcile
from worker.app.jobs.verify import Verify
from worker.app.tell.teller import Teller
from worker.domain.escalation.policy import After, Policy, Step, Target
from worker.domain.model import Role
from worker.domain.text.tongue import ENGLISH_ONLY
from worker.domain.tickets.ticket import TicketKind, TicketState

Start = Callable[..., Harness]
BOUNDARIES = range(1, 8)  # more than a reconcile of a small company has


def reconcile_while(harness: Harness, at: int, deed: Callable[[], object]) -> None:
    """Reconcile, with another process's deed before the transaction number `at`, or else right after the pass."""
    store = Interleaved(harness.store, at, deed)
    Reconcile(store, harness.reconciler._rules).run_once(harness.now)
    if not store.is_done:
        deed()


def settle_after(harness: Harness) -> None:
    for _ in range(2):
        harness.later()
        harness.settle()


@pytest.mark.parametrize("at", BOUNDARIES)
def test_a_first_poll_that_ends_during_the_first_reconcile_makes_nobody_a_question(
    found: Start, at: int
) -> None:
    harness = found()
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.inventory()

    reconcile_while(harness, at, harness.poll)
    settle_after(harness)

    assert harness.tickets() == []
    assert harness.titles() == []


@pytest.mark.parametrize("at", BOUNDARIES)
def test_a_number_that_passes_to_a_colleague_as_its_owner_leaves_is_not_removed(
    company: Harness, at: int
) -> None:
    def pass_on() -> None:
        company.corp.change("ann", enabled=False, phones=())
        company.corp.change("ben", phones=(company.number("ann"),))
        company.poll()

    company.corp.change("cem", department="Elsewhere")  # the poll before makes a group and a question wait
    company.group("ward-7", "ann", "cem", "eve", admins=["dee"])
    company.poll()
    company.inventory()

    reconcile_while(company, at, pass_on)
    settle_after(company)

    assert company.tickets() == []
    assert company.titles() == []


def test_a_proof_counts_only_admins_who_are_still_here(start: Start) -> None:
    harness = start()
    harness.leave("dee")
    harness.settle()
    harness.wards.set_role("ward-7", harness.number("ben"), Role.ADMIN)
    harness.later()
    harness.inventory()

    def ben_leaves_and_his_number_goes_to_nobody() -> None:
        harness.leave("ben")
        harness.poll()

    store = Interleaved(harness.store, 1, ben_leaves_and_his_number_goes_to_nobody)
    teller, controls = Teller(TIMEZONE, ENGLISH_ONLY), harness.app.controls
    Verify(store, harness.rules, harness.verifier._fresh, teller, controls).run_once(harness.now)

    [reassignment] = harness.tickets(TicketKind.REASSIGN_ADMIN)
    assert reassignment.state is TicketState.OPEN


def test_a_step_tells_the_admins_as_they_are_known_now(start: Start) -> None:
    policy = Policy("p", (Step(After(share=0.5), (Target.ADMINS,)),))
    harness = start(rules=rules(policies=(policy,)))
    harness.leave("ann")
    harness.settle()
    harness.titles()
    harness.later(hours=13)

    def phone_of_dee_is_eves() -> None:
        harness.corp.change("dee", phones=())
        harness.corp.change("eve", phones=(harness.number("dee"),))
        harness.poll()

    store = Interleaved(harness.store, 1, phone_of_dee_is_eves)
    Escalate(store, harness.rules, Teller(TIMEZONE, ENGLISH_ONLY)).run_once(harness.now)
    harness.deliver()

    assert [message.to.address for message in harness.soc.sent[-1:]] == ["eve@corp.example"]


@pytest.mark.parametrize("at", BOUNDARIES)
def test_a_leaver_of_the_first_pass_whom_a_list_adds_during_a_reconcile_is_held(
    found: Start, at: int
) -> None:
    """Their number is known from before, so that nobody has to be matched again."""
    harness = found()
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.group("ward-8", "ben", admins=["dee"])
    harness.inventory()
    harness.drop("ward-7", "ann")
    harness.inventory()
    harness.leave("ann")
    harness.settle()
    assert harness.plans() == []

    def ann_is_added() -> None:
        harness.group("ward-7", "ann", "ben", admins=["dee"])
        harness.inventory()

    harness.drop("ward-8", "ben")  # some group waits
    harness.later()
    harness.inventory()
    harness.reconciler._store = Interleaved(harness.store, at, ann_is_added)
    harness.reconcile()
    if not harness.reconciler._store.is_done:
        ann_is_added()
    settle_after(harness)

    [plan] = harness.plans()
    assert [one.name for part in plan.cohorts for one in part.people] == ["Ann"]
    assert harness.tickets() == []
