"""What is written down about a ticket, and to whom it is told."""

from __future__ import annotations

import pytest
from builders import NOW, ticket

from worker.app.telling import assignee_message, journal_entry, recipient_of
from worker.domain.message import CHANNEL
from worker.domain.plan import Action, ActionKind
from worker.domain.ticket import Assignee, TicketKind

DEE = Assignee("Dee@corp.example", "Dee", "active admin of the group")


def test_the_journal_holds_ids_and_no_names() -> None:
    action = Action(ActionKind.OPEN, ticket(), "Ann has left")

    entry = journal_entry(action, NOW)

    assert (entry.actor, entry.kind, entry.subject) == ("whosleft", "ticket.open", "ticket:T-000001")
    assert entry.data == {
        "kind": "remove_member",
        "state": "open",
        "group": "wards/ward-7",
        "person": "corp/ann",
        "evidence": "disabled",
    }
    assert "Ann" not in repr(entry)


def test_a_question_has_neither_person_nor_evidence() -> None:
    asked = ticket(TicketKind.IDENTIFY_MEMBER, evidence=None)

    data = journal_entry(Action(ActionKind.OPEN, asked, "?"), NOW, "sam").data

    assert (data["person"], data["evidence"]) == (None, None)


def test_the_assignee_is_told_under_one_spelling_of_their_address() -> None:
    to = recipient_of(ticket(assignee=DEE))

    assert (to.address, to.name) == ("dee@corp.example", "Dee")
    assert recipient_of(ticket()) == CHANNEL


@pytest.mark.parametrize(
    "kind, headline, text",
    [
        (ActionKind.OPEN, "Remove Ann from Ward 7 nights", "opened"),
        (ActionKind.REOPEN, "Reopened: Remove Ann from Ward 7 nights", "now"),
        (ActionKind.UNBLOCK, "Can be done now: Remove Ann from Ward 7 nights", "now"),
        (ActionKind.ASSIGN, "Now with you: Remove Ann from Ward 7 nights", "now"),
    ],
)
def test_a_message_says_what_happened_and_why(kind: ActionKind, headline: str, text: str) -> None:
    message = assignee_message(Action(kind, ticket(reason="opened"), "now"), "UTC", NOW)

    assert (message.title, message.body.text, message.ticket) == (headline, text, 1)
    assert message.key == f"T-000001:{kind.value}:2026-11-24T12:00:00+00:00"
