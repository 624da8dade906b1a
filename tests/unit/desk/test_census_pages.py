"""The census on pages: rows on the assignee's page, the public form, and the console's page of what was named."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.domain.controls.census import NEW_A_DAY, CandidateDecision, CensusCandidate, CensusRow
from worker.domain.controls.others import CENSUS
from worker.domain.controls.policy import ControlPolicy, RegisterRule
from worker.domain.controls.statements import Statement, StatementRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import TicketKind, TicketState

ASKS = ControlSwitch(Mode.TICKET)
YEARLY = StatementRule(Statement.CENSUS, CENSUS.id, ASKS, "", "1", every=timedelta(days=365))
NIA = Actor("Nia")


@company_fixture
def ward() -> Harness:
    """Ann is asked which work groups there are; Ben is under her."""
    policy = ControlPolicy(statements=(YEARLY,), register=(RegisterRule(ASKS, required=()),))
    harness = Harness(controls=policy, registers=("list",))
    harness.hire("ann", "dee")
    harness.hire("ben", manager_id="ann")
    harness.group("ward-7", "ann", "ben", admins=["dee"], name="Ward 7 days")
    harness.group("ward-7", "ann", "ben", admins=["dee"], at=1, name="Ward 7 days")
    harness.settle()
    harness.control()
    harness.decide()
    harness.control()
    return harness


@pytest.fixture
def desk(ward: Harness) -> Caller:
    return desk_of(ward)


def path(ward: Harness) -> str:
    [ticket] = ward.tickets(TicketKind.ATTEST)
    return ward.link(ticket.id).partition(".org")[2]


def number(ward: Harness) -> int:
    return ward.tickets(TicketKind.ATTEST)[0].id


def public(ward: Harness) -> str:
    return ward.app.census.url(NIA, ward.now).partition(".org")[2]


def named(ward: Harness) -> list[CensusCandidate]:
    with ward.store.reading() as uow:
        return uow.census.candidates()


def text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


class TestTheManagersPage:
    def test_it_has_ten_rows_and_names_what_is_known(self, ward: Harness, desk: Caller) -> None:
        page = desk.get(path(ward)).text
        assert page.count('class="census-row"') == 10
        assert "Ward 7 days" in text(page)
        assert "None that I know of" in text(page)
        assert "Which work groups there are" in text(page)

    def test_rows_are_kept_and_the_ticket_is_closed(self, ward: Harness, desk: Caller) -> None:
        of = number(ward)
        desk.get(path(ward))
        form = {
            f"name-{of}-0": " Ward 9  nights ", f"messenger-{of}-0": "signal", f"admin-{of}-0": "Dee",
            f"members-{of}-0": "12", f"name-{of}-4": "Porters", f"messenger-{of}-4": "carrier-pigeon",
            f"members-{of}-4": "999999999", f"answer-{of}": "accepted",
        }  # fmt: skip
        page = desk.post(f"{path(ward)}/statements", form).text
        assert "Your answers are kept" in page
        first, second = named(ward)
        assert (first.name, first.messenger, first.admins, first.members) == (
            "Ward 9 nights",
            "signal",
            ("Dee",),
            12,
        )
        assert (second.name, second.messenger, second.members) == ("Porters", "", None)
        assert ward.ticket(of).state is TicketState.VERIFIED
        desk.post(f"{path(ward)}/undo", {})
        assert not named(ward)

    def test_more_than_ten_are_saved_part_by_part(self, ward: Harness, desk: Caller) -> None:
        of = number(ward)
        desk.get(path(ward))
        page = desk.post(f"{path(ward)}/statements", {f"name-{of}-0": "Porters", f"more-{of}": "1"}).text
        assert "You have named so far" in text(page)
        assert ward.ticket(of).state is TicketState.OPEN
        page = desk.post(f"{path(ward)}/statements", {f"answer-{of}": "accepted"}).text
        assert "Your answers are kept" in page
        assert [one.name for one in named(ward)] == ["Porters"]

    def test_rows_without_an_answer_are_an_answer(self, ward: Harness, desk: Caller) -> None:
        of = number(ward)
        desk.get(path(ward))
        desk.post(f"{path(ward)}/statements", {f"name-{of}-0": "Porters"})
        assert ward.ticket(of).state is TicketState.VERIFIED

    def test_what_is_refused_comes_back_as_it_was_typed(self, ward: Harness, desk: Caller) -> None:
        of = number(ward)
        desk.get(path(ward))
        form = {f"name-{of}-0": "Porters <b>", f"messenger-{of}-0": "signal", f"answer-{of}": "none"}
        again = desk.post(f"{path(ward)}/statements", form)
        assert again.status_code == 422
        assert 'value="Porters &lt;b&gt;"' in again.text
        assert 'value="signal" selected' in again.text
        assert 'value="none" checked' in again.text
        assert not named(ward)
        assert desk.post(f"{path(ward)}/statements", {}).status_code == 422

    @pytest.mark.parametrize("answer", ["none", "declined"])
    def test_none_and_declining_are_answers(self, ward: Harness, desk: Caller, answer: str) -> None:
        of = number(ward)
        desk.get(path(ward))
        assert "Your answers are kept" in desk.post(f"{path(ward)}/statements", {f"answer-{of}": answer}).text
        assert ward.ticket(of).state is TicketState.VERIFIED
        assert not named(ward)


class TestThePublicForm:
    def test_it_needs_no_account_and_sets_no_cookie(self, ward: Harness, desk: Caller) -> None:
        answer = desk.get(f"{public(ward)}?lang=de")
        assert '<html lang="de"' in answer.text
        assert answer.text.count('class="census-row"') == 10
        sent = desk.post(public(ward), {"name-0-0": "Kitchen", "lang": "de"})
        assert sent.status_code == 200
        assert "set-cookie" not in answer.headers
        assert "set-cookie" not in sent.headers
        assert [(one.name, one.anonymous, one.named_by) for one in named(ward)] == [("Kitchen", 1, 0)]

    def test_a_program_that_fills_in_everything_is_thanked_and_nothing_is_kept(
        self, ward: Harness, desk: Caller
    ) -> None:
        sent = desk.post(public(ward), {"name-0-0": "Buy pills", "website": "https://example.org"})
        assert "Thank you" in sent.text
        assert not named(ward)

    def test_a_row_without_a_name_comes_back(self, ward: Harness, desk: Caller) -> None:
        again = desk.post(public(ward), {"admin-0-3": "Dee"})
        assert again.status_code == 422
        assert 'value="Dee"' in again.text
        assert "write the name" in text(again.text)

    def test_names_that_are_not_kept_come_back_and_are_not_said_to_have_arrived(
        self, ward: Harness, desk: Caller
    ) -> None:
        name(ward, *(CensusRow(f"Group {at}") for at in range(NEW_A_DAY - 1)))
        again = desk.post(public(ward), {"name-0-0": "Kitchen", "name-0-1": "Porters", "lang": "en"})
        assert again.status_code == 422
        assert "send them again tomorrow" in text(again.text)
        assert "has arrived" not in text(again.text)
        assert 'value="Kitchen"' in again.text
        assert 'value="Porters"' in again.text
        assert len(named(ward)) == NEW_A_DAY - 1
        assert "has arrived" in text(desk.post(public(ward), {"name-0-0": "Kitchen"}).text)
        assert "has arrived" in text(desk.post(public(ward), {"name-0-0": "kitchen"}).text)
        ward.later(days=1)
        assert "has arrived" in text(desk.post(public(ward), {"name-0-0": "Porters"}).text)

    def test_old_links_are_over_and_forged_ones_unknown(self, ward: Harness, desk: Caller) -> None:
        old = public(ward)
        ward.later()
        ward.app.census.url(NIA, ward.now, is_new=True)
        assert desk.get(old).status_code == 410
        assert desk.post(old, {"name-0-0": "Kitchen"}).status_code == 410
        assert desk.get("/c/" + "a" * 22).status_code == 404
        wrong = [desk.get(f"/c/{at:022}").status_code for at in range(40)]
        assert wrong[-1] == 429


class TestTheConsole:
    def test_it_shows_what_was_named_and_what_it_may_be(self, ward: Harness, desk: Caller) -> None:
        name(
            ward,
            CensusRow("Ward 7 - days", "whatsapp", "Dee", 12),
            CensusRow("Ward 7 days"),
            CensusRow("Porters"),
        )
        desk.sign_in("sam", "operator")
        page = text(desk.get("/census").text)
        assert "It may be: Ward 7 days" in page
        assert "It is known: Ward 7 days" in page
        assert "Nothing: it is new" in page
        assert "about 12 members" in page
        assert '/census"' in desk.get("/controls").text

    def test_an_operator_decides(self, ward: Harness, desk: Caller) -> None:
        name(ward, CensusRow("Porters"), CensusRow("Party"), CensusRow("Ward seven"))
        desk.sign_in("sam", "operator")
        desk.get("/census")
        desk.post("/census/C-000001/decide", {"decision": "asked"})
        desk.post("/census/C-000002/decide", {"decision": "not_a_group", "reason": "a joke"})
        desk.post("/census/C-000003/decide", {"decision": "group", "group": "Ward 7 days"})
        assert [one.decision for one in named(ward)] == [
            CandidateDecision.ASKED, CandidateDecision.NOT_A_GROUP, CandidateDecision.GROUP,
        ]  # fmt: skip
        [ticket] = ward.tickets(TicketKind.REGISTER_GROUP)
        page = desk.get("/census").text
        assert ticket.label in page
        shown = desk.get(f"/tickets/{ticket.label}").text
        [group] = set(re.findall(r'href="(/groups/[^"]+)"', shown))
        assert desk.get(group).url.path == "/census"
        assert "Find out whether" in text(desk.get(ward.link(ticket.id).partition(".org")[2]).text)

    @pytest.mark.parametrize("form", [{"decision": "group"}, {"decision": "open"}, {}])
    def test_a_decision_that_is_none_is_refused(
        self, ward: Harness, desk: Caller, form: dict[str, str]
    ) -> None:
        name(ward, CensusRow("Porters"))
        desk.sign_in("sam", "operator")
        desk.get("/census")
        assert desk.post("/census/C-000001/decide", form).status_code == 409
        assert named(ward)[0].decision is CandidateDecision.OPEN

    def test_the_address_of_the_form_is_shown_to_an_operator(self, ward: Harness, desk: Caller) -> None:
        desk.sign_in("sam", "operator")
        assert "Nobody has named a group yet" in desk.get("/census").text
        page = desk.post("/census/link", {}).text
        assert public(ward) in page


def name(ward: Harness, *rows: CensusRow) -> None:
    with ward.store.begin() as uow:
        uow.census.note_anonymous(rows, ward.now, ward.now, 100)
