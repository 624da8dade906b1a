"""A leaver is gone from a group when none of their handles is left."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from handles import LID, NEW, OTHER_LID, questions, show, shown
from harness import Harness
from worker.domain.evidence.actor import Actor
from worker.domain.model import Member, Renumbered
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.storage.sql.tables import handle_tie


@pytest.fixture
def leaving(company: Harness) -> Harness:
    """Ann has left and is in the ward's group, where her LID is shown beside her number; her ticket is open."""
    show(company, "ann", lid=LID)
    company.leave("ann")
    company.settle()
    company.later()
    assert company.ticket().state is TicketState.OPEN
    return company


@pytest.mark.parametrize("handles", [{"phone": None, "lid": LID}, {"phone": NEW, "lid": LID}])
def test_a_leaver_under_another_handle_is_not_gone_and_the_ticket_follows(
    leaving: Harness, handles: dict[str, str | None]
) -> None:
    leaving.desk.done(1, Actor("dee"), leaving.now)
    handle = show(leaving, "ann", **handles)

    (ticket,) = leaving.tickets(TicketKind.REMOVE_MEMBER)
    assert (ticket.id, ticket.handle, ticket.state, ticket.reopened) == (1, handle, TicketState.OPEN, 1)
    assert "ticket.moved" in leaving.kinds()

    leaving.wards.remove_member("ward-7", handle)
    leaving.later()
    leaving.settle()
    assert leaving.ticket().state is TicketState.VERIFIED


def test_a_waiver_follows_too(leaving: Harness) -> None:
    leaving.desk.waive(1, Actor("sam"), "on loan", leaving.now)
    handle = show(leaving, "ann", phone=NEW, lid=LID)

    assert [(one.handle, one.state) for one in leaving.tickets(TicketKind.REMOVE_MEMBER)] == [
        (handle, TicketState.WAIVED)
    ]


def test_a_leaver_with_two_numbers_in_the_group_is_gone_when_both_are(company: Harness) -> None:
    """The first removal proves nothing while the person is listed, and the second one asks for the rest."""
    company.hire("ann", phones=(company.number("ann"), NEW))
    company.wards.add_member("ward-7", Member(NEW, "Ann", phone=NEW))
    company.leave("ann")
    company.settle()
    company.later()
    company.drop("ward-7", "ann")
    company.settle()

    states = {one.handle: one.state for one in company.tickets(TicketKind.REMOVE_MEMBER)}
    assert states == {company.number("ann"): TicketState.CANCELLED, NEW: TicketState.OPEN}

    company.wards.remove_member("ward-7", NEW)
    company.later()
    company.settle()
    states = {one.handle: one.state for one in company.tickets(TicketKind.REMOVE_MEMBER)}
    assert states == {company.number("ann"): TicketState.CANCELLED, NEW: TicketState.VERIFIED}


def test_a_removal_that_somebody_says_is_done_waits_for_proof_beside_another_handle(company: Harness) -> None:
    company.hire("ann", phones=(company.number("ann"), NEW))
    company.wards.add_member("ward-7", Member(NEW, "Ann", phone=NEW))
    company.leave("ann")
    company.settle()
    for one in company.tickets(TicketKind.REMOVE_MEMBER):
        company.desk.done(one.id, Actor("dee"), company.now)
    company.later()
    company.drop("ward-7", "ann")
    company.reconcile(full=True)
    assert {one.state for one in company.tickets(TicketKind.REMOVE_MEMBER)} == {TicketState.DONE}
    company.wards.remove_member("ward-7", NEW)
    company.later()
    company.settle()
    assert {one.state for one in company.tickets(TicketKind.REMOVE_MEMBER)} == {TicketState.VERIFIED}


def test_whoever_may_be_the_leaver_keeps_the_ticket_open_until_somebody_says_who_it_is(
    company: Harness,
) -> None:
    """A username is no proof of who somebody is, but then it is none that they are gone either."""
    show(company, "ann", username="ann", business_id="GB.1")
    company.leave("ann")
    company.settle()
    hidden = show(company, "ann", phone=None, username="ann", business_id="GB.2")

    assert company.ticket().state is TicketState.OPEN
    assert questions(company) == [hidden]

    company.identifying.confirm(hidden, "eve", Actor("sam"), company.now)
    company.later()
    company.settle()
    assert company.ticket().state is TicketState.VERIFIED


HOME = "ann@home.example"


@pytest.mark.parametrize(
    "before, after",
    [
        ({}, Member("name:ann", "ANN")),
        ({}, Member(NEW, "Ann", phone=NEW)),
        ({"email": HOME}, Member(f"email:{HOME}", "A. Ash", email=HOME)),
        ({"employee_id": "A-7"}, Member(NEW, "A. Ash", phone=NEW, employee_id="a-7")),
    ],
    ids=["cleared", "changed", "address", "employee id"],
)
def test_a_row_that_may_be_the_leavers_keeps_the_ticket_open(
    company: Harness, before: dict[str, str], after: Member
) -> None:
    """A number that is spoilt, cleared or filled in makes another handle of the same row."""
    show(company, "ann", **before)
    company.leave("ann")
    company.settle()
    company.later()
    company.wards.replace_member("ward-7", company.number("ann"), after)
    company.settle()
    assert company.ticket().state is TicketState.OPEN

    company.identifying.reject(after.handle, Actor("sam"), "a colleague from outside", company.now)
    company.later()
    company.settle()
    assert company.ticket().state is TicketState.VERIFIED


def test_another_account_with_the_leavers_name_does_not_keep_the_ticket_open(leaving: Harness) -> None:
    namesake = Member(OTHER_LID, "Ann", lid=OTHER_LID)
    leaving.wards.replace_member("ward-7", leaving.number("ann"), namesake)
    leaving.settle()
    assert leaving.ticket().state is TicketState.VERIFIED


def test_a_row_with_the_leavers_address_is_the_leavers_whatever_its_number(company: Harness) -> None:
    email = "ann@corp.example"
    show(company, "ann", email=email)
    company.leave("ann")
    company.settle()
    company.later()
    company.wards.replace_member("ward-7", company.number("ann"), Member(NEW, "Ann", phone=NEW, email=email))
    company.settle()
    (ticket,) = company.tickets(TicketKind.REMOVE_MEMBER)
    assert (ticket.id, ticket.handle, ticket.state) == (1, NEW, TicketState.OPEN)
    assert questions(company) == []


@pytest.mark.parametrize("is_late", [False, True], ids=["before the read", "days after the proof"])
def test_a_leaver_whose_number_changed_by_a_call_is_asked_to_be_removed(
    company: Harness, *, is_late: bool
) -> None:
    """A call that comes late costs time: what was taken for gone is found under the new number."""
    company.leave("ann")
    company.settle()
    company.later()
    old, changed_at = company.number("ann"), company.now
    company.wards.replace_member("ward-7", old, Member(NEW, phone=NEW))
    if is_late:
        company.settle()
        assert company.ticket().state is TicketState.VERIFIED
        company.later(days=3)
    company.wards.keep_renumbered([Renumbered(old, NEW, changed_at)])
    company.settle()
    open_ones = [
        one.handle for one in company.tickets(TicketKind.REMOVE_MEMBER) if one.state is TicketState.OPEN
    ]
    assert open_ones == [NEW]


def test_who_is_forgotten_leaves_no_tie(leaving: Harness) -> None:
    handle = show(leaving, "ann", phone=NEW, lid=LID, username="ann")
    leaving.wards.remove_member("ward-7", handle)
    leaving.wards.replace_member("ward-7", leaving.number("ben"), shown(leaving, "ben", lid=OTHER_LID))
    leaving.later()
    leaving.settle()
    leaving.desk.erase("ann", Actor("sam"), "asked for", leaving.now)

    with leaving.engine.connect() as connection:
        kept = connection.execute(sa.select(handle_tie.c.handle, handle_tie.c.other)).all()
    assert [tuple(row) for row in kept] == [(leaving.number("ben"), OTHER_LID)]
