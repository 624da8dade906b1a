"""The list of tickets as a place to work in: what comes first, what is chosen, and acts on many at once."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.desk.console import saved, tickets
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import TicketState
from worker.storage.sql.tables import ticket

ROW = re.compile(r'<th scope="row"[^>]*><a href="/tickets/(T-\d+)')


MANY = 10_100  # more than the page counts
KEPT = '<span aria-hidden="true">★</span> <bdi>Late in Ward 7</bdi>'


@company_fixture
def ward() -> Harness:
    """Ann left two days ago, Ben and Cem an hour ago; fay has the admin's ticket of ward 9."""
    harness = Harness()
    harness.hire("ann", "ben", "cem", "dee", "fay")
    harness.group("ward-7", "ann", "ben", admins=["dee"], name="Ward 7")
    harness.group("ward-9", "cem", admins=["fay"], name="Ward 9")
    harness.settle()
    harness.leave("ann")
    harness.settle()
    harness.later(hours=47)
    harness.leave("ben", "cem")
    harness.settle()
    harness.later()
    harness.escalate()
    return harness


@pytest.fixture
def desk(ward: Harness) -> Caller:
    caller = desk_of(ward)
    caller.sign_in("fay@corp.example", "operator")
    return caller


def shown(html: str) -> list[str]:
    return ROW.findall(html)


def text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def chip(desk: Caller, words: str) -> str:
    """The page that a chip of the shown list leads to."""
    assert desk.last is not None
    found = re.search(rf'<li><a href="([^"]+)"[^>]*>{words}</a>', desk.last.text)
    assert found is not None
    return desk.get(unescape(found[1])).text


def test_what_is_most_late_comes_first_with_how_late_it_is_and_when_somebody_was_told(desk: Caller) -> None:
    page = desk.get("/tickets").text
    assert shown(page) == ["T-000001", "T-000002", "T-000003"]
    assert "1 d late" in text(page)
    assert "in 23 h" in text(page)
    assert "Last told" in text(page)
    assert "Found: 3" in text(page)


def test_a_page_of_late_ones_goes_on_where_it_ended(desk: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "PAGE", 1)
    found = shown(desk.get("/tickets").text)
    while (page := desk.next_page()) is not None:
        found += shown(page.text)
    assert found == ["T-000001", "T-000002", "T-000003"]
    assert desk.get("/tickets").status_code == 200


def test_chips_choose_and_are_taken_off_again(desk: Caller, ward: Harness) -> None:
    desk.get("/tickets")
    assert shown(chip(desk, "mine")) == ["T-000003"]
    assert shown(chip(desk, "mine")) == ["T-000001", "T-000002", "T-000003"], "a second tap takes it off"
    assert shown(chip(desk, "overdue")) == ["T-000001"]
    assert shown(chip(desk, "sensitive")) == []
    assert shown(chip(desk, "unassigned")) == []
    ward.desk.done(2, Actor("dee"), ward.now)
    ward.desk.reopen(2, Actor("sam"), "She is still in", ward.now)
    assert shown(chip(desk, "reopened")) == ["T-000002"]


def test_what_is_found_is_counted_to_a_bound_and_a_text_is_not_searched_twice(
    desk: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tickets, "PAGE", 1)
    assert "Found: 3 ·" in text(desk.get("/tickets").text)
    monkeypatch.setattr(tickets, "COUNTED_MAX", 2)
    assert "Found: 2+" in text(desk.get("/tickets").text)
    assert "Found: 1 ·" in text(desk.post("/tickets", {"text": "Ward 9"}).text)
    assert "Found" not in text(desk.post("/tickets", {"text": "Ward"}).text)


@pytest.mark.parametrize("typed", ["T-1", "ann@corp.example", "+44 7700 900000", "07700900000", "Ward  7"])
def test_a_ticket_is_found_by_what_people_type(desk: Caller, ward: Harness, typed: str) -> None:
    assert ward.number("ann") == "+447700900000"
    found = shown(desk.post("/tickets", {"text": typed}).text)
    assert found == (["T-000001", "T-000002"] if typed.startswith("Ward") else ["T-000001"])


def test_a_list_is_kept_under_a_name_for_whoever_saved_it(desk: Caller, ward: Harness) -> None:
    desk.get("/tickets")
    fields = {"state": "live", "view": "overdue", "text": "Ward 7", "name": "  Late in   Ward 7 "}
    assert shown(desk.post("/tickets/saved", fields).text) == ["T-000001"]
    desk.get("/tickets")
    assert shown(chip(desk, KEPT)) == ["T-000001"]
    desk.post("/tickets/saved", fields | {"view": ""})
    desk.get("/tickets")
    assert shown(chip(desk, KEPT)) == ["T-000001", "T-000002"], "the later one counts"
    other = desk_of(ward)
    other.sign_in("sam", "viewer")
    assert "Late in Ward 7" not in other.get("/tickets").text
    desk.get("/tickets")
    assert "Late in" not in desk.post("/tickets/saved", {"name": "Late in Ward 7", "act": "forget"}).text


def test_a_list_is_kept_with_its_period(desk: Caller, ward: Harness) -> None:
    desk.get("/tickets")
    since = (ward.now - timedelta(hours=3)).isoformat()
    page = desk.post("/tickets", {"opened": f"{since}/"}).text
    assert shown(page) == ["T-000002", "T-000003"]
    form = page.partition('action="/tickets/saved"')[2]
    fields = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
    assert shown(desk.post("/tickets/saved", fields | {"name": "Late in Ward 7"}).text) == [
        "T-000002",
        "T-000003",
    ]
    assert f'aria-current="true">{KEPT}' not in desk.get("/tickets").text, "all are shown"
    assert shown(chip(desk, KEPT)) == ["T-000002", "T-000003"]
    assert desk.last is not None
    assert f'aria-current="true">{KEPT}' in desk.last.text


def test_a_list_wants_a_name_and_there_are_so_many_at_most(
    desk: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "LISTS_MAX", 1)
    desk.get("/tickets")
    assert "Give the list a name" in desk.post("/tickets/saved", {"name": " "}).text
    desk.get("/tickets")
    assert desk.post("/tickets/saved", {"name": "one"}).status_code == 200
    assert desk.post("/tickets/saved", {"name": "one", "state": "done"}).status_code == 200
    assert "forget one first" in desk.post("/tickets/saved", {"name": "two"}).text


@pytest.mark.parametrize(
    "after", ["nonsense", "2026-11-24 x", "x 2", "2026-13-24 2", "0001-01-01T00:00:00+14:00 5"]
)
def test_a_place_that_means_nothing_is_the_first_page(desk: Caller, after: str) -> None:
    desk.get("/tickets")
    assert shown(desk.post("/tickets", {"after": after}).text) == ["T-000001", "T-000002", "T-000003"]


def test_several_are_acted_on_for_one_reason_and_the_list_comes_back(desk: Caller, ward: Harness) -> None:
    desk.get("/tickets")
    desk.post("/tickets", {"text": "Ward 7"})
    assert desk.last is not None
    back = re.search(r'name="back" value="([^"]+)"', desk.last.text.partition('id="together"')[2])
    assert back is not None
    fields = {"act": "waive", "ticket": ["1", "2"], "reason": "Agreed", "back": unescape(back[1])}
    page = desk.post("/tickets/together", fields)
    assert [ward.ticket(number).state for number in (1, 2, 3)] == [
        TicketState.WAIVED,
        TicketState.WAIVED,
        TicketState.OPEN,
    ]
    assert str(page.url).endswith(unescape(back[1]))
    assert "No tickets match." in page.text


def test_what_refuses_is_named_with_why_and_the_rest_is_done(desk: Caller, ward: Harness) -> None:
    ward.desk.done(1, Actor("dee"), ward.now)
    desk.get("/tickets")
    page = desk.post(
        "/tickets/together", {"act": "acknowledge", "ticket": ["1", "3"], "back": "//evil.example"}
    )
    assert page.status_code == 409
    assert "Done: 1. Refused: 1." in page.text
    assert re.search(r'<a href="/tickets/T-000001">T-000001</a>: \S+', page.text)
    assert 'href="/tickets"' in page.text
    assert "evil" not in page.text
    assert ward.ticket(3).acknowledged_until is not None


@pytest.mark.parametrize("fields", [{"act": "waive"}, {"act": "done", "ticket": "1"}, {"ticket": "1"}])
def test_without_a_tick_or_an_act_nothing_is_done(
    desk: Caller, ward: Harness, fields: dict[str, str]
) -> None:
    desk.get("/tickets")
    assert desk.post("/tickets/together", {"reason": "Agreed", **fields}).status_code == 409
    assert ward.ticket(1).state is TicketState.OPEN


@pytest.mark.parametrize("act, typed, lacks", [
    ("assign", {"reason": "On holiday"}, "email"),
    ("waive", {"email": "dee@corp.example"}, "reason"),
])  # fmt: skip
def test_a_field_that_is_missing_is_asked_for_again_with_what_was_typed(
    desk: Caller, ward: Harness, act: str, typed: dict[str, str], lacks: str
) -> None:
    desk.get("/tickets")
    page = desk.post("/tickets/together", {"act": act, "ticket": ["1", "3"], **typed})
    form = page.text.partition('action="/tickets/together"')[2].partition("</form>")[0]
    assert page.status_code == 409
    assert re.findall(r'name="ticket" value="(\d+)"', form) == ["1", "3"]
    assert f'name="reason" value="{typed.get("reason", "")}"' in form
    assert f'<button name="act" value="{act}">' in form
    assert re.search(rf'name="{lacks}" value=""[^>]* required', form)


def test_all_are_assigned_to_one_person(desk: Caller, ward: Harness) -> None:
    desk.get("/tickets")
    fields = {"act": "assign", "ticket": ["1", "3"], "email": "dee@corp.example"}
    assert desk.post("/tickets/together", fields).status_code == 200
    assert {ward.ticket(number).assignee.email for number in (1, 3)} == {"dee@corp.example"}  # type: ignore[union-attr]


def test_the_list_is_a_file_for_spreadsheets_that_no_cell_turns_into_a_formula(
    desk: Caller, ward: Harness
) -> None:
    ward.group("ward-7", "ann", "ben", admins=["dee"], name="=Ward 7")
    page = desk.get("/tickets").text
    link = re.search(r'href="([^"]+)">as a table', page)
    assert link is not None
    answer = desk.get(unescape(link[1]))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == shown(page), "in the order of the list"
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_the_file_has_all_tickets_however_many(desk: Caller, ward: Harness) -> None:
    with ward.engine.begin() as connection:
        row = dict(connection.execute(sa.select(ticket).where(ticket.c.id == 1)).mappings().one())
        connection.execute(
            ticket.insert(), [row | {"id": 100 + n, "episode": f"test:{n}"} for n in range(MANY)]
        )
    link = re.search(r'href="([^"]+)">as a table', desk.get("/tickets").text)
    assert link is not None

    rows = list(csv.reader(io.StringIO(desk.get(unescape(link[1])).content.decode("utf-8-sig"))))

    numbers = [row[0] for row in rows[1:]]
    assert len(set(numbers)) == len(numbers) == MANY + 3


def test_who_may_only_look_is_offered_no_tick(ward: Harness) -> None:
    caller = desk_of(ward)
    caller.sign_in("vic", "viewer")
    page = caller.get("/tickets").text
    assert "checkbox" not in page
    assert "together" in page
    assert "Waive" not in page


def test_what_is_over_comes_newest_first(desk: Caller, ward: Harness) -> None:
    for number in (1, 2):
        ward.desk.waive(number, Actor("sam"), "Agreed", ward.now + timedelta(minutes=1))
    desk.get("/tickets")
    assert shown(desk.post("/tickets", {"state": "waived"}).text) == ["T-000002", "T-000001"]
