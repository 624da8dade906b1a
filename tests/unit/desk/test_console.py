"""The security team's console: every page, who may see and do what, and what comes of it."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import timedelta
from html import unescape

import pytest

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from journals import use_earlier_names
from worker.app.acts.access import Access, hashed
from worker.desk.forms import form_token
from worker.domain.evidence.actor import Actor
from worker.domain.evidence.journal import Entry, recorded
from worker.domain.identity.matching import IdentityState
from worker.domain.model import HandleKey, Member, Role
from worker.domain.reconcile.guard import HoldState
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import Grade, TicketState
from worker.ports.state.access import Visitor

STAFF = ("ann", "ben", "cem", "dee", "eve", "fay", "gus", "hal", "ida", "jon")
PAGES = ("/", "/tickets", "/groups", "/people", "/questions", "/plans", "/sources", "/sources/corp", "/policies",
         "/charts", "/controls", "/controls/people.leaver",
         "/tickets/T-000002", "/plans/P-000001", "/policies?ticket=T-2")  # fmt: skip


@company_fixture
def ward() -> Harness:
    """Ann left long ago; a storm of temps is held; somebody nobody knows is in the ward."""
    harness = Harness()
    harness.hire(*STAFF)
    harness.group("ward-7", "ann", "ben", "cem", admins=["dee"], name='Ward <7> & "nights"')
    harness.group("theatre", "ann", "eve", admins=["gus"])
    temps = [f"temp{number:02d}" for number in range(30)]
    harness.hire(*temps, org_unit="OU=Temps")
    harness.group("hall", *temps, admins=["dee"])
    harness.hire("tom", "una", phones=("+447700900777",))
    harness.wards.add_member("ward-7", Member("+447700900777", "T", Role.MEMBER, phone="+447700900777"))
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    harness.later(hours=30)
    harness.leave(*temps)
    harness.settle()
    harness.escalate()
    return harness


@pytest.fixture
def desk(ward: Harness) -> Caller:
    return desk_of(ward)


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def _link(html: str, label: str) -> str:
    """Where the link with this text leads."""
    for href, text in re.findall(r'<a [^>]*href="([^"]+)"[^>]*>(.*?)</a>', html, re.DOTALL):
        if _text(text).strip() == label:
            return str(href)
    raise AssertionError(f"no link is called {label}")


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
    assert "used already" in _text(page.text)


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
    assert "Nothing was changed" in _text(page.text)


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

    shown = _text(desk.get("/").text)

    assert "32 memberships of leavers 31 people" in shown
    assert "2 asked out one person 30 waiting for approval 30 people 0 nobody is asked 0 people" in shown
    assert re.search(r"Ann account disabled .* 2 30 asked out", shown)
    assert "P-000001 corp : 30 people" in shown
    assert "3 overdue tickets" in shown


def test_each_part_leads_to_the_list_of_its_people(desk: Caller) -> None:
    desk.sign_in("sam", "viewer")
    shown = desk.get("/").text

    assert 'href="/exposed?part=asked"' in shown
    assert 'href="/plans/P-000001"' in shown, "who waits is listed where it is decided"
    assert "Ann account disabled" in _text(desk.get("/exposed?part=asked").text)
    assert "Nothing is like that." in desk.get("/exposed?part=nobody").text
    assert "31 people" in _text(desk.get("/exposed").text)


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

    page = desk.get(_link(desk.get("/").text, "Ann"))

    shown = _text(page.text)
    assert "account disabled" in shown
    assert "Ward &lt;7&gt; &amp; &#34;nights&#34;" in page.text
    assert "Ticket opened Ward" in shown


def test_a_group_s_page_has_its_roster_admins_first(desk: Caller) -> None:
    desk.sign_in("sam", "viewer")
    page = desk.get(_link(desk.get("/groups").text, "Theatre"))

    shown = _text(page.text)
    assert shown.index("Gus") < shown.index("Eve")
    assert "Standing" in shown


@pytest.mark.parametrize("path", ["/people/x", "/groups/AAAA", "/people/" + "A" * 3000, "/people/é", "/sources/nobody",
                                  "/tickets/T-999999", "/plans/P-999999", "/policies?ticket=T-999999"])  # fmt: skip
def test_what_is_not_there_is_a_page_that_says_so(desk: Caller, path: str) -> None:
    desk.sign_in("sam", "viewer")

    assert desk.get(path).status_code == 404


def test_a_reference_to_a_person_is_none_to_a_group(desk: Caller) -> None:
    desk.sign_in("sam", "viewer")
    person = _link(desk.get("/").text, "Ann")

    assert desk.get(person.replace("/people/", "/groups/")).status_code == 404


@pytest.mark.parametrize("path", ["/tickets/xyz", "/plans/xyz", "/policies?ticket=xyz"])
def test_what_is_no_id_says_what_one_looks_like(desk: Caller, path: str) -> None:
    desk.sign_in("sam", "viewer")

    page = desk.get(path)

    assert page.status_code == 409
    assert "look like" in _text(page.text)


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

    assert re.findall(r'<th scope="row"><a [^>]+><bdi>(\w+)', page.text) == ["Eve"]


def test_a_long_list_goes_on_where_it_ended(ward: Harness) -> None:
    ward.hire(*(f"x{number:03d}" for number in range(60)))
    ward.poll()
    desk = desk_of(ward)
    desk.sign_in("sam", "viewer")
    first = desk.get("/people").text
    names = re.findall(r'<th scope="row"><a [^>]+><bdi>(\w+)', first)
    second = desk.next_page()

    assert second is not None
    rest = re.findall(r'<th scope="row"><a [^>]+><bdi>(\w+)', second.text)
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
    assert f"{assignee.name} (assignee); the group's admins: {assignee.name}" in _text(desk.get(path).text)
    desk.language = "de"
    assert f"{assignee.name} (zuständig); Admins der Gruppe: {assignee.name}" in _text(desk.get(path).text)


# --- acting -----------------------------------------------------------------------------------------------


def test_a_ticket_s_acts_do_what_the_command_line_does(desk: Caller, ward: Harness) -> None:
    desk.sign_in("sam", "operator")
    path = "/tickets/T-000002"
    desk.get(path)

    desk.post(f"{path}/act", {"act": "acknowledge", "reason": "I ring her at noon"})
    assert ward.ticket(2).acknowledged_until is not None
    said = ward.journal()[-1].entry
    assert (said.kind, said.reason) == ("ticket.acknowledged", "I ring her at noon")
    assert desk.get(path).text.count("I ring her at noon") == 2, "beside its end, and in the history"
    desk.post(f"{path}/act", {"act": "assign", "email": "ben@corp.example"})
    assert "ben@corp.example" in str(ward.ticket(2).assignee)
    desk.post(f"{path}/act", {"act": "done", "reason": "seen it"})
    assert (ward.ticket(2).state, ward.ticket(2).done_by) == (TicketState.DONE, "sam")
    desk.post(f"{path}/act", {"act": "reopen", "reason": "still there"})
    assert ward.ticket(2).state is TicketState.OPEN
    desk.post(f"{path}/act", {"act": "waive", "reason": "agreed", "until": "2026-12-24"})
    assert ward.ticket(2).waived_until is not None
    assert {entry.entry.actor for entry in ward.journal() if entry.entry.kind == "ticket.waived"} == {"sam"}


@pytest.mark.parametrize("act, fields, said", [
    ("waive", {}, "Say why"),
    ("waive", {"reason": "x", "until": "someday"}, "is no date"),
    ("assign", {"email": "nobody"}, "is no e-mail address"),
    ("reopen", {"reason": "x"}, "can't be moved by"),
])  # fmt: skip
def test_what_can_t_be_done_says_why_and_changes_nothing(
    desk: Caller, ward: Harness, act: str, fields: dict[str, str], said: str
) -> None:
    desk.sign_in("sam", "operator")
    desk.get("/tickets/T-000002")
    before = ward.ticket(2)

    page = desk.post("/tickets/T-000002/act", {"act": act, **fields})

    assert (page.status_code, said in _text(page.text)) == (409, True)
    assert ward.ticket(2) == before


@pytest.mark.parametrize("fields", [{"act": "explode"}, {}])
def test_an_act_that_there_is_not_is_not_done(desk: Caller, fields: dict[str, str]) -> None:
    desk.sign_in("sam", "operator")
    desk.get("/tickets/T-000002")
    page = desk.post("/tickets/T-000002/act", fields)
    assert page.status_code == 409
    assert "Choose what is to be done." in page.text
    assert desk.post("/tickets/T-000999/act", {"act": "done"}).status_code == 404


def test_the_assignee_s_link_is_shown_to_who_may_act_and_can_be_made_dead(
    desk: Caller, ward: Harness
) -> None:
    desk.sign_in("sam", "operator")
    desk.get("/tickets/T-000002")
    page = desk.post("/tickets/T-000002/link")
    url = re.search(r"https://whosleft\.example\.org(/t/[\w.-]+)", page.text)
    assert url is not None
    assert "can't confirm what is claimed by it" in _text(page.text)
    assert desk.client.get(url[1]).status_code == 200
    shown = _text(desk.get("/tickets/T-000002").text)
    assert "May have their link, too sam" in shown
    assert "sam in the console Assignee's link shown" in shown

    desk.get("/tickets/T-000002")
    desk.post("/tickets/T-000002/act", {"act": "revoke"})

    assert desk.client.get(url[1]).status_code == 410
    assert ward.journal()[-1].entry.kind == "ticket.links_revoked"


def test_one_who_was_shown_the_link_is_told_that_somebody_else_has_to_confirm(
    desk: Caller, ward: Harness
) -> None:
    desk.sign_in("sam", "operator")
    desk.get("/tickets/T-000002")
    url = re.search(r"/t/[\w.-]+", desk.post("/tickets/T-000002/link").text)
    assert url is not None
    desk.get(url[0])
    desk.post(f"{url[0]}/done")
    desk.get("/tickets/T-000002")

    refused = desk.post("/tickets/T-000002/act", {"act": "done"})

    assert refused.status_code == 409
    assert "Somebody else has to confirm it" in refused.text
    assert ward.ticket(2).grade is Grade.C


def test_a_new_key_is_the_key_of_a_desk_that_runs(desk: Caller, ward: Harness) -> None:
    desk.sign_in("sam", "operator")
    desk.get("/tickets/T-000002")
    [old, *_] = re.findall(r"/people/[\w-]{20,}", desk.get("/people").text)
    stolen = desk.app.state.services.key
    Access(ward.store).rotate_key(Actor("root"), ward.now)

    assert desk.get("/").url.path == "/login"
    desk.sign_in("sam", "operator")
    assert desk.get(old).status_code == 404, "what stood for somebody in an address"
    session = hashed(desk.client.cookies["__Host-whosleft"])
    forged = form_token(stolen, session)
    assert desk.post("/tickets/T-000002/act", {"act": "acknowledge"}, token=forged).status_code == 403
    desk.get("/tickets/T-000002")
    assert desk.post("/tickets/T-000002/act", {"act": "acknowledge"}).status_code == 200


def test_a_disputed_ticket_is_shown_until_somebody_has_it(desk: Caller, ward: Harness) -> None:
    token = ward.link(2).rpartition("/t/")[2]
    ward.assigned.answer(token, Answer.STILL_WORKS_HERE, "", ward.now)
    desk.sign_in("sam", "operator")
    assert "1 disputed tickets" in _text(desk.get("/").text)
    assert "T-000002" in desk.get("/tickets?view=disputed").text

    desk.get("/tickets/T-000002")
    desk.post("/tickets/T-000002/act", {"act": "assign", "email": "ben@corp.example"})

    assert "0 disputed tickets" in _text(desk.get("/").text)


@pytest.mark.parametrize("fields, state", [
    ({"answer": "person", "person": "una"}, IdentityState.LINKED),
    ({"answer": "shared"}, IdentityState.NOBODY),
    ({"answer": "nobody"}, IdentityState.NOBODY),
    ({"answer": "person"}, IdentityState.AMBIGUOUS),
    ({"answer": "person", "person": "no such"}, IdentityState.AMBIGUOUS),
    ({"answer": ""}, IdentityState.AMBIGUOUS),
], ids=range(6))  # fmt: skip
def test_who_a_member_is_is_answered(
    desk: Caller, ward: Harness, fields: dict[str, str], state: IdentityState
) -> None:
    desk.sign_in("sam", "operator")
    form = re.search(r'action="(/questions/[^"]+)"', desk.get("/questions").text)
    assert form is not None

    desk.post(form[1], fields)

    with ward.store.begin() as uow:
        link = uow.identities.get(HandleKey("wards", "+447700900777"))
    assert link is not None
    assert link.state is state


def test_an_answer_can_be_taken_back_later(desk: Caller, ward: Harness) -> None:
    desk.sign_in("sam", "operator")
    form = re.search(r'action="(/questions/[^"]+)"', desk.get("/questions").text)
    assert form is not None
    desk.post(form[1], {"answer": "person", "person": "una"})
    shown = desk.get("/questions?view=answered")
    assert "Una" in shown.text

    desk.post(form[1], {"answer": "reject", "reason": "it is tom"})
    ward.settle()

    with ward.store.begin() as uow:
        link = uow.identities.get(HandleKey("wards", "+447700900777"))
    assert link is not None
    assert link.person is not None
    assert link.person.person_id == "tom"


def test_a_plan_is_decided_cohort_by_cohort_with_a_reason(desk: Caller, ward: Harness) -> None:
    desk.sign_in("sam", "approver")
    page = desk.get("/plans/P-000001")
    assert "30 people" in _text(page.text)
    assert desk.post("/plans/P-000001/decide", {"which": "all", "verdict": "release"}).status_code == 409
    desk.get("/plans/P-000001")
    assert (
        desk.post("/plans/P-000001/decide", {"which": "all", "verdict": "maybe", "reason": "x"}).status_code
        == 409
    )

    desk.get("/plans/P-000001")
    desk.post(
        "/plans/P-000001/decide",
        {"which": "ticked", "verdict": "reject", "cohort": "c1", "reason": "a broken import"},
    )

    assert ward.plans()[0].state is HoldState.REJECTED


def test_a_large_plan_takes_two_people(ward: Harness) -> None:
    crowd = [f"crowd{number:02d}" for number in range(50)]
    ward.hire(*crowd, org_unit="OU=Season")
    ward.group("field", *crowd, admins=["dee"])
    ward.settle()
    ward.later(hours=30)
    ward.leave(*crowd)
    ward.settle()
    number = max(plan.id for plan in ward.plans())
    path = f"/plans/P-{number:06d}"
    first = desk_of(ward)
    second = desk_of(ward, app=first.app)
    first.sign_in("sam", "approver")
    assert "two different people have to release it" in _text(first.get(path).text)
    first.post(f"{path}/decide", {"which": "all", "verdict": "release", "reason": "season's end"})
    assert "Released by sam, waits for somebody else" in _text(first.get(path).text)
    assert (
        first.post(f"{path}/decide", {"which": "all", "verdict": "release", "reason": "again"}).status_code
        == 409
    )
    first.get(path)
    first.post(f"{path}/decide", {"which": "all", "verdict": "reject", "reason": "no, HR knows of nothing"})
    assert "Rejected by sam, waits for somebody else" in _text(first.get(path).text)
    first.post(f"{path}/decide", {"which": "all", "verdict": "release", "reason": "yes, they do"})

    second.sign_in("kim", "approver")
    second.get(path)
    second.post(f"{path}/decide", {"which": "all", "verdict": "release", "reason": "checked with HR"})

    assert next(plan for plan in ward.plans() if plan.id == number).state is HoldState.RELEASED


# --- audit ------------------------------------------------------------------------------------------------


def _rows(html: str) -> str:
    return _text(html.partition("<tbody")[2].partition("</tbody>")[0])


def test_the_journal_is_searched(desk: Caller) -> None:
    desk.sign_in("sam", "auditor")
    desk.get("/audit")

    shown = _rows(desk.post("/audit", {"kind": "ticket.*", "subject": "ticket:T-000002"}).text)

    assert "Opened, assigned to Gus" in shown
    assert "Signed in" not in shown
    assert "Signed in" in _rows(desk.post("/audit", {"actor": "sam"}).text)
    assert "Escalated: step 1 of" in _rows(desk.post("/audit", {"subject": "t-2"}).text), "its id is enough"
    assert "Plan held" in _rows(desk.post("/audit", {"subject": "P-000001"}).text)
    assert desk.post("/audit", {"from": "someday"}).status_code == 409


def test_events_and_people_of_the_journal_are_chosen_from_lists(desk: Caller, ward: Harness) -> None:
    ward.assigned.answer(ward.link(2).rpartition("/t/")[2], Answer.STILL_WORKS_HERE, "", ward.now)
    desk.sign_in("sam", "auditor")
    page = desk.get("/audit").text
    assert '<option value="corp/gus">Gus</option>' in page
    assert '<option value="sam">sam</option>' in page
    assert '<option value="plan.held">Plan held</option>' in page

    page = desk.post("/audit", {"actor": "corp/gus", "kind": "ticket.*"}).text

    assert '<option value="corp/gus" selected>Gus</option>' in page
    assert '<option value="ticket.*" selected>Tickets: all</option>' in page
    assert "Answered: still works here" in _rows(page)
    assert desk.get(_link(page, "Gus")).status_code == 200
    assert _link(page, "T-000002") == "/tickets/T-000002"
    assert '<option value="old name" selected>' in desk.post("/audit", {"actor": "old name"}).text


def test_people_groups_and_sources_of_the_journal_are_links(desk: Caller) -> None:
    desk.sign_in("sam", "auditor")
    desk.get("/audit")
    page = desk.post("/audit", {"kind": "person.left", "subject": "person:corp/ann"}).text
    assert desk.get(_link(page, "Ann")).status_code == 200
    page = desk.post("/audit", {"kind": "group.seen", "subject": "group:wards/theatre"}).text
    assert desk.get(_link(page, "Theatre")).status_code == 200
    page = desk.post("/audit", {"kind": "source.*"}).text
    assert _link(page, "corp") == "/sources/corp"


@pytest.mark.parametrize("fields, said", [
    ({"subject": "person:corp/ann", "from": "2026-11-24"}, "the whole history of this person"),
    ({"subject": "group:wards/theatre"}, "the whole history of this group"),
    ({"from": "2026-11-24", "kind": "ticket.*"}, "everything of these days"),
    ({}, "choose days to make it smaller"),
])  # fmt: skip
def test_a_pack_of_what_is_shown_is_taken_away(desk: Caller, fields: dict[str, str], said: str) -> None:
    desk.sign_in("sam", "auditor")
    desk.get("/audit")
    page = desk.post("/audit", fields).text
    form = page.partition('action="/audit/export"')[2].partition("</form>")[0]
    assert said in _text(form)
    given = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))

    pack = desk.post("/audit/export", given, token=given["form_token"])

    assert pack.content[:2] == b"PK"


def test_an_earlier_name_finds_and_is_shown_as_the_one_of_today(desk: Caller, ward: Harness) -> None:
    use_earlier_names(ward)
    desk.sign_in("sam", "auditor")
    desk.get("/audit")

    shown = _rows(desk.post("/audit", {"kind": "ticket.open", "subject": "ticket:T-000002"}).text)

    assert "Opened, assigned to Gus" in shown


def test_an_act_at_a_stated_instant_is_shown_with_both(desk: Caller, ward: Harness) -> None:
    act = recorded(Entry(ward.now, "sam", "ticket.done", "ticket:T-000001"), ward.now + timedelta(days=2))
    with ward.store.begin() as uow:
        uow.journal.append([act])
    desk.sign_in("sam", "auditor")
    desk.get("/audit")

    shown = _text(desk.post("/audit", {"subject": "ticket:T-000001"}).text)

    assert shown.count("stated as") == 1


def test_a_pack_is_taken_away(desk: Caller, ward: Harness) -> None:
    desk.sign_in("sam", "auditor")
    desk.get("/audit")

    pack = desk.post("/audit/export", {"group": "theatre"})

    assert pack.headers["content-type"] == "application/zip"
    assert pack.content[:2] == b"PK"
    assert ward.journal()[-1].entry.kind == "audit.exported"
    assert ward.journal()[-1].entry.actor == "sam"
    assert ward.journal()[-1].entry.data["via"] == "console"
    desk.get("/audit")
    assert desk.post("/audit/export", {"group": "no such group"}).status_code == 409


def test_a_source_in_trouble_or_stale_is_red_with_its_remedy(desk: Caller, ward: Harness) -> None:
    ward.later(seconds=timedelta(days=8).total_seconds())
    desk.sign_in("sam", "viewer")

    assert "stale" in _text(desk.get("/sources").text)
    assert "What can't be seen" in _text(desk.get("/").text)
