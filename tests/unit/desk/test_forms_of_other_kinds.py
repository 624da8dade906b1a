"""A form of another kind of ticket, posted to one's own link, is refused, and changes nothing."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from desk_caller import Caller, desk_of
from harness import Harness, company_fixture
from worker.domain.controls.policy import ControlPolicy, ConversationsRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.tickets.ticket import TicketKind, TicketState

FORMS = {
    "outcome": {"outcome": "not_a_breach", "newest": "1"},
    "answer": {"answer": "creator"},
    "review": {"row": "x", "answer-0": "keep"},
    "conversations": {"told": "done"},
}
OTHERS = [
    (TicketKind.REMOVE_MEMBER, "outcome"),
    (TicketKind.REMOVE_MEMBER, "review"),
    (TicketKind.REMOVE_MEMBER, "conversations"),
    (TicketKind.REVIEW_CONVERSATIONS, "outcome"),
    (TicketKind.REVIEW_CONVERSATIONS, "answer"),
    (TicketKind.REVIEW_CONVERSATIONS, "review"),
]


@company_fixture
def ward() -> Harness:
    """Ann has left, and is to be removed; Ben leaves soon, and his conversations are to be reviewed."""
    rule = ConversationsRule(
        ControlSwitch(Mode.TICKET), "hr@example.org", timedelta(days=14), (), "HR-17", "D-42"
    )
    harness = Harness(controls=ControlPolicy(conversations=(rule,)), has_links=True)
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.control()
    harness.later()
    harness.leave("ann")
    harness.hire("ben", leave_at=harness.now + timedelta(days=5))
    harness.settle()
    harness.control()
    return harness


@pytest.fixture
def phone(ward: Harness) -> Caller:
    return desk_of(ward)


@pytest.mark.parametrize("kind, form", OTHERS)
def test_it_is_refused(phone: Caller, ward: Harness, kind: TicketKind, form: str) -> None:
    [ticket] = ward.tickets(kind)
    page = phone.ticket(ticket.id)
    phone.get(page)
    answer = phone.post(f"{page}/{form}", {**FORMS[form]})
    assert answer.status_code == 200
    assert answer.url.params.get("refused") == "changed"
    assert ward.ticket(ticket.id) == ticket


def test_done_on_a_page_that_shows_the_task_of_before_is_refused(phone: Caller, ward: Harness) -> None:
    """Another phone has said meanwhile that the member created the group."""
    [ticket] = ward.tickets(TicketKind.REMOVE_MEMBER)
    page = phone.ticket(ticket.id)
    shown = phone.get(page).text
    [kind] = re.findall(r'name="kind" value="([a-z_]+)"', shown)
    phone.post(f"{page}/answer", {"answer": "creator"})
    asked = ward.ticket(ticket.id)

    answer = phone.post(f"{page}/done", {"kind": kind})
    assert answer.url.params.get("refused") == "changed"
    assert (ward.ticket(ticket.id), asked.kind) == (asked, TicketKind.CREATOR_MUST_LEAVE)
    phone.post(f"{page}/done", {"kind": asked.kind.value})
    assert ward.ticket(ticket.id).state is TicketState.DONE
