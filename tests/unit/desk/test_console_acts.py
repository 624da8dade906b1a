"""What people do in the security team's console, and what comes of it."""

from __future__ import annotations

import re

import pytest

from console_ward import console_ward, text_of
from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.app.acts.access import Access, hashed
from worker.desk.forms import form_token
from worker.domain.evidence.actor import Actor
from worker.domain.identity.matching import IdentityState
from worker.domain.model import HandleKey
from worker.domain.reconcile.guard import HoldState
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import Grade, TicketState


@company_fixture
def ward() -> Harness:
    return console_ward()


@pytest.fixture
def desk(ward: Harness) -> Caller:
    return desk_of(ward)


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
    ("assign", {"email": "<ann@corp.example>"}, "is no e-mail address"),
    ("reopen", {"reason": "x"}, "Reopen: not while the ticket is open"),
])  # fmt: skip
def test_what_can_t_be_done_says_why_and_changes_nothing(
    desk: Caller, ward: Harness, act: str, fields: dict[str, str], said: str
) -> None:
    desk.sign_in("sam", "operator")
    desk.get("/tickets/T-000002")
    before = ward.ticket(2)

    page = desk.post("/tickets/T-000002/act", {"act": act, **fields})

    assert (page.status_code, said in text_of(page.text)) == (409, True)
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
    assert "can't confirm what is claimed by it" in text_of(page.text)
    assert desk.client.get(url[1]).status_code == 200
    shown = text_of(desk.get("/tickets/T-000002").text)
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
    assert "1 disputed tickets" in text_of(desk.get("/").text)
    assert "T-000002" in desk.get("/tickets?view=disputed").text

    desk.get("/tickets/T-000002")
    desk.post("/tickets/T-000002/act", {"act": "assign", "email": "ben@corp.example"})

    assert "0 disputed tickets" in text_of(desk.get("/").text)


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
    assert "30 people" in text_of(page.text)
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
    assert "two different people have to release it" in text_of(first.get(path).text)
    first.post(f"{path}/decide", {"which": "all", "verdict": "release", "reason": "season's end"})
    assert "Released by sam, waits for somebody else" in text_of(first.get(path).text)
    assert (
        first.post(f"{path}/decide", {"which": "all", "verdict": "release", "reason": "again"}).status_code
        == 409
    )
    first.get(path)
    first.post(f"{path}/decide", {"which": "all", "verdict": "reject", "reason": "no, HR knows of nothing"})
    assert "Rejected by sam, waits for somebody else" in text_of(first.get(path).text)
    first.post(f"{path}/decide", {"which": "all", "verdict": "release", "reason": "yes, they do"})

    second.sign_in("kim", "approver")
    second.get(path)
    second.post(f"{path}/decide", {"which": "all", "verdict": "release", "reason": "checked with HR"})

    assert next(plan for plan in ward.plans() if plan.id == number).state is HoldState.RELEASED
