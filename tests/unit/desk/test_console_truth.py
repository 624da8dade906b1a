"""What the console says is so: dates, counts and marks; and no page asks the database once a row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.domain.evidence.actor import Actor
from worker.domain.model import Member
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import Grade, TicketState

STAFF = tuple(f"nurse-{number}" for number in range(8))


@company_fixture
def ward() -> Harness:
    """Ann left and is in one group; the clock is 24 November 2026, 10 a.m."""
    harness = Harness()
    harness.hire("ann", "ben", "dee", *STAFF)
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.later()
    harness.leave("ann")
    harness.settle()
    return harness


@pytest.fixture
def desk(ward: Harness) -> Caller:
    caller = desk_of(ward)
    caller.sign_in("sam", "operator", "auditor")
    return caller


@contextmanager
def statements(harness: Harness) -> Iterator[list[str]]:
    seen: list[str] = []

    def see(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    sa.event.listen(harness.engine, "before_cursor_execute", see)
    try:
        yield seen
    finally:
        sa.event.remove(harness.engine, "before_cursor_execute", see)


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


# --- dates ------------------------------------------------------------------------------------------------


def test_a_day_of_the_chart_is_the_day_that_ended(desk: Caller, ward: Harness) -> None:
    ward.later(days=2)
    desk.sign_in("sam", "viewer")

    page = desk.get("/charts?weeks=4").text

    exposure = page.partition("</figure>")[0]
    assert re.findall(r'<th scope="row"[^>]*>([^<]+)</th><td[^>]* data-value="(\d+)"', exposure) == [
        ("24 Nov 2026", "1"),
        ("25 Nov 2026", "1"),
        ("26 Nov 2026, so far", "1"),
    ]


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "9999-12-31", "2026-02-30", "soon"])
def test_a_day_that_nobody_means_is_refused_in_words(desk: Caller, ward: Harness, day: str) -> None:
    for path, fields in [
        ("/audit", {"from": day}),
        ("/audit", {"to": day}),
        ("/audit/export", {"from": day}),
        ("/audit/export", {"to": day}),
        ("/tickets/T-000001/act", {"act": "waive", "until": day, "reason": "agreed"}),
    ]:
        desk.get("/tickets/T-000001")
        assert desk.post(path, fields).status_code == 409, (path, fields)
    assert ward.ticket().state is TicketState.OPEN


def test_nothing_is_waived_until_a_day_that_is_over(desk: Caller, ward: Harness) -> None:
    desk.get("/tickets/T-000001")
    page = desk.post("/tickets/T-000001/act", {"act": "waive", "until": "2026-11-23", "reason": "agreed"})
    assert (page.status_code, ward.ticket().state) == (409, TicketState.OPEN)

    desk.get("/tickets/T-000001")
    desk.post("/tickets/T-000001/act", {"act": "waive", "until": "2026-11-24", "reason": "agreed"})

    assert ward.ticket().state is TicketState.WAIVED, "today is not over"


# --- counts and marks -------------------------------------------------------------------------------------


def test_all_that_are_disputed_are_counted(desk: Caller, ward: Harness) -> None:
    for number in range(60):
        ward.group(f"group-{number:03d}", "ann", "ben", admins=["dee"])
    ward.settle()
    for ticket in ward.tickets():
        token = ward.link(ticket.id).rpartition("/t/")[2]
        ward.assigned.answer(token, Answer.STILL_WORKS_HERE, "", ward.now)

    assert "61 disputed tickets" in _text(desk.get("/").text)


def test_a_plan_of_which_all_is_decided_waits_for_nobody(ward: Harness) -> None:
    for unit in ("Temps", "Agency"):
        names = [f"{unit.lower()}{number:02d}" for number in range(15)]
        ward.hire(*names, org_unit=f"OU={unit}")
        ward.group(unit.lower(), *names, admins=["dee"])
    ward.settle()
    ward.leave(*[one.person_id for one in ward.corp.people() if (one.org_unit or "").startswith("OU=")])
    ward.later()
    ward.settle()
    desk = desk_of(ward)
    desk.sign_in("kim", "approver")
    [plan] = ward.plans()
    assert len(plan.cohorts) == 2
    assert "1 waiting for approval" in _text(desk.get("/").text)

    ward.decide(plan.cohorts[0].id)
    assert "1 waiting for approval" in _text(desk.get("/").text), "one cohort still waits"
    ward.decide(plan.cohorts[1].id, release=False)

    assert "0 waiting for approval" in _text(desk.get("/").text)
    assert "Waiting for approval" not in desk.get("/").text
    assert "! partly decided" not in _text(desk.get("/plans").text)
    assert 'value="release"' not in desk.get("/plans/P-000001").text


def test_what_is_over_is_not_shown_as_disputed(desk: Caller, ward: Harness) -> None:
    token = ward.link(1).rpartition("/t/")[2]
    ward.assigned.answer(token, Answer.STILL_WORKS_HERE, "", ward.now)
    assert "? disputed" in _text(desk.get("/tickets?state=all").text)

    ward.desk.waive(1, Actor("sam"), "agreed", ward.now)

    assert "? disputed" not in _text(desk.get("/tickets?state=all").text)


def test_one_person_under_two_spellings_is_no_second_person(ward: Harness) -> None:
    token = ward.link(1).rpartition("/t/")[2]
    ward.assigned.done(token, ward.now)

    ward.desk.done(1, Actor("Dee@Corp.example"), ward.now)

    assert ward.ticket().grade is Grade.C


# --- statements -------------------------------------------------------------------------------------------


def _answered(harness: Harness, count: int) -> None:
    for number in range(count):
        handle = f"+4477009008{number:02d}"
        harness.wards.add_member("ward-7", Member(handle, f"Nobody {number}", phone=handle))
    harness.settle()
    for number in range(count):
        harness.identifying.confirm(
            f"+4477009008{number:02d}", f"corp/{STAFF[number]}", Actor("sam"), harness.now
        )


def _asked(desk: Caller, harness: Harness, path: str) -> int:
    with statements(harness) as seen:
        assert desk.get(path).status_code == 200
    return len(seen)


def test_a_list_of_answers_asks_as_much_for_eight_as_for_one(desk: Caller, ward: Harness) -> None:
    _answered(ward, 1)
    one = _asked(desk, ward, "/questions?view=answered")
    _answered(ward, 8)

    assert _asked(desk, ward, "/questions?view=answered") == one
    assert "Nurse-7" in desk.get("/questions?view=answered").text


@pytest.mark.parametrize("path", ["/", "/tickets?state=all", "/groups", "/people", "/questions"])
def test_a_list_asks_as_much_for_twenty_rows_as_for_one(desk: Caller, ward: Harness, path: str) -> None:
    few = _asked(desk, ward, path)
    for number in range(20):
        ward.group(f"group-{number:03d}", "ann", "ben", admins=["dee"])
    ward.settle()

    assert _asked(desk, ward, path) == few


def test_a_person_s_page_asks_as_much_for_twenty_tickets_as_for_one(desk: Caller, ward: Harness) -> None:
    found = re.search(r'href="(/people/[^"]+)"><bdi>Ann', desk.get("/people").text)
    assert found is not None
    one = _asked(desk, ward, found[1])
    for number in range(20):
        ward.group(f"group-{number:03d}", "ann", "ben", admins=["dee"])
    ward.settle()

    assert _asked(desk, ward, found[1]) == one
    assert "T-000021" in desk.last.text if desk.last else False


# --- what somebody keeps -----------------------------------------------------------------------------------


def test_a_leavers_page_says_what_they_keep_and_what_proves_it(desk: Caller, ward: Harness) -> None:
    def page(name: str) -> str:
        [row] = re.findall(rf'href="(/people/[\w-]{{20,}})"[^>]*>(?:<bdi>)?{name}', desk.get("/people").text)
        return _text(desk.get(row).text)

    assert "What they keep" in page("Ann")
    assert "What they keep" not in page("Ben")
    assert "Ward 7 – – – T-000001 open –" in page("Ann")
    ward.drop("ward-7", "ann")
    ward.later()
    ward.settle()
    assert re.search(r"Ward 7 – – [^–]* T-000001 verified wards ?, A", page("Ann"))
