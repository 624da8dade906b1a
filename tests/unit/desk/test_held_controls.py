"""The first run of controls, held: on the pages, in the message, and what is decided."""

from __future__ import annotations

import re
from html import unescape

import pytest

from desk_caller import Caller, desk_of
from desk_setup import api_client, services_of
from harness import TWO_APPROVERS_FROM, Harness, company_fixture
from worker.domain.controls import GROUP_CONTROLS
from worker.domain.controls.others import CONVERSATIONS, STATEMENT_CONTROLS
from worker.domain.controls.policy import AdminsRule, ControlPolicy, DescriptionRule, ProfileRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.model import GroupFacts, GroupKey
from worker.domain.reconcile.guard import HeldSubject, HoldState
from worker.domain.reconcile.held_findings import HeldFindings, held_controls
from worker.domain.tickets.ticket import TicketKind
from worker.ports.state.episodes import PlanKind

PLAN = "/plans/P-000001"
ASKS = ControlSwitch(Mode.TICKET)
POLICY = ControlPolicy(
    admins=(AdminsRule(ASKS),), profile=(ProfileRule(ASKS, DescriptionRule({"en": "Be kind."})),)
)


def furnished(groups: int) -> Harness:
    harness = Harness(controls=POLICY)
    harness.hire("ann", "ben", "dee")
    for number in range(groups):
        harness.group(f"ward-{number}", "ann", "ben", admins=["dee"])
        harness.wards.show(f"ward-{number}", GroupFacts(read_at=harness.now, description="hello"))
    harness.settle()
    harness.control()
    return harness


@company_fixture
def held() -> Harness:
    """Two groups without the rules, and with one admin only."""
    return furnished(2)


@company_fixture
def much() -> Harness:
    """So many that two people have to decide."""
    return furnished(TWO_APPROVERS_FROM)


@pytest.fixture
def desk(held: Harness) -> Caller:
    caller = desk_of(held)
    caller.sign_in("sam", "approver")
    return caller


def text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_each_part_names_its_groups_and_what_is_wrong(desk: Caller) -> None:
    page = text(desk.get(PLAN).text)
    assert "2 tickets to open: It has enough active admins" in page
    assert "Ward 0 The group has too few active admins: 1, and 2 are needed." in page
    assert "2 tickets to open: Its description has the rules" in page
    assert "Ward 1 The description doesn't have the rules." in page


def test_nothing_speaks_of_people_who_left(desk: Caller) -> None:
    for path in (PLAN, "/plans", "/"):
        page = text(desk.get(path).text)
        assert "Compare with a list" not in page
        assert "4 people" not in page
    assert "A release lets these tickets be opened, the worst first: 5 a day for one person" in text(
        desk.get(PLAN).text
    )


def test_pages_of_it_go_on(desk: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.desk.console.plans.PEOPLE_SHOWN", 3)
    first = text(desk.get(PLAN).text)
    second = text(desk.get(f"{PLAN}?skip=3").text)
    assert "Ward 0 The description" in first
    assert "Ward 1 The description" not in first
    assert "Ward 1 The description" in second
    assert "Next page" not in second


def test_the_parts_renew_themselves_by_selectors_that_browsers_read(desk: Caller) -> None:
    page = desk.get(PLAN).text
    assert 'hx-select-oob="#state-1, #state-2"' in page
    assert 'id="state-1"' in page
    assert 'id="state-2"' in page


def test_one_part_is_released_and_the_other_rejected(desk: Caller, held: Harness) -> None:
    desk.get(PLAN)
    which = {"which": "ticked", "reason": "asked the wards"}
    desk.post(f"{PLAN}/decide", which | {"verdict": "release", "cohort": "profile.description"})
    desk.get(PLAN)
    desk.post(f"{PLAN}/decide", which | {"verdict": "reject", "cohort": "group.admins_few"})
    held.later()
    held.control()
    assert {ticket.kind for ticket in held.tickets()} == {TicketKind.FIX_PROFILE}
    assert "rejected" in text(desk.get(PLAN).text)


def test_a_program_decides_about_a_part_by_the_control_s_id(held: Harness) -> None:
    client = api_client(services_of(held))
    said = {"reason": "asked", "cohorts": ["profile.description"]}
    assert client.post("/plans/P-000001/release", json=said).status_code == 200
    states = {one.id: one.state for one in held.plans()[0].cohorts}
    assert states == {"profile.description": HoldState.RELEASED, "group.admins_few": HoldState.HELD}


def test_a_large_one_needs_two_and_says_of_what(much: Harness) -> None:
    caller = desk_of(much)
    caller.sign_in("sam", "approver")
    page = text(caller.get(PLAN).text)
    assert f"It is about {2 * TWO_APPROVERS_FROM} tickets, so two different people" in page
    for _ in range(2):
        caller.get(PLAN)
        answer = caller.post(f"{PLAN}/decide", {"which": "all", "verdict": "release", "reason": "asked"})
    assert "two people have to decide the same" in text(answer.text)


def test_the_message_says_which_groups_wait_and_the_journal_counts_them(held: Harness) -> None:
    held.deliver()
    [message] = [one for one in held.soc.sent if one.paragraphs[0].headline.startswith("Held")]
    paragraph = message.paragraphs[0]
    assert paragraph.headline == "Held: plan P-000001 of controls"
    assert paragraph.facts == (
        ("group.admins_few", "2 tickets to open: It has enough active admins"),
        ("profile.description", "2 tickets to open: Its description has the rules"),
    )
    assert "None of these tickets is opened until somebody decides" in paragraph.text
    [entry] = [one.entry for one in held.journal() if one.entry.event == "plan.held"]
    assert entry.data == {"source": "controls", "people": 0, "tickets": 4, "cohorts": 2}


@pytest.mark.parametrize("control", [*GROUP_CONTROLS, *sorted(STATEMENT_CONTROLS), CONVERSATIONS.id])
def test_the_page_shows_what_any_control_found(desk: Caller, held: Harness, control: str) -> None:
    key = held.person("ann").key if control not in GROUP_CONTROLS else GroupKey("wards", "ward-0")
    source, subject = key
    found = HeldSubject(source, subject, "Xena", "Finance", "7")
    plan = held_controls({control: HeldFindings(1, (found,))}, held.now)
    assert plan is not None
    with held.store.begin() as uow:
        plan = uow.episodes.hold(plan, PlanKind.CONTROLS)
    answer = desk.get(f"/plans/{plan.label}")
    assert answer.status_code == 200
    [path] = re.findall(r'<a href="([^"]+)"><bdi>Xena</bdi>', answer.text)
    assert desk.get(path).status_code == 200
    if control == CONVERSATIONS.id:
        assert "Xena Finance" in text(answer.text)
