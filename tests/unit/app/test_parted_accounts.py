"""Accounts of one person that part: what both have is evidence of two people from then on, so it is a question."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from builders import facts
from harness import Harness
from hybrid import CANCELLED, CORP, OPEN, TENANT, Start, company, hybrid, in_tenant, leave, states
from worker.domain.evidence.actor import Actor
from worker.domain.identity.humans import JOIN_KEY_SHARED_MAX
from worker.domain.identity.matching import Identity, IdentityState
from worker.domain.model import HandleKey, Member
from worker.domain.people.persons import AccountsRule
from worker.domain.tickets.ticket import TicketKind, TicketState

__all__ = ["company", "hybrid"]

QUESTION, REMOVAL = TicketKind.IDENTIFY_MEMBER, TicketKind.REMOVE_MEMBER


def part(harness: Harness) -> None:
    """The cloud's account of Ann is converted to one of its own; her number stays."""
    harness.directories[TENANT].change("cloud-ann", immutable_id=None)
    harness.settle()
    harness.later()


def identity(harness: Harness, person_id: str = "ann") -> Identity:
    with harness.store.reading() as uow:
        found = uow.identities.get(HandleKey("wards", harness.number(person_id)))
    assert found is not None
    return found


@pytest.mark.parametrize("rule", AccountsRule)
@pytest.mark.parametrize("left", [CORP, TENANT])
def test_nobody_is_asked_out_and_no_leaver_is_missed_after_that(
    hybrid: Start, rule: AccountsRule, left: int
) -> None:
    company = hybrid(accounts=rule)
    part(company)
    assert states(company, QUESTION) == [OPEN]

    leave(company, left, "ann")
    company.settle(full=True)

    assert states(company) == [OPEN]
    assert [one.kind for one in company.tickets()] == [QUESTION]


def test_it_is_asked_too_if_one_of_the_two_has_left_before(hybrid: Start) -> None:
    company = hybrid(accounts=AccountsRule.ALL)
    leave(company, CORP, "ann")
    part(company)
    assert [(one.kind, one.state) for one in company.tickets()] == [(QUESTION, OPEN)]


def test_a_removal_waits_for_the_answer(company: Harness) -> None:
    leave(company, CORP, "ann")
    assert states(company, REMOVAL) == [OPEN]
    part(company)
    assert (states(company, REMOVAL), states(company, QUESTION)) == ([CANCELLED], [OPEN])

    number = company.number("ann")
    company.identifying.confirm(f"wards/{number}", "corp/ann", Actor("sam"), company.now)
    company.settle()
    assert [one.state for one in company.tickets(REMOVAL) if one.is_live] == [OPEN]


def test_the_question_is_over_when_the_accounts_are_joined_again(company: Harness) -> None:
    part(company)
    company.directories[TENANT].change("cloud-ann", immutable_id="guid-ann")
    company.settle()
    assert states(company) == [TicketState.VERIFIED]
    assert identity(company).state is IdentityState.LINKED


def test_what_a_person_answered_stays(company: Harness) -> None:
    number = company.number("ann")
    company.identifying.confirm(f"wards/{number}", "corp/ann", Actor("sam"), company.now)
    company.settle()
    known = identity(company)
    part(company)
    assert identity(company) == known
    assert states(company) == []


def correct(harness: Harness) -> None:
    harness.corp.change("zoe", employee_id="E-other")


def give_to_many(harness: Harness) -> None:
    """Few at a time, or it would say nothing of each of them."""
    for number in range(JOIN_KEY_SHARED_MAX - 1):
        harness.corp.change(f"p{number}", employee_id="E-zoe")
        harness.settle()


def rename(harness: Harness) -> None:
    harness.corp.change("zoe", display_name="Zoe Larsen", phones=())


def put_right(harness: Harness) -> None:
    number = harness.number("zoe")
    harness.corp.change("zoe", employee_id="E-zoe", display_name="Zoe Moss", phones=(number,))
    harness.corp.change("p0", employee_id="E-p0")
    harness.settle()


@pytest.mark.parametrize("change", [correct, give_to_many, rename])
def test_so_it_is_whatever_parts_them_until_it_is_put_right(
    company: Harness, change: Callable[[Harness], None]
) -> None:
    """Only an employee id says that the accounts are one person's; the list has it, or the number."""
    number = company.number("zoe")
    company.corp.put(facts("zoe", display_name="Zoe Moss", phones=(number,), employee_id="E-zoe"))
    cloud = in_tenant(company, "zoe", display_name="Moss, Ann", immutable_id=None, employee_id="E-zoe")
    company.directories[TENANT].put(cloud)
    by_id = Member("employee:E-zoe", "Zoe", employee_id="E-zoe")
    company.wards.add_member("ward-7", by_id if change is rename else company.member("zoe"))
    company.settle()
    assert states(company) == []

    change(company)
    company.settle()
    assert states(company) == [OPEN]

    put_right(company)
    assert states(company) == [TicketState.VERIFIED]


def test_an_address_joins_no_more_once_there_is_a_second_employee_id(company: Harness) -> None:
    company.corp.change("ann", immutable_id=None)
    company.directories[TENANT].change("cloud-ann", immutable_id=None, email="ann@corp.example")
    company.settle()
    assert states(company) == []

    company.directories[TENANT].change("cloud-ann", employee_id="E-other")
    company.settle()
    assert states(company) == [OPEN]
