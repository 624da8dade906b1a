"""A group that begins to show hidden identities alone: a leaver's number is gone, and they may be there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from handles import LID, OTHER_LID
from harness import Harness
from worker.domain.evidence.actor import Actor
from worker.domain.model import Coverage, Member
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState

ME = Actor("sam")
CREW = ("ann", "ben", "cem", "dee")


def lid(who: str) -> str:
    return f"9{CREW.index(who):013d}@lid"


def hide(company: Harness, *people: str) -> None:
    """The messenger shows these by hidden identities alone from now on."""
    for who in people:
        shown = next(one for one in company.wards.members("ward-7") if one.handle == company.number(who))
        hidden = replace(shown, handle=lid(who), lid=lid(who), phone=None)
        company.wards.replace_member("ward-7", company.number(who), hidden)


def read(company: Harness) -> None:
    company.later()
    company.settle()


def removal(company: Harness) -> Ticket:
    [ticket] = company.tickets(TicketKind.REMOVE_MEMBER)
    return ticket


@pytest.fixture
def leaving(company: Harness) -> Harness:
    """Ann has left, and is in the ward's group, which shows numbers alone."""
    company.leave("ann")
    read(company)
    assert removal(company).state is TicketState.OPEN
    return company


def test_a_leaver_among_those_who_are_hidden_at_once_is_not_proven_to_be_out(leaving: Harness) -> None:
    hide(leaving, *CREW)
    for _ in range(3):
        read(leaving)
    ticket = removal(leaving)
    assert ticket.state is TicketState.OPEN
    with leaving.store.reading() as uow:
        assert [one.shows for one in uow.tickets.seen_in([ticket])[ticket.id]] == [None]


def answer(company: Harness, **whose: str | None) -> None:
    """People say whose the identity of each is."""
    for who, person in whose.items():
        if person is None:
            company.identifying.reject(lid(who), ME, "from outside", company.now)
        else:
            company.identifying.confirm(lid(who), person, ME, company.now)


def test_it_is_proven_once_each_identity_is_known_to_be_somebody_else(leaving: Harness) -> None:
    """Whoever comes later is not waited for."""
    hide(leaving, "ben", "cem", "dee")
    leaving.drop("ward-7", "ann")
    read(leaving)
    assert removal(leaving).state is TicketState.OPEN, "she may be one of them"
    answer(leaving, ben="ben", cem=None)
    read(leaving)
    assert removal(leaving).state is TicketState.OPEN
    answer(leaving, dee="dee")
    leaving.wards.add_member("ward-7", Member(LID, lid=LID))
    read(leaving)
    assert (removal(leaving).state, removal(leaving).grade) == (TicketState.VERIFIED, Grade.A)


def test_it_goes_on_under_the_identity_that_is_hers(leaving: Harness) -> None:
    hide(leaving, *CREW)
    read(leaving)
    answer(leaving, ann="ann")
    read(leaving)
    assert (removal(leaving).handle, removal(leaving).state) == (lid("ann"), TicketState.OPEN)
    leaving.wards.remove_member("ward-7", lid("ann"))
    read(leaving)
    assert removal(leaving).state is TicketState.VERIFIED, "the others are unknown, and none of them is she"


def test_a_claim_is_neither_proven_nor_denied_and_is_void_in_time(leaving: Harness) -> None:
    leaving.desk.done(1, Actor("dee"), leaving.now)
    hide(leaving, *CREW)
    read(leaving)
    assert removal(leaving).state is TicketState.DONE
    leaving.later(days=14)
    read(leaving)
    assert (removal(leaving).state, removal(leaving).contradicted) == (TicketState.OPEN, 0)
    read(leaving)
    assert removal(leaving).state is TicketState.OPEN


def test_who_shows_the_number_again_shows_that_she_is_in_or_out(leaving: Harness) -> None:
    numbers = leaving.wards.members("ward-7")
    hide(leaving, *CREW)
    read(leaving)
    for who in CREW:
        leaving.wards.remove_member("ward-7", lid(who))
    for one in numbers:
        leaving.wards.add_member("ward-7", one)
    read(leaving)
    leaving.drop("ward-7", "ann")
    read(leaving)
    assert removal(leaving).state is TicketState.VERIFIED


@pytest.mark.parametrize("is_late", [False, True], ids=["before", "between the two lists"])
def test_in_a_large_group_it_makes_no_difference_that_the_first_list_is_not_believed(
    company: Harness, *, is_late: bool
) -> None:
    """So many are gone at once that the list is believed when the next one says the same."""
    numbers = [f"+4477009008{at:02d}" for at in range(9)]
    for one in numbers:
        company.wards.add_member("ward-7", Member(one, phone=one))
    if not is_late:
        company.leave("ann")
    read(company)
    hide(company, *CREW)
    for at, one in enumerate(numbers):
        hidden = f"8{at:013d}@lid"
        company.wards.replace_member("ward-7", one, Member(hidden, lid=hidden))
    company.later()
    if is_late:
        company.leave("ann")
    company.poll()
    assert company.inventory().troubles
    company.reconcile()
    company.verify()
    for _ in range(2):
        read(company)
    assert removal(company).state is TicketState.OPEN


@pytest.mark.parametrize(
    "came",
    [Member("+447700900777", phone="+447700900777"), Member(LID, lid=LID, phone="+447700900777")],
    ids=["a number", "a number and an identity"],
)
def test_a_stranger_with_a_number_is_not_waited_for(leaving: Harness, came: Member) -> None:
    """That is how a ward replaces whoever leaves: decision 0098."""
    leaving.wards.replace_member("ward-7", leaving.number("ann"), came)
    read(leaving)
    assert removal(leaving).state is TicketState.VERIFIED


def test_nor_is_one_without_where_others_were_without_before(leaving: Harness) -> None:
    leaving.wards.add_member("ward-7", Member(LID, lid=LID))
    read(leaving)
    leaving.wards.replace_member("ward-7", leaving.number("ann"), Member(OTHER_LID, lid=OTHER_LID))
    read(leaving)
    assert removal(leaving).state is TicketState.VERIFIED


def test_nor_are_those_of_a_group_that_showed_some_when_it_was_first_seen(company: Harness) -> None:
    company.group("gate", "ann", "ben")
    company.wards.add_member("gate", Member(LID, lid=LID))
    read(company)
    company.leave("ann")
    read(company)
    company.wards.mark("gate", Coverage.PARTIAL)
    company.drop("gate", "ann")
    read(company)
    company.wards.mend()
    company.wards.add_member("gate", Member(OTHER_LID, lid=OTHER_LID))
    read(company)
    [at_gate] = [one for one in company.tickets(TicketKind.REMOVE_MEMBER) if one.home.group_id == "gate"]
    assert at_gate.state is TicketState.VERIFIED


def test_a_leaver_whose_own_identity_another_group_shows_is_gone_when_that_is(leaving: Harness) -> None:
    leaving.group("gate", "dee")
    leaving.wards.add_member("gate", replace(leaving.member("ann"), lid=LID))
    read(leaving)
    hide(leaving, "ben", "cem", "dee")
    leaving.drop("ward-7", "ann")
    read(leaving)
    states = {one.home.group_id: one.state for one in leaving.tickets(TicketKind.REMOVE_MEMBER)}
    assert states == {"ward-7": TicketState.VERIFIED, "gate": TicketState.OPEN}


@pytest.mark.parametrize("others", [(), ("ben", "cem", "dee")], ids=["none before", "beside numbers before"])
def test_the_first_identity_alone_may_be_hers_until_somebody_says_whose_it_is(
    leaving: Harness, others: tuple[str, ...]
) -> None:
    """A messenger may hide one number, too."""
    for who in others:
        leaving.wards.add_member("ward-7", replace(leaving.member(who), lid=lid(who)))
    read(leaving)
    leaving.wards.replace_member("ward-7", leaving.number("ann"), Member(LID, lid=LID))
    read(leaving)
    assert removal(leaving).state is TicketState.OPEN
    leaving.identifying.reject(LID, ME, "from outside", leaving.now)
    read(leaving)
    assert removal(leaving).state is TicketState.VERIFIED


def test_one_whom_another_group_made_known_is_nobody_to_wait_for(leaving: Harness) -> None:
    leaving.group("gate", "dee")
    leaving.wards.add_member("gate", Member(LID, lid=LID))
    read(leaving)
    leaving.identifying.confirm(LID, "eve", ME, leaving.now)
    leaving.wards.replace_member("ward-7", leaving.number("ann"), Member(LID, lid=LID))
    read(leaving)
    assert removal(leaving).state is TicketState.VERIFIED


@pytest.fixture
def shown_by_both(company: Harness) -> Harness:
    """Ann and Ben have left a ward of thirteen, which shows number and identity: Ann is waived."""
    for one in company.wards.members("ward-7"):
        who = next(who for who in CREW if company.number(who) == one.handle)
        company.wards.replace_member("ward-7", one.handle, replace(one, lid=lid(who)))
    for at in range(9):
        number = f"+4477009008{at:02d}"
        company.wards.add_member("ward-7", Member(number, phone=number, lid=f"8{at:013d}@lid"))
    read(company)
    company.leave("ann", "ben")
    read(company)
    waived = next(one.id for one in company.tickets() if one.person_name == "Ann")
    company.desk.waive(waived, ME, "agreed", company.now, company.now + timedelta(days=20))
    return company


def hide_all(company: Harness) -> None:
    for one in company.wards.members("ward-7"):
        assert one.lid is not None
        company.wards.replace_member("ward-7", one.handle, replace(one, handle=one.lid, phone=None))


def read_in_doubt(company: Harness) -> None:
    """Read the group again, whose list may not be believed yet."""
    company.later()
    company.inventory()
    company.reconcile()
    company.verify()
    company.reconcile()


def test_tickets_go_on_under_known_identities_while_the_list_is_not_believed_yet(
    shown_by_both: Harness,
) -> None:
    company, asked = shown_by_both, shown_by_both.tickets(TicketKind.REMOVE_MEMBER)
    hide_all(company)
    for _ in range(4):
        read_in_doubt(company)
        now = company.tickets(TicketKind.REMOVE_MEMBER)
        assert [(one.id, one.state, one.due_at) for one in now] == [
            (one.id, one.state, one.due_at) for one in asked
        ]
        assert sorted(one.handle or "" for one in now) == [lid("ann"), lid("ben")]


def test_and_back_under_the_numbers_when_these_are_shown_again(shown_by_both: Harness) -> None:
    company, asked = shown_by_both, shown_by_both.tickets(TicketKind.REMOVE_MEMBER)
    numbers = company.wards.members("ward-7")
    hide_all(company)
    read_in_doubt(company)
    for one in numbers:
        company.wards.replace_member("ward-7", one.lid or "", one)
    for _ in range(3):
        read_in_doubt(company)
    now = company.tickets(TicketKind.REMOVE_MEMBER)
    assert [(one.id, one.state, one.handle) for one in now] == [
        (one.id, one.state, one.handle) for one in asked
    ]
