"""The page of a ticket that asks who is in a group: one button leads to the list, and opening it makes no link."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest

from declaring import add_declared
from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.app.acts.declared import FilledIn
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import TicketKind, TicketState

ME = Actor("sam")


@company_fixture
def ward() -> Harness:
    """Ward 7 of its owner ann, which its admin dee declared a month ago."""
    harness = Harness()
    harness.hire("ann", "dee")
    harness.group("ward-7", "ann", admins=["dee"], owner_email="ann@corp.example")
    add_declared(harness, confirm_every=timedelta(days=30))
    harness.settle()
    declaring = harness.app.declaring
    token = declaring.link("ward-7", ME, harness.now).rpartition("/g/")[2]
    shown = declaring.look(token, harness.now)
    said = FilledIn(shown.mark, frozenset(mark for mark, _ in shown.members))
    declaring.declare(token, said, declaring.check(token, said, harness.now).mark, harness.now)
    harness.later(days=30)
    harness.settle()
    harness.later()
    return harness


@pytest.fixture
def phone(ward: Harness) -> Caller:
    return desk_of(ward)


def number(harness: Harness) -> int:
    [ticket] = harness.tickets(TicketKind.CONFIRM_ROSTER)
    return ticket.id


def links_made(harness: Harness) -> int:
    return sum(one.entry.event == events.GROUP_LINK_MADE for one in harness.journal())


def test_its_button_leads_to_the_list_and_only_the_button_makes_a_link(phone: Caller, ward: Harness) -> None:
    at, before = phone.ticket(number(ward)), links_made(ward)
    page = phone.get(at).text
    assert "Open the list of members" in page
    assert "last confirmed on 24 Nov 2026" in html.unescape(page)
    assert "/done" not in page
    assert links_made(ward) == before
    there = phone.post(f"{at}/roster")
    assert there.url.path.startswith("/g/")
    assert "Who is in Ward 7?" in html.unescape(there.text)
    assert links_made(ward) == before + 1


def test_done_is_no_answer_and_a_forged_form_leads_nowhere(phone: Caller, ward: Harness) -> None:
    at = phone.ticket(number(ward))
    phone.get(at)
    phone.post(f"{at}/done")
    assert phone.post(f"{at}/roster", token="x").url.path == at
    [ticket] = ward.tickets(TicketKind.CONFIRM_ROSTER)
    assert ticket.state is TicketState.OPEN


def test_a_ticket_of_another_kind_leads_to_no_list(phone: Caller, ward: Harness) -> None:
    ward.leave("ann")
    ward.settle()
    [removal] = ward.tickets(TicketKind.REMOVE_MEMBER)
    at = phone.ticket(removal.id)
    phone.get(at)
    assert phone.post(f"{at}/roster").url.path == at


def test_who_is_in_no_directory_reads_what_to_do(phone: Caller, ward: Harness) -> None:
    ward.desk.assign(number(ward), "out@example.com", ME, ward.now)
    page = phone.get(phone.ticket(number(ward))).text
    assert "Only somebody whom the directory knows" in page
    assert "Open the list of members" not in page


def test_whom_the_directory_knows_by_their_address_gets_the_list(phone: Caller, ward: Harness) -> None:
    """The admin says that it is not their group, and its owner has it by the address alone."""
    token = phone.ticket(number(ward)).rpartition("/")[2]
    ward.assigned.answer(token, Answer.NOT_MY_GROUP, "", ward.now)
    assert (owner := ward.ticket(number(ward)).assignee) is not None
    assert (owner.email, owner.person) == ("ann@corp.example", None)
    at = phone.ticket(number(ward))
    assert "Open the list of members" in phone.get(at).text
    assert phone.post(f"{at}/roster").url.path.startswith("/g/")
    [*_, made] = [one.entry for one in ward.journal() if one.entry.event == events.GROUP_LINK_MADE]
    assert (made.actor, made.data["to"]) == ("corp/ann", "corp/ann")
