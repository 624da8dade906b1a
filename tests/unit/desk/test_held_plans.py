"""The page of a held plan: what helps to decide, the choice, and who decided what."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from builders import NOW
from console_ward import link_of
from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.desk.console import plans
from worker.domain.controls.policy import AdminsRule, ControlPolicy
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.model import GroupKey
from worker.domain.reconcile.guard import GuardLimits, HoldState

PLAN = "/plans/P-000001"
CLERKS = tuple(f"clerk{number}" for number in range(6))


@company_fixture
def ward() -> Harness:
    """Six clerks of the reception and two others left at once; lea, who works here, is not among them."""
    harness = Harness(limits=GuardLimits(leavers_max=5))
    harness.hire("boss", "dee", "kay", "lea", "zoe")
    harness.hire(*CLERKS, department="Reception", title="Clerk", manager_id="boss")
    harness.group("desk", *CLERKS, admins=["dee"], name="Front desk")
    harness.group("night", "lea", "zoe", admins=["kay"], name="Night duty")
    for number in range(4):
        harness.group(f"more-{number}", CLERKS[0], admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave(*CLERKS, "kay", "zoe")
    harness.settle()
    return harness


@pytest.fixture
def desk(ward: Harness) -> Caller:
    caller = desk_of(ward)
    caller.sign_in("sam", "approver")
    return caller


def text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_each_part_says_what_its_people_have_in_common(desk: Caller) -> None:
    page = text(desk.get(PLAN).text)

    assert "6 people of Reception: account disabled on 24 Nov" in page
    assert "2 people: account disabled on 24 Nov" in page
    assert "disabled on 24 Nov 2026" not in page, "the year is this one"
    assert "6 people of Reception: account disabled" in text(desk.get("/plans").text)


def test_why_it_is_held_is_said_in_the_reader_s_language(desk: Caller) -> None:
    desk.language = "de"
    for page in (desk.get(PLAN), desk.get("/")):
        assert "8 Austritte innerhalb von 1 Tg., die Grenze ist 5" in text(page.text)
        assert '<span lang="en"' not in page.text


@company_fixture
def controlled() -> Harness:
    """A group with too few admins, and a control that asks for the first time."""
    asks = AdminsRule(ControlSwitch(Mode.TICKET))
    harness = Harness(controls=replace(ControlPolicy(), admins=(asks,)))
    harness.hire("ann", "dee")
    harness.group("ward-7", "ann", admins=["dee"])
    harness.settle()
    harness.control()
    return harness


def test_what_controls_found_is_held_in_parts_with_a_name(controlled: Harness) -> None:
    caller = desk_of(controlled)
    caller.sign_in("sam", "approver")
    caller.language = "de"

    page = text(caller.get(PLAN).text)

    assert "erster Lauf von Prüfungen mit Aufgaben: eine zu öffnen" in page
    assert "Eine Aufgabe zu öffnen: Sie hat genug aktive Admins" in page


@pytest.mark.parametrize("unit, said", [
    ("Porters", "6 people of Porters: leave date passed between 18 Nov and 23 Nov"),
    (None, "6 people: leave date passed between 18 Nov and 23 Nov"),
])  # fmt: skip
def test_people_who_left_on_several_days_have_the_first_and_the_last(
    ward: Harness, desk: Caller, unit: str | None, said: str
) -> None:
    porters = [f"porter{number}" for number in range(6)]
    ward.hire(*porters, department=unit)
    ward.group("gate", *porters, admins=["dee"])
    ward.settle()
    for number, porter in enumerate(porters, start=1):
        ward.corp.change(porter, leave_at=NOW - timedelta(days=number))
    ward.settle()

    assert said in text(desk.get("/plans/P-000002").text)


def test_a_leave_date_is_the_day_on_which_the_tickets_say_that_they_left(ward: Harness, desk: Caller) -> None:
    porters = [f"porter{number}" for number in range(6)]
    ward.hire(*porters, department="Porters")
    ward.group("gate", *porters, admins=["dee"])
    ward.settle()
    for porter in porters:  # a leave date ends with its day
        ward.corp.change(porter, leave_at=datetime(2026, 11, 24, tzinfo=ZoneInfo("Europe/London")))
    ward.settle()

    assert "6 people of Porters: leave date passed on 23 Nov" in text(desk.get("/plans/P-000002").text)
    ward.decide(plan=2)
    ward.settle()
    ticket = next(one for one in ward.tickets() if one.group == GroupKey("wards", "gate"))
    assert "the last day was 23 Nov 2026" in text(desk.get(f"/tickets/{ticket.label}").text)


def test_people_are_shown_as_the_directory_and_the_groups_have_them(desk: Caller) -> None:
    page = desk.get(PLAN).text
    [row] = [one for one in re.findall(r'<tr role="row">.*?</tr>', page, re.DOTALL) if ">Clerk0<" in one]

    assert re.findall(r"Clerk\b|Reception|Boss|Front desk", text(row)) == [
        "Clerk", "Reception", "Boss", "Front desk",
    ]  # fmt: skip
    assert "5 :" in text(row), "the number of groups"
    assert "…" in text(row), "only the first of them by name"


def test_a_long_plan_comes_in_pages(desk: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "PEOPLE_SHOWN", 5)
    first = desk.get(PLAN).text
    second = desk.next_page()

    assert second is not None
    assert [page.count("/people/") for page in (first, second.text)] == [10, 4], "clerks with their manager"
    assert "A release opens" in text(second.text)


def test_what_a_release_does_is_said_by_assignee(desk: Caller) -> None:
    page = text(desk.get(PLAN).text)

    assert "A release opens 13 tickets." in page
    assert "Dee : 10" in page


def test_a_plan_of_many_groups_is_counted_in_all_of_them_on_a_page_of_its_own(
    desk: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"{PLAN}/release" not in desk.get(PLAN).text, "all six groups are counted there"
    monkeypatch.setattr(plans, "GROUPS_AT_ONCE", 1)

    page = desk.get(PLAN)
    whole = desk.get(link_of(page.text, "Show all groups and assignees")).text

    assert "Counted in 1 of the 6 groups of these people." in text(page.text)
    assert "A release opens 13 tickets. Groups 6 remove member 12" in text(whole)
    assert "Dee 10" in text(whole)


@pytest.mark.parametrize("label", ["P-000002", "P-000009"])
def test_the_release_of_a_plan_of_nobody_has_no_page(desk: Caller, label: str) -> None:
    assert desk.get(f"/plans/{label}/release").status_code == 404


def test_no_release_is_foreseen_for_what_is_decided(ward: Harness, desk: Caller) -> None:
    ward.decide()

    assert "A release opens" not in desk.get(PLAN).text


def test_a_list_is_compared_with_the_plan(desk: Caller) -> None:
    desk.get(PLAN)
    lines = ["Clerk0", "clerk1@corp.example", "CLERK2", "Lea", "Tom Stranger"]

    answer = desk.post(f"{PLAN}/compare", {"list": "\n".join(lines)})
    page = text(answer.text)

    assert "On both: 3" in page
    assert "In this plan, but not on your list: 5 Clerk3 Clerk4 Clerk5" in page
    assert (
        "On your list, but not in this plan: 2 Lea ( Lea , active) Tom Stranger (not in the directory)"
        in page
    )
    assert "Clerk" not in str(answer.url)


@pytest.mark.parametrize(
    "line", ["poe, lea", "LEA POE", "Lea Poe", "7, Lea Poe, Night duty", "Poe, Lea, lea@corp.example"]
)
def test_whoever_is_in_the_directory_is_found_there_as_people_write_them(
    ward: Harness, desk: Caller, line: str
) -> None:
    ward.hire("lea", display_name="Lea Poe")
    ward.poll()
    desk.get(PLAN)

    page = text(desk.post(f"{PLAN}/compare", {"list": line}).text)

    assert f"{line} ( Lea Poe , active)" in page


def test_a_list_that_is_the_plan_says_so(desk: Caller) -> None:
    desk.get(PLAN)

    page = text(desk.post(f"{PLAN}/compare", {"list": "\r\n".join([*CLERKS, "kay", "zoe"])}).text)

    assert "On both: 8" in page
    assert "Nobody is missing on either side." in page


def test_a_name_of_several_people_is_not_guessed(ward: Harness, desk: Caller) -> None:
    ward.hire("zoe", "kay", display_name="Kim Roy")
    ward.poll()
    desk.get(PLAN)

    assert "Fits several people of this plan: 1 Kim Roy" in text(
        desk.post(f"{PLAN}/compare", {"list": "Kim Roy"}).text
    )


def test_a_comparison_with_no_plan_is_no_page(desk: Caller) -> None:
    desk.get(PLAN)

    assert desk.post("/plans/P-000099/compare", {"list": "Ann"}).status_code == 404


@pytest.mark.parametrize("fields, why", [
    ({}, "only about those that you tick"),
    ({"cohort": "c1"}, "only about those that you tick"),
    ({"which": "ticked"}, "Tick those that you decide about"),
], ids=range(3))  # fmt: skip
def test_whom_it_is_about_has_to_be_chosen(
    ward: Harness, desk: Caller, fields: dict[str, str], why: str
) -> None:
    desk.get(PLAN)

    answer = desk.post(f"{PLAN}/decide", {"verdict": "release", "reason": "HR asked", **fields})

    assert (answer.status_code, why in text(answer.text)) == (409, True)
    assert 'name="reason" value="HR asked"' in answer.text, "what was typed is kept"
    assert answer.text.count(" checked") == len(fields)
    assert ward.plans()[0].state is HoldState.HELD


def test_a_decision_about_no_plan_is_refused(desk: Caller) -> None:
    desk.get(PLAN)
    fields = {"which": "all", "verdict": "release", "reason": "r"}
    assert "There is no plan P-000099" in text(desk.post("/plans/P-000099/decide", fields).text)


def test_who_decided_a_part_when_and_why_is_kept_in_sight(ward: Harness, desk: Caller) -> None:
    desk.get(PLAN)
    fields = {"which": "ticked", "cohort": "c1", "verdict": "reject", "reason": "they moved to the new desk"}

    page = text(desk.post(f"{PLAN}/decide", fields).text)

    assert [cohort.state for cohort in ward.plans()[0].cohorts] == [HoldState.REJECTED, HoldState.HELD]
    assert re.search(r"rejected sam , .* ago : they moved to the new desk", page)
    assert "About whom?" not in page, "one part is left"


def test_hundreds_of_parts_can_be_ticked(ward: Harness, desk: Caller) -> None:
    desk.get(PLAN)
    ticked = [f"c{number}" for number in (1, 2)] * 300
    fields = {"which": "ticked", "cohort": ticked, "verdict": "reject", "reason": "they moved"}
    assert desk.post(f"{PLAN}/decide", fields).status_code == 200
    assert {cohort.state for cohort in ward.plans()[0].cohorts} == {HoldState.REJECTED}


def test_the_first_of_two_is_a_step(desk: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.app.state.services.approvals, "_two_from", 8)
    desk.get(PLAN)
    fields = {"which": "all", "verdict": "release", "reason": "the season ended"}

    page = text(desk.post(f"{PLAN}/decide", fields).text)
    assert "1 of 2 Released by sam, waits for somebody else: the season ended" in page

    second = desk_of(desk.harness, app=desk.app)
    second.sign_in("kim", "approver")
    second.get(PLAN)
    page = text(second.post(f"{PLAN}/decide", fields | {"reason": "HR says so"}).text)
    assert "1 of 2 sam ," in page
    assert page.count("1 of 2") == 2, "once for each of the two parts"
    assert page.count("HR says so") == 2
    assert re.search(r"released kim , .* HR says so", page)


def test_a_plan_of_people_who_are_missing_says_so(ward: Harness, desk: Caller) -> None:
    ward.hire(*(f"temp{number}" for number in range(20)))
    ward.settle()
    for number in range(20):
        ward.corp.erase(f"temp{number}")
    ward.later()
    ward.poll(full=True)

    page = text(desk.get("/plans/P-000002").text)

    assert "20 people: not in the read of 24 Nov" in page
    assert "A release opens no ticket at once." in page
