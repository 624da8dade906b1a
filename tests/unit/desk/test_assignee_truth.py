"""What an assignee reads is true: after handing a ticket on, in a second window, when it is over, and of several."""

from __future__ import annotations

import re
from html import unescape

import pytest

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.app.acts.assignee import NOBODY
from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor
from worker.domain.identity.matching import Identity, IdentityState
from worker.domain.model import HandleKey, Member, Role
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import TicketKind, TicketState

STRANGER = HandleKey("wards", "+447700900777")
OUT_OF_DATE = "Nothing was changed: this page was out of date."


@company_fixture
def ward() -> Harness:
    """Ann has left, and is in two groups of dee's."""
    harness = Harness()
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.group("ward-8", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    return harness


@pytest.fixture
def phone(ward: Harness) -> Caller:
    return desk_of(ward)


@company_fixture
def stranger() -> Harness:
    """Two colleagues have the number of a member of the ward's group."""
    harness = Harness()
    harness.hire("ben", "dee")
    harness.hire("tom", "una", phones=(STRANGER.handle,))
    harness.group("ward-7", "ben", admins=["dee"])
    harness.wards.add_member("ward-7", Member(STRANGER.handle, "T", Role.MEMBER, phone=STRANGER.handle))
    harness.settle()
    harness.later()
    return harness


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def _token(harness: Harness) -> str:
    return harness.link(1).rpartition("/t/")[2]


def _link(harness: Harness) -> Identity | None:
    with harness.store.reading() as uow:
        return uow.identities.get(STRANGER)


# --- all of one's own -------------------------------------------------------------------------------------


def test_who_handed_a_ticket_on_still_gets_to_their_other_ones(phone: Caller) -> None:
    link = phone.ticket()
    phone.get(link)
    page = phone.post(f"{link}/answer", {"answer": "not_my_group"}).text
    found = re.search(r'href="(/me/[^"]+)">You have one more open ticket', page)
    assert found is not None

    mine = phone.get(found[1])

    assert mine.status_code == 200
    assert "Remove Ann from Ward 8" in _text(mine.text)
    assert "Ward 7" not in mine.text


def test_a_list_whose_ticket_moved_does_not_say_that_nothing_is_left(phone: Caller, ward: Harness) -> None:
    link = phone.ticket()
    ward.desk.assign(1, "ben@corp.example", Actor("sam"), ward.now)

    shown = _text(phone.get(link.replace("/t/", "/me/")).text)

    assert "nothing left to do" not in shown
    assert "Use the link in the newest message" in shown


def test_a_list_says_when_nothing_was_done(phone: Caller, ward: Harness) -> None:
    mine = phone.ticket().replace("/t/", "/me/")
    phone.get(mine)
    assert OUT_OF_DATE in _text(phone.post(f"{mine}/done", {"ticket": "1"}, token="x.y").text)
    ward.desk.waive(2, Actor("sam"), "agreed", ward.now)
    phone.get(mine)

    assert OUT_OF_DATE in _text(phone.post(f"{mine}/done", {"ticket": "2"}).text)
    assert OUT_OF_DATE not in _text(phone.post(f"{mine}/done").text), "nothing was ticked"


def test_a_list_thanks_for_what_was_done_and_offers_to_take_it_back_for_its_minute_alone(
    phone: Caller, ward: Harness
) -> None:
    mine = phone.ticket().replace("/t/", "/me/")
    assert "Thank you" not in phone.get(f"{mine}?done=1.2").text
    phone.post(f"{mine}/done", {"ticket": ["1", "2"]})
    page = phone.get(mine).text
    assert "2 are marked as done." in _text(page)
    assert 'data-left-s="60"' in page
    ward.later(seconds=60)

    assert f"{mine}/undo" not in phone.get(mine).text
    assert OUT_OF_DATE in _text(phone.post(f"{mine}/undo", {"ticket": ["1", "2"]}).text)
    assert {ticket.state for ticket in ward.tickets()} == {TicketState.DONE}


def test_many_are_taken_back_together(ward: Harness) -> None:
    names = [f"group-{number:03d}" for number in range(60)]
    for name in names:
        ward.group(name, "ann", "ben", admins=["dee"])
    ward.settle()
    phone = desk_of(ward)
    mine = phone.ticket().replace("/t/", "/me/")
    numbers = [str(ticket.id) for ticket in ward.tickets()]
    phone.get(mine)

    page = phone.post(f"{mine}/done", {"ticket": numbers}).text
    undone = re.findall(r'name="ticket" value="(\d+)"', page)
    phone.post(f"{mine}/undo", {"ticket": undone})

    assert undone == numbers
    assert {ticket.state for ticket in ward.tickets()} == {TicketState.OPEN}


# --- links that lead on -----------------------------------------------------------------------------------


def test_a_link_that_was_passed_on_is_no_way_around_links_that_were_made_dead(
    phone: Caller, ward: Harness
) -> None:
    other = phone.ticket(2).replace("/t/", "/me/")
    ward.assigned.revoke(1, Actor("sam"), ward.later(seconds=1), "it was posted in the group")

    page = phone.get(other).text

    assert "Remove Ann from Ward 8" in _text(page)
    assert "Ward 7" not in page
    phone.post(f"{other}/done", {"ticket": ["1", "2"]})
    assert [ticket.state for ticket in ward.tickets()] == [TicketState.OPEN, TicketState.DONE]


def test_no_link_makes_a_younger_one(phone: Caller, ward: Harness) -> None:
    mine = phone.ticket().replace("/t/", "/me/")
    ward.later(days=29)
    [first, second] = re.findall(r'href="(/t/[^"]+)"', phone.get(mine).text)
    assert phone.get(second).status_code == 200

    ward.later(days=1)

    assert {phone.get(link).status_code for link in (first, second, mine)} == {410}


# --- what is over -----------------------------------------------------------------------------------------


def test_nobody_is_said_to_have_left_who_came_back(phone: Caller, ward: Harness) -> None:
    link = phone.ticket()
    ward.corp.enable("ann")
    ward.later()
    ward.settle()
    assert ward.ticket().state is TicketState.CANCELLED

    assert "has left" not in phone.get(link).text
    phone.sign_in("sam", "viewer")
    assert "has left" not in phone.get("/tickets/T-000001").text.partition("History")[0]


def test_a_group_that_has_its_new_admin_is_not_said_to_need_one(ward: Harness) -> None:
    ward.leave("dee")
    ward.settle()
    ticket = ward.tickets(TicketKind.REASSIGN_ADMIN)[0]
    phone = desk_of(ward)
    link = phone.ticket(ticket.id)
    assert "needs a new admin" in phone.get(link).text

    assert "needs a new admin" not in phone.post(f"{link}/done", {"chosen": ""}).text


def test_a_removal_taken_back_waits_when_its_group_lost_the_other_admin_meanwhile() -> None:
    harness = Harness()
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ben", admins=["dee", "ann"])
    harness.settle()
    harness.leave("ann")
    harness.later()
    harness.settle()
    harness.desk.assign(1, "ben@corp.example", Actor("sam"), harness.now)
    harness.assigned.done(_token(harness), harness.now)
    harness.leave("dee")
    harness.later(seconds=5)
    harness.poll()

    taken_back = harness.assigned.undo(_token(harness), harness.later(seconds=5))

    assert taken_back.state is TicketState.BLOCKED, "nobody is to remove the last admin"
    harness.settle()
    assert harness.ticket().blocked_by is not None
    harness.close()


# --- who a member is --------------------------------------------------------------------------------------


def test_the_same_answer_twice_is_one_and_another_one_is_refused(stranger: Harness) -> None:
    token = _token(stranger)
    stranger.assigned.done(token, stranger.now, NOBODY)
    journal = len(stranger.journal())
    stranger.assigned.done(token, stranger.now, NOBODY)
    with pytest.raises(Refused, match="Somebody has said who it is"):
        stranger.assigned.done(token, stranger.now, "corp/una")

    link = _link(stranger)
    assert link is not None
    assert (link.state, len(stranger.journal())) == (IdentityState.NOBODY, journal)


def test_a_second_answer_does_not_undo_the_first_without_a_trace(stranger: Harness) -> None:
    token = _token(stranger)
    stranger.assigned.done(token, stranger.now, "corp/una")

    with pytest.raises(Refused, match="Somebody has said who it is"):
        stranger.assigned.done(token, stranger.now, NOBODY)

    link = _link(stranger)
    assert link is not None
    assert link.person == ("corp", "una")


def test_an_open_page_does_not_overrule_what_the_security_team_said(stranger: Harness) -> None:
    token = _token(stranger)
    stranger.identifying.confirm(STRANGER.handle, "corp/una", Actor("sam"), stranger.now)

    with pytest.raises(Refused, match="Somebody has said who it is"):
        stranger.assigned.done(token, stranger.now, NOBODY)

    link = _link(stranger)
    assert link is not None
    assert link.person == ("corp", "una")


def test_taking_an_answer_back_leaves_what_the_security_team_said_since(stranger: Harness) -> None:
    token = _token(stranger)
    stranger.assigned.done(token, stranger.now, "corp/una")
    stranger.identifying.confirm(STRANGER.handle, "corp/tom", Actor("sam"), stranger.later(seconds=5))

    stranger.assigned.undo(token, stranger.later(seconds=5))

    link = _link(stranger)
    assert link is not None
    assert link.person == ("corp", "tom")


def test_a_question_that_can_t_be_answered_is_handed_on_and_taken_back(stranger: Harness) -> None:
    token = _token(stranger)
    stranger.assigned.answer(token, Answer.NOT_IN_GROUP, "", stranger.now)

    stranger.assigned.undo(token, stranger.later(seconds=5))

    link = _link(stranger)
    assert link is not None
    assert link.state is IdentityState.AMBIGUOUS, "it was never answered, so nothing is asked again"


def test_who_knows_that_it_is_somebody_else_is_told_where_to_say_so(stranger: Harness) -> None:
    phone = desk_of(stranger)

    assert "Choose “I can't” below, and write who." in _text(phone.get(phone.ticket()).text)


# --- languages --------------------------------------------------------------------------------------------


def test_a_language_chosen_after_an_act_that_failed_leads_to_a_page(phone: Caller, ward: Harness) -> None:
    link = phone.ticket()
    phone.get(link)
    ward.assigned.revoke(1, Actor("sam"), ward.now)
    page = phone.post(f"{link}/done").text
    back = re.search(r'name="back" value="([^"]+)"', page)
    assert back is not None

    shown = phone.get(f"/language?to=de&back={back[1]}")

    assert (shown.url.path, shown.status_code) == (link, 410)
    assert 'lang="de"' in shown.text
