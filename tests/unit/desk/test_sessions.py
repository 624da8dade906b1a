"""Sessions of the console: how they end, what a form gets that comes after it, and what browsers are told to keep."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from itertools import count

import pytest
from starlette.testclient import TestClient

from audit_checks import problems
from desk_caller import Caller, desk_of
from desk_setup import services_of
from harness import Harness, company_fixture
from worker.desk.app import desk_app
from worker.desk.sessions import SESSION_LIFE
from worker.domain.tickets.ticket import TicketState


@company_fixture
def ward() -> Harness:
    harness = Harness()
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    return harness


@pytest.fixture
def desk(ward: Harness) -> Caller:
    return desk_of(ward)


def test_a_form_after_the_session_changes_nothing_and_loses_no_words(desk: Caller, ward: Harness) -> None:
    desk.sign_in("sam", "operator")
    desk.get("/tickets/T-000001")
    ward.later(seconds=SESSION_LIFE.total_seconds())

    page = desk.post("/tickets/T-000001/act", {"act": "waive", "reason": "agreed with <kim> & the ward"})

    assert page.status_code == 403
    assert "Nothing was changed." in page.text
    assert "agreed with <kim> & the ward" in unescape(page.text)
    assert "<kim>" not in page.text
    assert ward.ticket().state is TicketState.OPEN


def test_a_session_ends_when_a_directory_says_that_its_person_has_left(desk: Caller, ward: Harness) -> None:
    ward.hire("zoe", email="zoe@corp.example")
    ward.settle()
    desk.sign_in("zoe@corp.example", "approver", "auditor")
    assert desk.get("/audit").url.path == "/audit"
    desk.get("/tickets/T-000001")
    ward.leave("zoe")
    ward.settle()

    assert desk.post("/tickets/T-000001/act", {"act": "waive", "reason": "may stay"}).status_code == 403
    assert ward.ticket().state is TicketState.OPEN
    assert desk.get("/audit").url.path == "/login"
    again = desk.sign_in("zoe@corp.example", "approver")
    assert again.status_code == 403
    assert "Your account in the directory is not active." in again.text


def test_a_part_of_a_page_without_a_session_leads_to_signing_in_and_back(desk: Caller) -> None:
    answer = desk.client.get("/sources", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login")
    assert desk.sign_in("sam", "viewer").url.path == "/sources"


@pytest.mark.parametrize("path", ["/sources/病院", "/sources/a;b", "/sources/" + "x" * 3000])
def test_any_address_asks_to_sign_in(desk: Caller, path: str) -> None:
    assert desk.get(path).url.path == "/login"

    assert desk.sign_in("sam", "viewer").status_code in {200, 404}


def test_signing_in_comes_back_to_the_same_filter(desk: Caller) -> None:
    desk.get("/charts?weeks=26")

    assert str(desk.sign_in("sam", "viewer").url).endswith("/charts?weeks=26")


@pytest.mark.parametrize(
    "way", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example"]
)
def test_a_way_back_leads_nowhere_else(desk: Caller, way: str) -> None:
    desk.client.cookies.set("__Host-whosleft-way", way, domain="whosleft.example.org")

    assert desk.sign_in("sam", "viewer").url.host == "whosleft.example.org"


def test_signing_out_with_the_page_of_an_earlier_session_says_that_nothing_was_done(desk: Caller) -> None:
    desk.sign_in("sam", "viewer")
    found = re.search(r'form_token" value="([^"]+)', desk.get("/").text)
    assert found is not None
    desk.sign_in("sam", "viewer")

    assert desk.post("/logout", token=found[1]).status_code == 409
    assert desk.get("/").url.path == "/"


def test_cookies_are_dropped_as_browsers_take_them(desk: Caller) -> None:
    desk.sign_in("sam", "viewer")
    desk.get("/")
    desk.client.follow_redirects = False

    dropped = desk.post("/logout").headers.get_list("set-cookie")

    assert [one.partition("=")[0] for one in dropped] == ["__Host-whosleft"]
    assert all("Secure" in one and "Path=/" in one for one in dropped), (
        "a browser ignores __Host- without them"
    )


def test_a_session_is_a_new_one_at_each_sign_in(desk: Caller) -> None:
    desk.client.cookies.set("__Host-whosleft", "chosen-by-somebody-else", domain="whosleft.example.org")
    desk.sign_in("sam", "viewer")

    values = [one.value for one in desk.client.cookies.jar if one.name == "__Host-whosleft"]
    assert "chosen-by-somebody-else" not in values


def test_the_check_of_the_journal_explains_a_session_while_the_clock_goes_on(
    ward: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = count()
    monkeypatch.setattr(ward, "clock", lambda: ward.now + timedelta(microseconds=next(ticks)))
    desk = desk_of(ward)
    desk.sign_in("sam", "operator")
    desk.get("/tickets/T-000001")
    desk.post("/tickets/T-000001/act", {"act": "waive", "reason": "agreed with the ward"})

    assert ward.ticket().state is TicketState.WAIVED
    assert all(one.startswith("login link") for one in problems(ward)), "which the test made by itself"


def test_only_our_own_file_is_kept_for_ever(desk: Caller) -> None:
    page = desk.get("/login").text
    ours = re.search(r'href="(/static/desk.css\?v=\w+)"', page)
    assert ours is not None

    assert "immutable" in desk.get(ours[1]).headers["cache-control"]
    assert desk.get("/static/desk.css?v=of-another-release").headers["cache-control"] == "no-cache"


def test_roles_that_a_session_has_last_as_long_as_it(desk: Caller, ward: Harness) -> None:
    desk.sign_in("sam", "auditor")
    ward.later(seconds=(SESSION_LIFE - timedelta(seconds=1)).total_seconds())
    assert desk.get("/audit").status_code == 200

    ward.later(seconds=1)

    assert desk.get("/audit").url.path == "/login"


@pytest.mark.parametrize(
    "url, prefix", [("https://whosleft.example.org", "__Host-"), ("http://127.0.0.1:8080", "")]
)
def test_over_tls_every_cookie_is_secure_and_this_host_s_alone(ward: Harness, url: str, prefix: str) -> None:
    services = services_of(ward)
    services = replace(services, place=replace(services.place, url=url))
    desk = Caller(ward, app := desk_app(services), TestClient(app, base_url=url, follow_redirects=False))
    asked = desk.get("/tickets")
    chosen = desk.get("/language?to=de&back=/")
    signed_in = desk.sign_in("sam", "viewer")
    given = [
        line
        for answer in (asked, chosen, signed_in)
        for line in answer.headers.get_list("set-cookie")
        if "=" in line
    ]

    assert {line.partition("=")[0] for line in given} == {
        f"{prefix}whosleft-way",
        f"{prefix}whosleft-language",
        f"{prefix}whosleft",
    }
    for line in given:
        attributes = {part.strip().partition("=")[0].casefold() for part in line.split(";")[1:]}
        assert {"path", "httponly", "samesite"} <= attributes
        assert "domain" not in attributes
        assert ("secure" in attributes) is bool(prefix)
