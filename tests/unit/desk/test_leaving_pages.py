"""Pages for somebody who leaves: holds on the ticket's page, and the review of conversations with its checklist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.domain.controls.conversations import CheckItem
from worker.domain.controls.policy import ControlPolicy, ConversationsRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import TicketKind, TicketState

DAY = timedelta(days=1)
KIM = Actor("kim")
ROLE = "hr-leavers@example.org"
RULE = ConversationsRule(ControlSwitch(Mode.TICKET), ROLE, 14 * DAY, (), "HR-17", "D-42")
FORM = "/tickets/T-000001/hold"


@company_fixture
def ward() -> Harness:
    """Ann has left ward 7; Ben leaves in ten days, and the role is asked for a review."""
    harness = Harness(controls=ControlPolicy(conversations=(RULE,)))
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"], name="Ward 7")
    harness.settle()
    harness.control()
    harness.leave("ann")
    harness.hire("ben", leave_at=harness.now + 10 * DAY)
    harness.settle()
    harness.control()
    return harness


@pytest.fixture
def desk(ward: Harness) -> Caller:
    return desk_of(ward)


def path(ward: Harness) -> str:
    [ticket] = ward.tickets(TicketKind.REVIEW_CONVERSATIONS)
    return ward.link(ticket.id).partition(".org")[2]


def text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


# --- holds ------------------------------------------------------------------------------------------------


def test_an_approver_holds_a_removal_and_ends_it(ward: Harness, desk: Caller) -> None:
    desk.sign_in("kim", "approver")
    page = desk.get("/tickets/T-000001").text
    assert "Hold the removal" in page
    page = desk.post(FORM, {"act": "hold", "hours": "24", "reason": "her own export"}).text
    assert ward.ticket().held_until == ward.now + DAY
    assert "Held until" in text(page)
    assert "held by kim: her own export" in text(page)
    assert "End the hold" in page
    desk.post(FORM, {"act": "end", "reason": "she has it"})
    assert ward.ticket().state is TicketState.OPEN


@pytest.mark.parametrize(
    "given, said",
    [
        ({"act": "hold", "hours": "500", "reason": "x"}, "Say for how long."),
        ({"act": "hold", "hours": "24", "reason": ""}, "a reason is required"),
        ({"act": "end", "reason": "x"}, "is not held"),
    ],
)
def test_a_refusal_is_said_in_the_form(ward: Harness, desk: Caller, given: dict[str, str], said: str) -> None:
    desk.sign_in("kim", "approver")
    desk.get("/tickets/T-000001")
    page = desk.post(FORM, given).text
    found = re.search(
        r'<details class="card" open><summary>Hold the removal.*?id="refusal">(.*?)</p>', page, re.DOTALL
    )
    assert found is not None
    assert said in text(found[1])
    assert ward.ticket().held_until is None


def test_an_operator_holds_nothing(ward: Harness, desk: Caller) -> None:
    desk.sign_in("sam", "operator")
    assert "Hold the removal" not in desk.get("/tickets/T-000001").text
    assert desk.post(FORM, {"act": "hold", "hours": "24", "reason": "x"}).status_code == 403
    assert ward.ticket().held_until is None


def test_the_assignee_reads_until_when_it_is_held(ward: Harness, desk: Caller) -> None:
    ward.app.holds.hold(1, KIM, "her own export", ward.now + DAY, ward.now)
    page = text(desk.get(ward.link(1).partition(".org")[2]).text)
    assert "It is held until" in page
    assert "another admin" not in page


# --- conversations ----------------------------------------------------------------------------------------


def test_the_page_says_what_may_be_looked_at(ward: Harness, desk: Caller) -> None:
    page = desk.get(path(ward)).text
    said = text(page)
    for part in ("HR-17", "D-42", "Ward 7", "Who could export: Dee", "Never ask anybody to unlock a phone"):
        assert part in said, part
    for item in CheckItem:
        assert item.value in said, item
    assert "Still missing" not in said
    assert "<textarea" not in page  # no field invites quotes


def test_saved_in_part_then_complete(ward: Harness, desk: Caller) -> None:
    where = path(ward)
    desk.get(where)
    page = text(
        desk.post(f"{where}/conversations", {"purpose": "done", "from": "no day", "result": "x"}).text
    )
    assert "Saved. Still missing" in page
    assert "Say what came of it." in page
    given = {item.name.lower(): "done" for item in CheckItem} | {
        "told": "not_needed", "words-told": "they asked for it", "from": "2026-11-01", "until": "2026-11-20",
        "result": "case", "delete_on": "2027-01-01",
    }  # fmt: skip
    page = text(desk.post(f"{where}/conversations", given).text)
    assert "The review is complete: It is a legal case" in page
    desk.post(f"{where}/undo", {})
    page = desk.get(where).text
    assert 'value="2027-01-01"' in page
    assert 'value="they asked for it"' in page


def test_an_older_page_takes_back_nothing_that_somebody_else_saved(ward: Harness, desk: Caller) -> None:
    where, colleague = path(ward), desk_of(ward)
    shown = dict(re.findall(r'name="(shown-[^"]+)" value="([^"]*)"', desk.get(where).text))
    assert len(shown) == 2 * len(CheckItem) + 4
    colleague.get(where)
    colleague.post(f"{where}/conversations", shown | {"purpose": "done", "words-purpose": "file 7"})
    page = desk.post(f"{where}/conversations", shown | {"told": "done", "from": "2026-11-01"}).text
    assert 'name="shown-purpose" value="done"' in page
    assert 'name="shown-words-purpose" value="file 7"' in page
    assert 'name="shown-told" value="done"' in page
    shown = dict(re.findall(r'name="(shown-[^"]+)" value="([^"]*)"', page))
    page = desk.post(f"{where}/conversations", shown | {"purpose": "done", "told": "done"}).text
    assert 'name="shown-words-purpose" value=""' in page, "taken out by whoever saw it"
    assert 'name="shown-from" value=""' in page


def test_words_beside_an_item_without_an_answer_come_back(ward: Harness, desk: Caller) -> None:
    where = path(ward)
    desk.get(where)
    page = desk.post(f"{where}/conversations", {"purpose": "done", "words-read": "Legal, room 4"}).text
    assert 'id="words-read" name="words-read" value="Legal, room 4"' in page
    assert "Answer each item." in text(page)


def test_nothing_is_left_to_do_afterwards(ward: Harness, desk: Caller) -> None:
    where = path(ward)
    [ticket] = ward.tickets(TicketKind.REVIEW_CONVERSATIONS)
    ward.desk.waive(ticket.id, KIM, "agreed", ward.now)
    assert "There is nothing left to do here" in text(desk.get(where).text)
    assert "out of date" in text(desk.post(f"{where}/conversations", {"purpose": "done"}).text)


def test_whoever_can_not_do_it_says_so(ward: Harness, desk: Caller) -> None:
    where = path(ward)
    desk.get(where)
    desk.post(f"{where}/answer", {"answer": "other"})
    [ticket] = ward.tickets(TicketKind.REVIEW_CONVERSATIONS)
    assert ticket.assignee is not None
    assert ticket.assignee.email == "it-security@example.org"


# --- seals ------------------------------------------------------------------------------------------------

CHAT = b"03/11/2026, 09:00 - Dee: the rota\n20/11/2026, 09:00 - Dee: the next one\n"


def seal(desk: Caller, where: str, data: bytes = CHAT, **fields: str) -> str:
    """Send a file as the page's form does, and return where its answer leads."""
    form_token = desk.get(where).text.split('name="form_token" value="')[1].split('"')[0]
    answer = desk.client.post(
        f"{where}/seal",
        data={"form_token": form_token, **fields},
        files={"file": ("chat.txt", data, "text/plain")},
        headers={"Origin": "https://whosleft.example.org"},
        follow_redirects=False,
    )
    assert answer.status_code == 303
    return str(answer.headers["location"])


def test_the_reviewer_seals_an_export_and_is_told_that_it_was_cut(ward: Harness, desk: Caller) -> None:
    where = path(ward)
    desk.get(where)
    desk.post(f"{where}/conversations", {"from": "2026-11-01", "until": "2026-11-20"})
    assert seal(desk, where, to="Legal") == f"{where}#seals"
    page = text(desk.get(where).text)
    assert "E-000001 chat.txt" in page
    assert "the export was cut" in page
    with ward.store.reading() as uow:
        [kept] = uow.seals.page(0, 9)
    assert (kept.made_by, kept.custody[0].taker) == (ROLE, "Legal")
    said = [one.entry for one in ward.journal() if one.entry.event == "evidence.sealed"]
    assert [(one.actor, one.data["via"]) for one in said] == [(ROLE, "link")]


def test_what_can_not_be_sealed_is_said(ward: Harness, desk: Caller) -> None:
    where = path(ward)
    assert seal(desk, where, b"") == f"{where}?refused=seal#seals"
    assert "It is empty, or another file" in text(desk.get(f"{where}?refused=seal").text)
    broken = desk.client.post(
        f"{where}/seal",
        content=b"--b\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=b", "Origin": "https://whosleft.example.org"},
        follow_redirects=False,
    )
    assert broken.headers["location"] == f"{where}?refused=broken#seals"
    stale = desk.client.post(f"{where}/seal", content=b"x", follow_redirects=False)
    assert stale.status_code in {303, 403}


def test_a_file_that_comes_after_the_review_is_over_is_not_sealed(ward: Harness, desk: Caller) -> None:
    """The ticket is closed while the file is on its way."""
    where = path(ward)
    token = desk.get(where).text.split('name="form_token" value="')[1].split('"')[0]
    [ticket] = ward.tickets(TicketKind.REVIEW_CONVERSATIONS)

    def body() -> Iterator[bytes]:
        head = '--b\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'
        yield (head.format("form_token", "") + token + "\r\n").encode()
        yield head.format("file", '; filename="chat.txt"').encode() + CHAT
        ward.desk.waive(ticket.id, KIM, "agreed", ward.now)
        yield b"\r\n--b--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=b", "Origin": "https://whosleft.example.org"}
    answer = desk.client.post(f"{where}/seal", content=body(), headers=headers)
    assert "out of date" in text(answer.text)
    with ward.store.reading() as uow:
        assert not uow.seals.page(0, 9)


def test_nothing_is_sealed_by_a_dead_link_or_for_another_kind_of_ticket(ward: Harness, desk: Caller) -> None:
    assert seal(desk, ward.link(1).partition(".org")[2]).endswith("?refused=changed")
    answer = desk.client.post(
        "/t/nonsense/seal",
        content=b"",
        headers={"Origin": "https://whosleft.example.org"},
        follow_redirects=False,
    )
    assert answer.status_code == 404
    with ward.store.reading() as uow:
        assert not uow.seals.page(0, 9)
