"""A directory that gives too many accounts one number, or none: what joined them holds until it is put right."""

from __future__ import annotations

import pytest

from builders import facts
from harness import Harness
from worker.domain.model import Member
from worker.domain.tickets.ticket import TicketState

COLLEAGUES = tuple(f"colleague{number}" for number in range(6))
SHARED = "E-0"


@pytest.fixture
def crowded(company: Harness) -> Harness:
    """The company with more people in it, each with their own number; the first has the one that all will get."""
    company.hire(*COLLEAGUES)
    for one, number in numbers().items():
        company.corp.change(one, employee_id=number)
    company.corp.put(facts("ann-before", display_name="Ann", employee_id="E-ann"))
    company.settle()
    company.later()
    return company


def numbers() -> dict[str, str]:
    own = {one: f"E-{one}" for one in ("ann", "ben", "dee", *COLLEAGUES)}
    return own | {COLLEAGUES[0]: SHARED}


def give_all(company: Harness, number: str | None) -> None:
    for one in (*numbers(), "ann-before"):
        company.corp.change(one, employee_id=number)


def put_right(company: Harness, *but: str) -> None:
    for one, number in numbers().items():
        if one not in but:
            company.corp.change(one, employee_id=number)
    company.corp.change("ann-before", employee_id="E-ann")
    company.settle()
    company.later()


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("number", [SHARED, None])
def test_who_has_another_account_is_still_here(crowded: Harness, full: bool, number: str | None) -> None:
    crowded.leave("ann")
    crowded.settle()
    assert crowded.tickets() == []  # their other account is active

    give_all(crowded, number)
    crowded.settle(full=full)
    crowded.later()
    crowded.corp.change("ann-before", display_name="Ann of old")  # a later record of the same account
    crowded.settle(full=full)
    assert crowded.tickets() == []

    put_right(crowded)
    assert crowded.tickets() == []
    crowded.leave("ann-before")
    crowded.settle()
    assert [ticket.state for ticket in crowded.tickets()] == [TicketState.OPEN]


@pytest.mark.parametrize("number", [SHARED, None])
def test_who_is_given_the_number_of_all_in_a_later_read_keeps_their_own_as_well(
    crowded: Harness, number: str | None
) -> None:
    crowded.leave("ann")
    give_all(crowded, number)
    crowded.corp.change("ann-before", employee_id="E-ann")
    crowded.settle()
    crowded.later()
    crowded.corp.change("ann-before", employee_id=number)
    crowded.settle()
    assert crowded.tickets() == []


def test_who_loses_their_number_after_all_were_put_right_is_joined_no_more(crowded: Harness) -> None:
    crowded.leave("ann")
    give_all(crowded, None)
    crowded.settle()
    crowded.later()
    crowded.corp.delete(COLLEAGUES[1])  # who is never put right
    put_right(crowded, COLLEAGUES[1])
    crowded.corp.change("ann-before", employee_id=None)
    crowded.settle()
    assert [ticket.state for ticket in crowded.tickets()] == [TicketState.OPEN]


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("is_new", [False, True])
def test_who_was_deleted_meanwhile_is_not_taken_for_who_has_the_number(
    crowded: Harness, full: bool, is_new: bool
) -> None:
    give_all(crowded, SHARED)
    leaver = "ben"
    if is_new:
        leaver = "eve"
        crowded.hire("eve")
        crowded.corp.change("eve", employee_id=SHARED)
        crowded.group("ward-9", "eve", admins=["dee"])
    crowded.settle(full=full)
    crowded.later()
    crowded.corp.delete(leaver)
    crowded.settle(full=full)
    assert [ticket.state for ticket in crowded.tickets()] == [TicketState.OPEN]

    put_right(crowded, leaver)
    crowded.settle(full=True)
    assert [ticket.state for ticket in crowded.tickets()] == [TicketState.OPEN]


def test_a_member_who_is_known_by_it_is_no_question_while_all_are_given_it(crowded: Harness) -> None:
    crowded.wards.add_member("ward-7", Member("employee:E-0", "Colleague", employee_id=SHARED))
    crowded.settle()
    crowded.later()
    give_all(crowded, SHARED)
    crowded.settle()
    crowded.later()
    crowded.settle(full=True)
    assert crowded.tickets() == []


def test_one_account_that_loses_its_number_is_joined_no_more(crowded: Harness) -> None:
    crowded.leave("ann")
    crowded.settle()
    crowded.later()
    crowded.corp.change("ann", employee_id=None)
    crowded.settle()
    assert [ticket.state for ticket in crowded.tickets()] == [TicketState.OPEN]


def test_a_word_that_stands_for_no_number_takes_the_place_of_one_that_was_wrong(crowded: Harness) -> None:
    for one in COLLEAGUES:
        crowded.corp.change(one, employee_id="N/A")
        crowded.settle()
        crowded.later()
    crowded.corp.change("ben", employee_id="E-ann")  # by mistake
    crowded.settle()
    crowded.later()
    crowded.corp.change("ben", employee_id="N/A")
    crowded.settle()
    crowded.later()
    crowded.leave("ben")
    crowded.settle()
    assert [ticket.state for ticket in crowded.tickets()] == [TicketState.OPEN]
