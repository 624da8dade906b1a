"""Done is a claim; only a newer, fresh and complete roster proves it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from harness import Harness

from worker.domain.model import Coverage, Role
from worker.domain.ticket import Grade, TicketState

Start = Callable[..., Harness]


@pytest.fixture
def leaving(company: Harness) -> Harness:
    """Ann has left and is still in the ward's group; her ticket is open."""
    company.leave("ann")
    company.settle()
    company.deliver()
    company.later()
    return company


def test_a_newer_roster_without_the_member_is_proof_of_grade_a(leaving: Harness) -> None:
    leaving.desk.done(1, "dee", leaving.now)
    leaving.later()
    leaving.drop("ward-7", "ann")
    leaving.settle()

    ticket = leaving.ticket()
    assert (ticket.state, ticket.grade, ticket.verified_by) == (TicketState.VERIFIED, Grade.A, "wards")
    assert "ticket.verify" in leaving.kinds()


def test_it_needs_no_claim(leaving: Harness) -> None:
    leaving.drop("ward-7", "ann")
    leaving.inventory()

    report = leaving.verify()

    assert (report.counts["verified"], len(report.plan.actions)) == (1, 1)


def test_a_claim_is_reopened_when_the_member_is_still_there_and_the_admin_is_told(leaving: Harness) -> None:
    leaving.desk.done(1, "dee", leaving.now)
    leaving.later()
    leaving.settle()

    ticket = leaving.ticket()
    assert (ticket.state, ticket.reopened) == (TicketState.OPEN, 1)
    assert "still in the group" in ticket.reason
    assert leaving.titles() == ["Reopened: Remove Ann from Ward 7"]


@pytest.mark.parametrize("lie", ["older", "stale", "partial"])
def test_a_roster_that_is_older_stale_or_partial_verifies_nothing(leaving: Harness, lie: str) -> None:
    leaving.drop("ward-7", "ann")
    leaving.desk.done(1, "dee", leaving.now)
    leaving.later()
    if lie == "older":
        leaving.wards.date(leaving.ticket().opened_at)
    elif lie == "stale":
        leaving.wards.lag(8 * 24 * (leaving.now - leaving.ticket().opened_at))
    else:
        leaving.wards.mark("ward-7", Coverage.PARTIAL)
    leaving.inventory()

    assert leaving.verify().counts["inconclusive"] == 1
    assert leaving.ticket().state is TicketState.DONE


def test_one_reading_is_weighed_once(leaving: Harness) -> None:
    leaving.inventory()
    leaving.later()
    assert leaving.verify().counts["weighed"] == 1
    leaving.later()
    assert leaving.verify().counts["weighed"] == 0


def test_a_claim_that_nothing_could_prove_becomes_void(leaving: Harness) -> None:
    leaving.desk.done(1, "dee", leaving.now)
    leaving.later(days=13, hours=23)
    assert leaving.verify().counts["weighed"] == 0
    leaving.later()

    assert leaving.verify().counts["reopened"] == 1
    assert "14 days ago" in leaving.ticket().reason


def test_a_claim_that_a_second_person_confirmed_does_not(leaving: Harness) -> None:
    leaving.desk.done(1, "dee", leaving.now)
    leaving.desk.done(1, "ben", leaving.now)
    leaving.later(days=20)

    assert leaving.verify().counts["reopened"] == 0
    assert leaving.ticket().grade is Grade.B


def test_a_claim_about_a_group_that_is_gone_is_void_in_its_time_and_then_cancelled(leaving: Harness) -> None:
    leaving.group("ward-8", admins=["dee"])
    leaving.inventory()
    leaving.desk.done(1, "dee", leaving.now)
    leaving.wards.remove_group("ward-7")
    leaving.later(days=14)
    leaving.inventory()

    assert leaving.verify().counts["reopened"] == 1
    leaving.reconcile()
    assert leaving.ticket().state is TicketState.CANCELLED


@pytest.mark.parametrize("how", ["a roster", "a person"])
@pytest.mark.parametrize("other, state", [("ben", TicketState.OPEN), ("", TicketState.BLOCKED)])
def test_a_removal_that_is_reopened_waits_when_its_member_is_the_last_admin_now(
    company: Harness, how: str, other: str, state: TicketState
) -> None:
    company.wards.set_role("ward-7", company.number("cem"), Role.ADMIN)
    company.settle()
    company.later()
    company.leave("dee")
    company.settle()
    company.desk.done(1, "cem", company.later())
    company.later()
    company.wards.set_role("ward-7", company.number("cem"), Role.MEMBER)
    if other:
        company.wards.set_role("ward-7", company.number(other), Role.ADMIN)
    company.inventory()
    if how == "a roster":
        assert company.verify().counts["reopened"] == 1
    else:
        company.desk.reopen(1, "sam", "she is still there", company.now)

    assert company.ticket().state is state
