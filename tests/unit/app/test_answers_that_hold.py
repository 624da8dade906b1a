"""Who a member is stays known: by another name, and where several groups show more or less of the same member."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handles import NEW, behind, questions
from harness import Harness
from worker.domain.evidence.actor import Actor
from worker.domain.identity.matching import How, IdentityState
from worker.domain.model import Member
from worker.domain.tickets.ticket import TicketKind, TicketState

CHOSEN = ("Night nurse", "Ann B.")
TYPED = ("ANN LEE", "Ann\u200e  Lee")
BUSINESS = "GB.13491208655302741918"
READS = 4
BARE = Member(NEW, "Ann", phone=NEW)
MAILED = replace(BARE, email="ann@corp.example")
SHARED = Member(NEW, "Ann, Ben")  # of two people, so it says nothing of either


@pytest.mark.parametrize("name", CHOSEN)
def test_an_account_by_another_name_is_still_the_leavers(company: Harness, name: str) -> None:
    _goes_on(company, Member("U0A1", "Ann", native_id="U0A1"), Member("U0A1", name, native_id="U0A1"))


def test_an_account_by_another_username_is_still_the_leavers(company: Harness) -> None:
    before, after = (
        Member(BUSINESS, username=name, business_id=BUSINESS, native_id=BUSINESS)
        for name in ("@ann", "@night")
    )
    _goes_on(company, before, after)


@pytest.mark.parametrize("name", TYPED)
def test_a_name_typed_in_other_letters_is_still_the_leavers(company: Harness, name: str) -> None:
    _goes_on(company, Member("name:ann lee", "Ann Lee"), Member("name:ann lee", name))


def _goes_on(company: Harness, before: Member, after: Member) -> None:
    company.wards.replace_member("ward-7", company.number("ann"), before)
    company.settle()
    company.identifying.confirm(before.handle, "ann", Actor("dee"), company.now)
    company.leave("ann")
    company.settle()
    company.later()
    company.wards.replace_member("ward-7", before.handle, after)
    company.settle()
    assert [one.state for one in company.tickets(TicketKind.REMOVE_MEMBER)] == [TicketState.OPEN]
    assert [one.state for one in company.tickets(TicketKind.IDENTIFY_MEMBER)] == [TicketState.VERIFIED]


@pytest.mark.parametrize("swapped", [False, True])
def test_a_leaver_whose_address_one_of_two_lists_has_is_asked_for_in_both(
    company: Harness, swapped: bool
) -> None:
    _listed_twice(company, *((BARE, MAILED) if swapped else (MAILED, BARE)))
    company.leave("ann")
    company.settle()

    for _ in range(READS):
        company.later()
        company.settle()
        found = [(one.home.group_id, one.state) for one in company.tickets(TicketKind.REMOVE_MEMBER)]
        assert found == [("ward-7", TicketState.OPEN), ("ward-8", TicketState.OPEN)]
    assert questions(company) == []
    assert company.kinds().count("ticket.reopened") == 0


@pytest.mark.parametrize("answer", ["ann", None])
def test_an_answer_holds_where_two_lists_show_more_and_less_of_a_member(
    company: Harness, answer: str | None
) -> None:
    _listed_twice(company, replace(MAILED, email="a.lee@mail.example"), BARE)
    if answer:
        company.identifying.confirm(NEW, answer, Actor("sam"), company.now)
    else:
        company.identifying.reject(NEW, Actor("sam"), "an agency nurse", company.now)
    answered = behind(company, NEW)

    for _ in range(READS):
        company.later()
        company.settle()
        assert behind(company, NEW) == answered
    assert questions(company) == [NEW]


@pytest.mark.parametrize("other", [BARE, MAILED])
def test_a_number_that_two_people_have_in_one_list_is_a_question_in_all(
    company: Harness, other: Member
) -> None:
    company.corp.change("ann", phones=(NEW,))
    _listed_twice(company, SHARED, other)

    for _ in range(READS):
        company.later()
        company.settle()
        assert behind(company, NEW).state is IdentityState.UNMATCHED
    assert questions(company) == [NEW]


def test_of_two_addresses_for_one_number_neither_says_who_it_is(company: Harness) -> None:
    _listed_twice(company, MAILED, replace(BARE, email="ben@corp.example"))
    assert behind(company, NEW).state is IdentityState.UNMATCHED

    company.corp.change("ben", phones=(NEW,))  # the number does
    company.later()
    company.settle()
    assert behind(company, NEW).how is How.PHONE


def test_an_address_that_a_list_no_longer_shows_says_nothing_any_more(company: Harness) -> None:
    _listed_twice(company, MAILED, BARE)
    assert behind(company, NEW).person == company.person("ann").key

    company.wards.replace_member("ward-7", NEW, BARE)
    company.later()
    company.settle()
    assert behind(company, NEW).state is IdentityState.UNMATCHED


def _listed_twice(company: Harness, in_one: Member, in_other: Member) -> None:
    """The same number in two lists of one source."""
    company.corp.change("ann", email="ann@corp.example")
    company.corp.change("ben", email="ben@corp.example")
    company.group("ward-8", admins=["dee"])
    company.drop("ward-7", "ann")
    company.wards.add_member("ward-7", in_one)
    company.wards.add_member("ward-8", in_other)
    company.settle()


# --- nobody of the directory ----------------------------------------------------------------------------------


def _said_to_be_nobody(company: Harness) -> None:
    company.wards.add_member("ward-7", BARE)
    company.settle()
    company.identifying.reject(NEW, Actor("sam"), "an agency nurse", company.now)
    company.settle()
    company.later()


def test_who_is_hired_with_the_number_of_nobody_is_asked_about_until_a_person_answers(
    company: Harness,
) -> None:
    _said_to_be_nobody(company)
    company.hire("ivy", phones=(NEW,))
    company.settle()
    ivy = company.person("ivy").key
    assert [one.is_live for one in company.tickets(TicketKind.IDENTIFY_MEMBER)] == [True]
    for _ in range(READS):
        company.leave("ivy")
        company.later(days=1)
        company.settle(full=True)
        asked = behind(company, NEW)
        assert (asked.state, [one.key for one in asked.suggestions]) == (IdentityState.AMBIGUOUS, [ivy])
    company.identifying.confirm(NEW, "ivy", Actor("sam"), company.now)
    company.settle()
    assert [one.person for one in company.tickets(TicketKind.REMOVE_MEMBER)] == [ivy]


def test_a_phone_that_is_nobodys_again_stays_so_for_the_next_who_is_hired_with_it(company: Harness) -> None:
    _said_to_be_nobody(company)
    company.hire("ivy", phones=(NEW,))
    company.settle()
    company.later()
    company.identifying.reject(NEW, Actor("sam"), "the ward's phone", company.now)
    company.later()
    company.hire("joe", phones=(NEW,))
    company.settle()
    assert behind(company, NEW).state is IdentityState.NOBODY


def test_nobody_stays_nobody_when_somebody_who_was_here_gets_the_number(company: Harness) -> None:
    _said_to_be_nobody(company)
    company.corp.change("eve", phones=(company.number("eve"), NEW))
    company.settle()
    assert behind(company, NEW).state is IdentityState.NOBODY
