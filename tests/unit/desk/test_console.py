"""The security team's console: getting in, who may see and do what, and what its pages and lists show."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import timedelta

import pytest

from console_ward import console_ward, link_of, text_of
from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.app.acts.access import hashed
from worker.domain.evidence.actor import Actor
from worker.domain.reconcile.guard import HoldState
from worker.domain.tickets.ticket import TicketState
from worker.ports.state.access import Visitor

PAGES = ("/", "/tickets", "/groups", "/people", "/questions", "/plans", "/sources", "/sources/corp", "/policies",
         "/what-if", "/charts", "/controls", "/controls/people.leaver",
         "/tickets/T-000002", "/plans/P-000001", "/policies?ticket=T-2")  # fmt: skip


@company_fixture
def ward() -> Harness:
    return console_ward()


@pytest.fixture
def desk(ward: Harness) -> Caller:
    return desk_of(ward)


# --- getting in -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_every_page_asks_to_sign_in_first_and_comes_back_to_it(desk: Caller, path: str) -> None:
    page = desk.get(path)
    assert page.url.path == "/login"

    page = desk.sign_in("sam", "viewer")

    assert page.url.path == path.partition("?")[0]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_page_shows(desk: Caller, path: str, language: str) -> None:
    desk.sign_in("sam", "viewer")
    desk.language = language

    page = desk.get(path)

    assert page.status_code == 200, page.text
    assert ('dir="rtl"' in page.text) is (language == "ar")
    assert "Ward <7>" not in page.text


def test_a_login_link_works_once_and_opening_it_uses_nothing_up(desk: Caller, ward: Harness) -> None:
    with ward.store.begin() as uow:
        uow.access.add_login_link(
            hashed("s"), Visitor("sam", ("viewer",)), "root", ward.now + timedelta(hours=1)
        )
    desk.get("/login/s")
    desk.get("/login/s")
    assert desk.post("/login/s").url.path == "/"

    second = desk_of(ward, app=desk.app)
    second.get("/login/s")

    page = second.post("/login/s")

    assert page.status_code == 403
    assert "used already" in text_of(page.text)


def test_signing_out_ends_the_session_for_good(desk: Caller) -> None:
    desk.sign_in("sam", "viewer")
    cookie = desk.client.cookies["__Host-whosleft"]

    desk.get("/")
    desk.post("/logout")

    desk.client.cookies.set("__Host-whosleft", cookie, domain="whosleft.example.org")
    assert desk.get("/").url.path == "/login"


def test_a_session_ends_after_a_shift(desk: Caller, ward: Harness) -> None:
    desk.sign_in("sam", "viewer")
    ward.later(hours=12)

    assert desk.get("/").url.path == "/login"


def test_the_cookie_is_for_this_host_over_tls_and_no_script(desk: Caller) -> None:
    desk.sign_in("sam", "viewer")

    [cookie] = [c for c in desk.client.cookies.jar if c.name == "__Host-whosleft"]
    assert cookie.secure
    assert cookie.has_nonstandard_attr("HttpOnly")


# --- who may do what --------------------------------------------------------------------------------------


@pytest.mark.parametrize("role, path, status", [
    ("viewer", "/audit", 403), ("operator", "/audit", 403), ("approver", "/audit", 403), ("auditor", "/audit", 200),
    ("auditor", "/tickets", 200),
])  # fmt: skip
def test_pages_are_for_their_roles(desk: Caller, role: str, path: str, status: int) -> None:
    desk.sign_in("sam", role)

    assert desk.get(path).status_code == status


@pytest.mark.parametrize(
    "role, status", [("viewer", 403), ("auditor", 403), ("operator", 200), ("approver", 200)]
)
def test_only_some_may_act(desk: Caller, ward: Harness, role: str, status: int) -> None:
    desk.sign_in("sam", role)
    desk.get("/tickets/T-000002")

    assert desk.post("/tickets/T-000002/act", {"act": "done"}).status_code == status
    assert (ward.ticket(2).state is TicketState.DONE) is (status == 200)


@pytest.mark.parametrize("role, status", [("viewer", 403), ("operator", 403), ("approver", 200)])
def test_only_approvers_release(desk: Caller, ward: Harness, role: str, status: int) -> None:
    desk.sign_in("sam", role)
    desk.get("/plans/P-000001")

    assert (
        desk.post("/plans/P-000001/decide", {"which": "all", "verdict": "release", "reason": "r"}).status_code
        == status
    )
    assert (ward.plans()[0].state is HoldState.RELEASED) is (status == 200)


@pytest.mark.parametrize("token", ["", "x.y"])
def test_a_form_without_its_token_does_nothing(desk: Caller, ward: Harness, token: str) -> None:
    desk.sign_in("sam", "operator")
    desk.get("/tickets/T-000002")

    page = desk.post("/tickets/T-000002/act", {"act": "done"}, token=token)

    assert (page.status_code, ward.ticket(2).state) == (403, TicketState.OPEN)
    assert "Nothing was changed" in text_of(page.text)


def test_the_token_of_another_session_does_nothing(desk: Caller, ward: Harness) -> None:
    other = desk_of(ward, app=desk.app)
    other.sign_in("eve", "operator")
    found = re.search(r'form_token" value="([^"]+)', other.get("/tickets/T-000002").text)
    assert found is not None
    desk.sign_in("sam", "operator")

    assert desk.post("/tickets/T-000002/act", {"act": "done"}, token=found[1]).status_code == 403


# --- what is shown ----------------------------------------------------------------------------------------


def test_now_shows_who_is_exposed_for_how_long_and_what_waits(desk: Caller) -> None:
    desk.sign_in("sam", "viewer")

    shown = text_of(desk.get("/").text)

    assert "32 memberships of leavers 31 people" in shown
    assert (
        "2 removal asked for one person 30 waiting for approval 30 people 0 nobody is asked 0 people" in shown
    )
    assert re.search(r"Ann account disabled .* 2 : \S.* 30 removal asked for", shown)
    assert "P-000001 30 people of Temps: account disabled on 25 Nov" in shown
    assert "3 overdue tickets" in shown


def test_each_part_leads_to_the_list_of_its_people(desk: Caller) -> None:
    desk.sign_in("sam", "viewer")
    shown = desk.get("/").text

    assert 'href="/exposed?part=asked"' in shown
    assert 'href="/plans/P-000001"' in shown, "who waits is listed where it is decided"
    assert "Ann account disabled" in text_of(desk.get("/exposed?part=asked").text)
    assert "Nothing is like that." in desk.get("/exposed?part=nobody").text
    assert "31 people" in text_of(desk.get("/exposed").text)


CLEAR, UNSURE = "as far as can be seen", "not everything could be looked at yet"


def test_all_clear_is_said_only_when_everything_was_looked_at_and_nobody_is_left() -> None:
    with closing(Harness()) as harness:
        _all_clear(harness)


def _all_clear(harness: Harness) -> None:
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    desk = desk_of(harness)
    desk.sign_in("sam", "viewer")

    def said() -> set[str]:
        shown = desk.get("/").text
        return {text for text in (CLEAR, UNSURE) if text in shown}

    assert said() == {UNSURE}, "nothing was ever read"
    harness.settle()
    assert said() == {CLEAR}
    harness.hire("cem")
    harness.group("ward-8", "cem")
    harness.poll()
    harness.inventory()
    assert said() == {UNSURE}, "a member nobody was matched with yet"
    harness.settle()
    assert said() == {CLEAR}
    harness.leave("ann")
    harness.poll()
    assert said() == set(), "she is listed"
    harness.settle()
    harness.drop("ward-7", "ann")
    harness.later()
    harness.settle()
    assert said() == {CLEAR}
    harness.later(days=3)
    desk.sign_in("sam", "viewer")
    assert said() == {UNSURE}, "the directory's last word is too old"


def test_no_name_number_or_address_is_in_any_address(desk: Caller) -> None:
    desk.sign_in("sam", "approver", "auditor")
    seen = ""
    for path in PAGES:
        seen += " ".join(re.findall(r'(?:href|action)="([^"]+)"', desk.get(path).text))

    assert not re.search(
        r"ann|4477|ward-7|dee|corp\.example", seen.replace("language", ""), re.IGNORECASE
    ) or re.search(r"/(?:people|groups|questions)/", seen)
    plain = re.sub(r"/(people|groups|questions)/[\w-]+", "", seen)
    assert not re.search(r"\bann\b|4477|ward-|theatre|\bdee\b|corp\.example", plain, re.IGNORECASE)


def test_a_person_s_page_has_evidence_groups_and_timeline(desk: Caller) -> None:
    desk.sign_in("sam", "viewer")

    page = desk.get(link_of(desk.get("/").text, "Ann"))

    shown = text_of(page.text)
    assert "account disabled" in shown
    assert "Ward &lt;7&gt; &amp; &#34;nights&#34;" in page.text
    assert "Ticket opened Ward" in shown


def test_a_group_s_page_has_its_roster_admins_first(desk: Caller) -> None:
    desk.sign_in("sam", "viewer")
    page = desk.get(link_of(desk.get("/groups").text, "Theatre"))

    shown = text_of(page.text)
    assert shown.index("Gus") < shown.index("Eve")
    assert "Standing" in shown


@pytest.mark.parametrize("path", ["/people/x", "/groups/AAAA", "/people/" + "A" * 3000, "/people/é", "/sources/nobody",
                                  "/tickets/T-999999", "/plans/P-999999", "/policies?ticket=T-999999"])  # fmt: skip
def test_what_is_not_there_is_a_page_that_says_so(desk: Caller, path: str) -> None:
    desk.sign_in("sam", "viewer")

    assert desk.get(path).status_code == 404


def test_a_reference_to_a_person_is_none_to_a_group(desk: Caller) -> None:
    desk.sign_in("sam", "viewer")
    person = link_of(desk.get("/").text, "Ann")

    assert desk.get(person.replace("/people/", "/groups/")).status_code == 404


@pytest.mark.parametrize("path", ["/tickets/xyz", "/plans/xyz", "/policies?ticket=xyz"])
def test_what_is_no_id_says_what_one_looks_like(desk: Caller, path: str) -> None:
    desk.sign_in("sam", "viewer")

    page = desk.get(path)

    assert page.status_code == 409
    assert "look like" in text_of(page.text)


# --- lists ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields, found", [
    ({}, {"T-000001", "T-000002", "T-000003"}),
    ({"text": "ann"}, {"T-000002", "T-000003"}),
    ({"kind": "identify_member"}, {"T-000001"}),
    ({"state": "verified"}, set()),
    ({"view": "overdue", "text": "theatre"}, {"T-000002"}),
    (dict.fromkeys(("state", "kind", "view", "before"), "nonsense"), {"T-000001", "T-000002", "T-000003"}),
    ({"state": "all", "after": "2"}, {"T-000001"}),
], ids=range(7))  # fmt: skip
def test_tickets_are_filtered_and_searched(desk: Caller, fields: dict[str, str], found: set[str]) -> None:
    desk.sign_in("sam", "viewer")
    desk.get("/tickets")

    page = desk.post("/tickets", fields)

    shown = set(re.findall(r'<th scope="row"[^>]*><a href="/tickets/(T-\d+)', page.text))
    assert shown == found


def test_people_come_in_pages_by_name_and_are_searched(desk: Caller) -> None:
    desk.sign_in("sam", "viewer")
    desk.get("/people")
    assert desk.next_page() is None, "42 people fit one page"

    page = desk.post("/people", {"text": "EVE"})

    assert re.findall(r'<th scope="row"[^>]*><a [^>]+><bdi>(\w+)', page.text) == ["Eve"]


def test_a_long_list_goes_on_where_it_ended(ward: Harness) -> None:
    ward.hire(*(f"x{number:03d}" for number in range(60)))
    ward.poll()
    desk = desk_of(ward)
    desk.sign_in("sam", "viewer")
    first = desk.get("/people").text
    names = re.findall(r'<th scope="row"[^>]*><a [^>]+><bdi>(\w+)', first)
    second = desk.next_page()

    assert second is not None
    rest = re.findall(r'<th scope="row"[^>]*><a [^>]+><bdi>(\w+)', second.text)
    assert len(names) == 50
    assert sorted([*names, *rest]) == [*names, *rest]


def test_a_place_that_was_made_up_is_refused(desk: Caller) -> None:
    desk.sign_in("sam", "viewer")
    desk.get("/people")

    assert desk.post("/people", {"after": "AAAA"}).status_code == 404


@pytest.mark.parametrize("path", ["/tickets/T-000002", "/policies?ticket=T-000002"])
def test_the_steps_to_come_name_people_in_the_reader_s_language(
    desk: Caller, ward: Harness, path: str
) -> None:
    ward.desk.waive(2, Actor("sam"), "for now", ward.now)
    ward.desk.reopen(2, Actor("sam"), "still there", ward.later())  # a new round of steps
    assignee = ward.ticket(2).assignee
    assert assignee is not None
    desk.sign_in("sam", "viewer")
    assert f"{assignee.name} (assignee); the group's admins: {assignee.name}" in text_of(desk.get(path).text)
    desk.language = "de"
    assert f"{assignee.name} (zuständig); Admins der Gruppe: {assignee.name}" in text_of(desk.get(path).text)


def test_a_source_in_trouble_or_stale_is_red_with_its_remedy(desk: Caller, ward: Harness) -> None:
    ward.later(seconds=timedelta(days=8).total_seconds())
    desk.sign_in("sam", "viewer")

    assert "stale" in text_of(desk.get("/sources").text)
    assert "What can't be seen" in text_of(desk.get("/").text)
