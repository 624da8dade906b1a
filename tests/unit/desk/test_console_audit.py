"""The journal's pages in the security team's console, and the packs that are taken away."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from io import BytesIO

import pytest

from console_ward import console_ward, link_of, text_of
from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from journals import use_earlier_names
from packs import members_of
from worker.app.evidence.zip import verify_pack
from worker.desk.console import audit
from worker.domain.evidence.journal import Entry, recorded
from worker.domain.tickets.answers import Answer


@company_fixture
def ward() -> Harness:
    return console_ward()


@pytest.fixture
def desk(ward: Harness) -> Caller:
    return desk_of(ward)


def _rows(html: str) -> str:
    return text_of(html.partition("<tbody")[2].partition("</tbody>")[0])


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
    assert desk.get(link_of(page, "Gus")).status_code == 200
    assert link_of(page, "T-000002") == "/tickets/T-000002"
    assert '<option value="old name" selected>' in desk.post("/audit", {"actor": "old name"}).text


def test_people_groups_and_sources_of_the_journal_are_links(desk: Caller) -> None:
    desk.sign_in("sam", "auditor")
    desk.get("/audit")
    page = desk.post("/audit", {"kind": "person.left", "subject": "person:corp/ann"}).text
    assert desk.get(link_of(page, "Ann")).status_code == 200
    page = desk.post("/audit", {"kind": "group.seen", "subject": "group:wards/theatre"}).text
    assert desk.get(link_of(page, "Theatre")).status_code == 200
    page = desk.post("/audit", {"kind": "source.*"}).text
    assert link_of(page, "corp") == "/sources/corp"


@pytest.mark.parametrize("fields", [
    {"subject": "person:corp/ann", "from": "2026-11-24"},
    {"subject": "t-2", "kind": "ticket.open"},
    {"kind": "desk.*", "actor": "sam"},
    {"kind": "person.*", "to": "2026-11-25"},
    {"from": "2026-11-24"},
    {},
])  # fmt: skip
def test_a_pack_of_what_is_shown_has_just_that(
    desk: Caller, ward: Harness, fields: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PAGE", 500)
    desk.sign_in("sam", "auditor")
    desk.get("/audit")
    page = desk.post("/audit", fields).text
    form = page.partition('action="/audit/export"')[2].partition("</form>")[0]
    assert ("choose days to make it smaller" in text_of(form)) is (not fields)
    given = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))

    pack = desk.post("/audit/export", given, token=given["form_token"])

    assert verify_pack(BytesIO(pack.content)).is_whole
    lines = [json.loads(line) for line in members_of(pack.content)["journal.jsonl"].splitlines()]
    in_full = [line["seq"] for line in lines if "kind" in line]
    shown = [int(number) for number in re.findall(r'<td role="cell" class="number">(\d+)</td>', page)]
    assert in_full == [*sorted(shown), ward.journal()[-1].seq]


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

    shown = text_of(desk.post("/audit", {"subject": "ticket:T-000001"}).text)

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
