"""The public form to report a message, its receipt, and the page of whoever looks after it."""

from __future__ import annotations

import re
from html import unescape

import pytest
import sqlalchemy as sa

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.domain.controls.policy import ControlPolicy, ReportsRule
from worker.domain.controls.reports import OUTCOME_WORDS, TIER_WORDS, ReportOutcome
from worker.domain.evidence.actor import Actor
from worker.domain.model import GroupKey
from worker.domain.tickets.ticket import Grade, TicketKind, TicketState
from worker.languages import LANGUAGES, BabelLanguages
from worker.storage.sql.tables import metadata

OWN = "https://speakup.example.org/"
SECRET = "He wrote a cruel joke about Ann's hair"
ADDRESS, BROWSER = "203.0.113.77", "OddBrowser/7.1"


@company_fixture
def ward() -> Harness:
    """Ward 7, whose admin Dee reads German; reports are on."""
    harness = Harness(controls=ControlPolicy(reports=(ReportsRule(whistleblowing_url=OWN),)))
    harness.hire("ann", "ben")
    harness.hire("dee", language="de")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    return harness


@pytest.fixture
def desk(ward: Harness) -> Caller:
    return desk_of(ward)


def form(ward: Harness) -> str:
    url = ward.app.reporting.url(GroupKey("wards", "ward-7"), ward.now)
    assert url is not None
    return url.partition(".org")[2]


def send(desk: Caller, ward: Harness, **said: str) -> str:
    """Send the form; return the receipt."""
    answer = desk.post(form(ward), {"tier": "other", **said})
    assert answer.status_code == 200
    found = re.search(r"/r/outcome/([A-Z0-9]+)", answer.text)
    assert found
    return found[1]


def settle(desk: Caller, outcome: str, words: str = "", at: int = 1) -> str:
    """Fill in the form of the handler's page that is shown."""
    found = re.search(r'name="newest" value="(\d+)"', desk.last.text if desk.last else "")
    said = {"outcome": outcome, "words": words, "newest": found[1] if found else ""}
    return desk.post(f"{desk.ticket(at)}/outcome", said).text


def text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


# --- the form -------------------------------------------------------------------------------------------------


def test_as_much_is_kept_as_a_browser_lets_people_type(ward: Harness, desk: Caller) -> None:
    """It counts a line break as one character, and sends two."""
    typed = "\n".join(["one line of it"] * 32).ljust(491, "x") + " KEY FACT"
    send(desk, ward, text=typed.replace("\n", "\r\n"))
    with ward.store.reading() as uow:
        [kept] = uow.bad_messages.of_ticket(1, 5)
    assert len(typed) == 500
    assert kept.words == typed


@pytest.mark.parametrize("broken", ["\r\n", "\r", "\n"])
def test_a_line_break_is_one_however_it_was_sent(ward: Harness, desk: Caller, broken: str) -> None:
    send(desk, ward, text=f"first{broken}second")
    with ward.store.reading() as uow:
        [kept] = uow.bad_messages.of_ticket(1, 5)
    assert kept.words == "first\nsecond"


def test_the_form_is_for_a_phone_and_needs_no_account_no_cookie_and_no_script(
    ward: Harness, desk: Caller
) -> None:
    page = desk.get(form(ward))
    assert page.status_code == 200
    assert "set-cookie" not in page.headers
    for words in TIER_WORDS.values():
        assert words in unescape(page.text)
    assert "Ward 7" in page.text
    assert OWN in page.text
    assert 'name="tier"' in page.text
    assert 'type="file"' not in page.text
    answer = desk.post(form(ward), {"tier": "other", "text": "x"})
    assert "set-cookie" not in answer.headers
    assert not dict(desk.client.cookies)


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_the_form_is_in_the_readers_language_and_choosing_one_sets_no_cookie(
    ward: Harness, desk: Caller, code: str
) -> None:
    desk.language = code
    page = desk.get(form(ward)).text
    assert f'<html lang="{code}"' in page
    assert ('dir="rtl"' in page[:200]) is BabelLanguages("en").of(code).is_rtl
    chosen = desk.get(f"{form(ward)}?lang={code}", **{"Accept-Language": "en"})
    assert f'<html lang="{code}"' in chosen.text
    assert "set-cookie" not in chosen.headers
    if code != "en":
        assert "What kind of message is it?" not in page


def test_each_field_has_a_label(ward: Harness, desk: Caller) -> None:
    page = desk.get(form(ward)).text
    for field in ("text", "trap", "language"):
        assert f'<label for="{field}"' in page
    assert page.count("<fieldset>") == page.count("<legend>") == 2
    assert page.count("<h1>") == 1


def test_without_a_kind_nothing_is_sent_and_what_was_written_stays(ward: Harness, desk: Caller) -> None:
    page = desk.post(
        form(ward), {"tier": "nonsense", "text": "kept <b>", "when": "today", "about_admin": "yes"}
    )
    assert page.status_code == 422
    assert "kept &lt;b&gt;</textarea>" in page.text
    assert page.text.count(" checked") == 2
    assert f'action="{form(ward)}"' in page.text
    assert not ward.tickets(TicketKind.HANDLE_REPORT)


def test_a_program_that_fills_in_everything_gets_an_answer_and_reports_nothing(
    ward: Harness, desk: Caller
) -> None:
    receipt = send(desk, ward, website="https://spam.example")
    assert not ward.tickets(TicketKind.HANDLE_REPORT)
    assert desk.get(f"/r/outcome/{receipt}").status_code == 404


def test_nothing_of_whoever_reports_is_in_the_database_or_in_the_log(
    ward: Harness, desk: Caller, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(0):
        headers = {"User-Agent": BROWSER, "X-Forwarded-For": ADDRESS}
        desk.get(form(ward), **headers)
        desk.client.headers.update(headers)
        receipt = send(desk, ward, tier="harm", text=SECRET, when="hour")
        desk.get(f"/r/outcome/{receipt}", **headers)
    rows = []
    with ward.engine.connect() as connection:
        for table in metadata.sorted_tables:
            rows += [repr(tuple(row)) for row in connection.execute(sa.select(table))]
    kept = "\n".join(rows)
    assert SECRET.partition("'")[0] in kept, "the search finds what is there"
    assert sum(SECRET.partition("'")[0] in row for row in rows) == 1, "in one table alone"
    logged = "\n".join([record.getMessage() for record in caplog.records]) + "".join(capfd.readouterr())
    for trace in (ADDRESS, BROWSER, "testclient"):
        assert trace not in kept
        assert trace not in logged
    assert "cruel joke" not in logged


@pytest.mark.parametrize("path", ["/r/nothing", "/r/outcome/22222222"])
def test_whoever_guesses_is_slowed_down(desk: Caller, path: str) -> None:
    answers = [desk.get(path).status_code for _ in range(31)]
    assert set(answers[:30]) == {404}
    assert answers[30] == 429


def test_an_old_link_says_ask_an_admin(ward: Harness, desk: Caller) -> None:
    link = form(ward)
    with ward.store.begin() as uow:
        known = uow.bad_messages.link(link.rpartition("/")[2])
        assert known is not None
        old = type(known)("o" * 22, known.group, "another text", known.made_at)
        uow.bad_messages.add_link(old)
    page = desk.get(f"/r/{old.token}")
    assert page.status_code == 410
    assert "ask an admin" in page.text
    assert desk.post(f"/r/{old.token}", {"tier": "other"}).status_code == 410
    assert desk.get(f"{link}.").status_code == 200, "a full stop of the sentence around it"


# --- the receipt ----------------------------------------------------------------------------------------------


def test_the_receipt_leads_to_the_outcome_and_to_the_better_grade(ward: Harness, desk: Caller) -> None:
    receipt = send(desk, ward, text=SECRET, about_admin="yes")
    page = desk.get(f"/r/outcome/{receipt}").text
    assert "come again later" in page
    assert "cruel joke" not in page
    assert desk.post(f"/r/outcome/{receipt}/confirm").text.count("come again later") == 1
    desk.get(desk.ticket())
    settle(desk, "deleted_by_admin", "a line for us")
    [ticket] = ward.tickets(TicketKind.HANDLE_REPORT)
    assert (ticket.state, ticket.grade) == (TicketState.VERIFIED, Grade.C)
    page = desk.get(f"/r/outcome/{receipt[:4].lower()}-{receipt[4:]}").text
    assert OUTCOME_WORDS[ReportOutcome.DELETED_BY_ADMIN] in page
    assert "a line for us" not in page
    assert "confirmed" in desk.post(f"/r/outcome/{receipt}/confirm").text
    assert ward.ticket(ticket.id).grade is Grade.B


def test_a_receipt_can_be_typed(ward: Harness, desk: Caller) -> None:
    receipt = send(desk, ward)
    assert 'name="receipt"' in desk.get("/r/outcome").text
    assert "R-000001" in desk.get(f"/r/outcome?receipt={receipt[:6]}+{receipt[6:]}&lang=de").text
    assert desk.last is not None
    assert '<html lang="de"' in desk.last.text
    assert "R-000001" in desk.get(f"/r/outcome?receipt={receipt}").text


# --- the handler ----------------------------------------------------------------------------------------------


def test_the_handler_reads_the_report_and_says_what_came_of_it(ward: Harness, desk: Caller) -> None:
    send(desk, ward, tier="personal_data", text=SECRET, when="yesterday")
    page = desk.get(desk.ticket()).text
    assert '<html lang="de"' in page, "Dee's language"
    desk.get(f"/language?to=en&back={desk.ticket()}")
    page = desk.get(desk.ticket()).text
    said = text(page)
    assert SECRET in said
    assert "72 hours may be running" in said
    assert "yesterday" in said
    assert "keep this from the admins" not in said
    assert page.count('name="outcome"') == len(ReportOutcome) == 7
    assert not re.search(r"\d+ (hours|minutes) to delete", said)
    refused = desk.post(f"{desk.ticket()}/outcome", {"outcome": "revenge"})
    assert "choose what came of it" in refused.text
    settle(desk, "data_protection", "told the officer")
    after = desk.get(desk.ticket()).text
    assert "told the officer" in after
    assert "Undo" in after
    desk.post(f"{desk.ticket()}/undo")
    assert ward.tickets(TicketKind.HANDLE_REPORT)[0].state is TicketState.OPEN


def test_what_is_kept_from_the_admins_says_so(ward: Harness, desk: Caller) -> None:
    send(desk, ward, tier="harm")
    page = text(desk.get(desk.ticket()).text)
    assert "keep this from the admins" in page
    assert "72 hours" not in page


def test_whoever_cannot_do_it_hands_it_to_the_accountable_person(ward: Harness, desk: Caller) -> None:
    send(desk, ward, text=SECRET)
    here = desk.ticket()
    desk.get(here)
    thanked = desk.post(f"{here}/answer", {"answer": "other"})
    assert thanked.status_code == 200
    assert f'action="{here}/undo"' in thanked.text
    assert SECRET in text(desk.post(f"{here}/undo").text)
    desk.post(f"{here}/answer", {"answer": "other"})
    ward.later(minutes=2)
    assert desk.get(here).status_code == 410
    [ticket] = ward.tickets(TicketKind.HANDLE_REPORT)
    assert ticket.assignee is not None
    assert ticket.assignee.email == "it-security@example.org"


def test_a_ticket_that_is_over_asks_nothing(ward: Harness, desk: Caller) -> None:
    send(desk, ward, text=SECRET)
    path = desk.ticket()
    ward.desk.waive(1, Actor("sam"), "a test", ward.now)
    page = desk.get(path).text
    assert 'name="outcome"' not in page
    assert "nichts mehr zu tun" in page


def test_deleted_words_are_said_to_be(ward: Harness, desk: Caller) -> None:
    send(desk, ward, text=SECRET)
    desk.get(desk.ticket())
    settle(desk, "too_late")
    ward.later(days=31)
    ward.app.retention.run_once(ward.now)
    page = text(desk.get(desk.ticket()).text)
    assert "Undo" not in page
    assert "cruel joke" not in page


def test_a_flood_shows_the_newest(ward: Harness, desk: Caller) -> None:
    for number in range(57):
        send(desk, ward, text=f"spam {number}")
    with ward.store.reading() as uow:
        tickets = uow.tickets.of_group(GroupKey("wards", "ward-7"))
    assert len(tickets) == 6
    page = text(desk.get(desk.ticket(tickets[-1].id)).text)
    assert "spam 56" in page
    assert "spam 5 " not in page
    assert "weitere" in page or "more reports" in page


def test_an_outcome_is_refused_where_the_page_did_not_show_the_newest_report(
    ward: Harness, desk: Caller
) -> None:
    for number in range(6):
        send(desk, ward, text=f"spam {number}")
    handler = desk_of(ward)
    shared = handler.ticket(6)
    handler.get(shared)
    receipt = send(desk, ward, tier="personal_data", text=SECRET)
    assert SECRET in text(settle(handler, "too_late", at=6))
    assert ward.ticket(6).state is TicketState.OPEN
    assert SECRET in text(settle(handler, "data_protection", at=6))
    assert ward.ticket(6).state is TicketState.VERIFIED
    page = desk.get(f"/r/outcome/{receipt}").text
    assert OUTCOME_WORDS[ReportOutcome.DATA_PROTECTION] in page
    assert "confirm" not in page, "which came of several reports"


def test_the_groups_page_in_the_console_has_the_form(ward: Harness, desk: Caller) -> None:
    desk.sign_in("sam", "viewer")
    found = re.search(r'href="(/groups/[^"?]+)"', desk.get("/groups").text)
    assert found
    assert form(ward) in desk.get(found[1]).text
