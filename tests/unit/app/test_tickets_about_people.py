"""A ticket may be about a person and no group: a kind that only the tests have goes all the way through."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest

from builders import key, ticket
from desk_caller import desk_of
from desk_setup import desk_client, services_of, token_for
from harness import ACCOUNTABLE, Harness
from made_up_kind import GIVE_PHONE, asks_for_phones
from packs import members_of
from worker.app.evidence.export import Audit
from worker.app.evidence.scope import Selection
from worker.app.evidence.zip import verify_pack
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.subject import About, one_person
from worker.domain.tickets.ticket import Grade, TicketKind, TicketState

__all__ = ["asks_for_phones"]
pytestmark = pytest.mark.usefixtures("asks_for_phones")
Found = Callable[..., Harness]


@pytest.fixture
def theatre(company: Harness) -> Harness:
    """Zoe comes to the theatre without a phone number in the directory; dee is her manager."""
    company.hire("zoe", phones=(), department="Theatre", manager_id="dee")
    company.settle()
    company.later()
    return company


def asked(harness: Harness) -> list[tuple[str, TicketState]]:
    found = harness.tickets(GIVE_PHONE)
    return [(one.person_name, one.state) for one in found]


def test_a_change_of_a_person_opens_one_ticket_and_tells_their_manager(theatre: Harness) -> None:
    [one] = theatre.tickets(GIVE_PHONE)
    assert (one.about, one.group, one.subject) == (About.PERSON, None, one_person(key("zoe")))
    assert one.assignee is not None
    assert one.assignee.email == "dee@corp.example"
    assert theatre.titles() == ["Ask Zoe for a phone number"]
    theatre.settle()
    assert asked(theatre) == [("Zoe", TicketState.OPEN)]


def test_it_is_proved_by_what_the_directory_says_after_the_claim(theatre: Harness) -> None:
    theatre.desk.done(1, Actor("dee"), theatre.now)
    theatre.later()
    theatre.settle()
    assert asked(theatre) == [("Zoe", TicketState.OPEN)], "the claim was not true"

    theatre.desk.done(1, Actor("dee"), theatre.now)
    theatre.later()
    theatre.hire("zoe", department="Theatre", manager_id="dee")
    theatre.settle()

    assert asked(theatre) == [("Zoe", TicketState.VERIFIED)]
    assert theatre.ticket().grade is Grade.A
    theatre.later()
    theatre.hire("zoe", phones=(), department="Theatre", manager_id="dee")
    theatre.settle()
    assert asked(theatre) == [("Zoe", TicketState.OPEN)], "needed again"


def test_it_ends_with_its_reason(theatre: Harness) -> None:
    theatre.leave("zoe")
    theatre.settle()

    assert asked(theatre) == [("Zoe", TicketState.CANCELLED)]


def test_a_waiver_holds_and_an_overdue_one_is_escalated(theatre: Harness) -> None:
    theatre.later(hours=30)
    theatre.escalate()
    assert any("Overdue: Ask Zoe for a phone number" in title for title in theatre.titles())

    theatre.desk.waive(1, Actor("sam"), "she has none", theatre.now)
    theatre.hire("zoe", phones=(), department="Theatre", manager_id="eve")
    theatre.settle()
    theatre.reconciler.run_once(theatre.now, full=True)

    assert asked(theatre) == [("Zoe", TicketState.WAIVED)]


def test_the_nightly_pass_looks_at_everybody_who_is_asked_about(theatre: Harness) -> None:
    theatre.reconciler.run_once(theatre.now, full=True)

    assert asked(theatre) == [("Zoe", TicketState.OPEN)]


def test_whoever_has_no_manager_is_the_accountable_person_s(company: Harness) -> None:
    company.hire("yan", phones=(), department="Theatre")
    company.settle()

    [one] = company.tickets(GIVE_PHONE)
    assert one.assignee is not None
    assert one.assignee.email == ACCOUNTABLE


def test_the_api_the_pages_and_packs_carry_it(theatre: Harness) -> None:
    services = services_of(theatre)
    api = desk_client(services)
    api.headers["Authorization"] = f"Bearer {token_for(services)}"

    shown = api.get("/api/v1/tickets/T-000001").json()
    assert (shown["kind"], shown["group"], shown["person"]["name"]) == ("give_phone", None, "Zoe")

    desk = desk_of(theatre)
    desk.sign_in("sam", "operator", "auditor")
    assert "Ask Zoe for a phone number" in desk.get("/tickets/T-000001").text
    assert "Ask Zoe for a phone number" in desk.get("/tickets").text
    page = desk.get(theatre.link())
    assert "Ask Zoe for a phone number, and write it into the directory." in page.text
    desk.post(f"{theatre.link()}/done")
    assert theatre.ticket().state is TicketState.DONE
    desk.post(f"{theatre.link()}/undo")
    assert theatre.ticket().state is TicketState.OPEN

    file = io.BytesIO()
    Audit(theatre.store, "x", "UTC", "x").export(Selection(person="zoe"), file, Actor("sam"), theatre.now)
    assert verify_pack(io.BytesIO(file.getvalue())).is_whole
    assert b"Zoe" in members_of(file.getvalue())["report.html"]


def test_a_ticket_names_what_its_subject_is_made_of() -> None:
    with pytest.raises(LookupError, match="names none"):
        _ = replace(ticket(GIVE_PHONE), group=None, person=None).subject
    with pytest.raises(LookupError, match="in no group"):
        _ = ticket(TicketKind.REMOVE_MEMBER, group=None).subject
