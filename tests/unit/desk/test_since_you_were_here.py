"""What somebody who comes back, or who lost their way, is told."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.app.acts.access import Access
from worker.domain.evidence.actor import Actor, Via, logged_in


@company_fixture
def ward() -> Harness:
    harness = Harness()
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.leave("ann")
    harness.settle()
    harness.later()
    return harness


@pytest.fixture
def desk(ward: Harness) -> Caller:
    caller = desk_of(ward)
    caller.sign_in("sam", "viewer")
    return caller


def follow(desk: Caller, words: str) -> str:
    assert desk.last is not None
    found = re.search(rf'<a href="([^"]+)">{words}</a>', desk.last.text)
    assert found is not None, words
    return desk.get(unescape(found[1])).text


def test_the_first_time_there_is_no_before(desk: Caller) -> None:
    assert "you were here" not in desk.get("/").text


def test_what_changed_is_listed_until_the_next_visit_in_every_tab(desk: Caller, ward: Harness) -> None:
    desk.get("/")
    ward.later(hours=25)
    ward.leave("ben")
    ward.settle()
    desk.sign_in("sam", "viewer")
    for _ in range(2):
        page = desk.get("/").text
        assert "Since you were here" in page
        assert "1 d 1 h ago" in page
        opened = follow(desk, "Tickets opened: 1")
        assert "T-000002" in opened
        assert "T-000001" not in opened
        ward.later(minutes=2)
    desk.get("/")
    late = follow(desk, "Tickets that became overdue: 1")
    assert "T-000001" in late
    assert "T-000002" not in late


def test_who_signs_in_anew_has_the_same_before(desk: Caller, ward: Harness) -> None:
    desk.get("/")
    ward.later(hours=13)
    desk.sign_in("sam", "viewer")
    assert "Nothing has changed since you were here:" in desk.get("/").text
    desk.sign_in("kim", "viewer")
    assert "you were here" not in desk.get("/").text


def test_two_who_come_by_links_of_one_account_have_each_their_own(desk: Caller, ward: Harness) -> None:
    def come(name: str) -> None:
        by = Actor("root", logged_in("root"), Via.COMMAND)
        secret = Access(ward.store).make_login_link(name, ["operator"], by, ward.now, timedelta(hours=1))
        desk.get(f"/login/{secret}")
        desk.post(f"/login/{secret}")

    come("Sam")
    desk.get("/tickets")
    assert "Late ones" in desk.post("/tickets/saved", {"name": "Late ones"}).text
    desk.get("/")
    ward.later(hours=25)

    come("Kim")
    assert "you were here" not in desk.get("/").text
    assert "Late ones" not in desk.get("/tickets").text
    come("Sam")
    assert "you were here" in desk.get("/").text
    assert "Late ones" in desk.get("/tickets").text


def test_plans_that_were_held_meanwhile_are_listed(desk: Caller, ward: Harness) -> None:
    temps = [f"temp{number:02d}" for number in range(30)]
    ward.hire(*temps, org_unit="OU=Temps")
    ward.group("hall", *temps, admins=["dee"])
    ward.settle()
    desk.get("/")
    ward.later()
    ward.leave(*temps)
    ward.settle()
    page = desk.get("/").text
    assert 'Plans held: <a href="/plans/P-000001">P-000001</a>' in page


def test_an_address_that_nothing_has_keeps_the_menu_for_who_is_signed_in(desk: Caller, ward: Harness) -> None:
    page = desk.get("/no/such/page")
    assert page.status_code == 404
    assert "There is no such page" in page.text
    assert 'href="/tickets"' in page.text
    stranger = desk_of(ward).get("/no/such/page")
    assert stranger.status_code == 404
    assert 'href="/tickets"' not in stranger.text


def test_the_start_says_what_it_is_to_who_has_opened_a_ticket_s_link(ward: Harness) -> None:
    nurse = desk_of(ward)
    assert nurse.get("/").url.path == "/login"
    nurse.get(nurse.ticket())
    page = nurse.get("/")
    assert page.url.path == "/"
    assert "Open the link again" in page.text
    assert 'href="/login"' in page.text
    assert nurse.ticket() not in str(nurse.client.cookies), "it is no key"
    nurse.sign_in("sam", "viewer")
    assert "memberships of leavers" in nurse.get("/").text
    assert desk_of(ward).get("/t/forged").cookies == {}
