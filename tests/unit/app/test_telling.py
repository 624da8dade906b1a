"""What is written down about a ticket, and to whom it is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from builders import NOW, facts, key, ticket
from harness import Harness
from worker.app.tell.addressing import recipient_of
from worker.app.tell.teller import Teller, journal_entry
from worker.domain.messages.message import CHANNEL
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.text.reason import Reason
from worker.domain.text.tongue import ENGLISH_ONLY
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, Reopened, TicketKind
from worker.languages import BabelLanguages
from worker.ports.state.outbox import OutMessage

Found = Callable[..., Harness]

DEE = Assignee("Dee@corp.example", "Dee", AssigneeWhy.ADMIN)


def said(found: Found, action: Action) -> OutMessage:
    """What an English organisation tells about an action."""
    with found().store.begin() as uow:
        [message] = Teller("UTC", ENGLISH_ONLY).acted(uow, [action], NOW)
    return message


def test_the_journal_holds_ids_and_no_names() -> None:
    action = Action(ActionKind.OPEN, ticket(), Reason("Ann has left"))

    entry = journal_entry(action, NOW)

    assert (entry.actor, entry.kind, entry.subject) == ("whosleft", "ticket.opened", "ticket:T-000001")
    assert entry.data == {
        "kind": "remove_member",
        "state": "open",
        "group": "wards/ward-7",
        "person": "corp/ann",
        "evidence": "disabled",
        "left_at": "2026-11-23T12:00:00.000000+00:00",
        "clock_from": "2026-11-24T11:00:00.000000+00:00",
        "due_at": "2026-11-25T11:00:00.000000+00:00",
        "handed": 0,
    }
    assert "Ann" not in repr(entry)


def test_a_question_has_neither_person_nor_evidence() -> None:
    asked = ticket(TicketKind.IDENTIFY_MEMBER, evidence=None)

    data = journal_entry(Action(ActionKind.OPEN, asked, Reason("?")), NOW, "sam").data

    assert (data["person"], data["evidence"]) == (None, None)


def test_the_assignee_is_told_under_one_spelling_of_their_address() -> None:
    to = recipient_of(ticket(assignee=DEE), {}, ENGLISH_ONLY)

    assert (to.address, to.name) == ("dee@corp.example", "Dee")
    assert recipient_of(ticket(), {}, ENGLISH_ONLY) == CHANNEL


WHY = "Ann has left: the account was disabled on 23 Nov 2026."


@pytest.mark.parametrize(
    "kind, headline, text",
    [
        (ActionKind.OPEN, "Remove Ann from Ward 7 nights", WHY),
        (ActionKind.REOPEN, "Reopened: Remove Ann from Ward 7 nights", f"This is needed after all. {WHY}"),
        (
            ActionKind.UNBLOCK,
            "Can be done now: Remove Ann from Ward 7 nights",
            f"This had to wait, and can be done now. {WHY}",
        ),
        (
            ActionKind.ASSIGN,
            "Now with you: Remove Ann from Ward 7 nights",
            WHY,
        ),
    ],
)
def test_a_message_says_what_happened_and_why(
    kind: ActionKind, headline: str, text: str, found: Found
) -> None:
    action = Action(
        kind, ticket(reason=Reason("opened"), assignee=DEE), Reason("x"), reopened=Reopened.NEEDED_AFTER_ALL
    )

    message = said(found, action)

    assert (message.title, message.body.text, message.ticket) == (headline, text, 1)
    assert message.key == f"T-000001:{kind.value}:2026-11-24T12:00:00+00:00"


def test_the_team_reads_the_reason_where_nobody_is_the_assignee(found: Found) -> None:
    message = said(found, Action(ActionKind.OPEN, ticket(reason=Reason("why it is so")), Reason("x")))

    assert (message.to, message.to.language, message.body.text) == (CHANNEL, None, "why it is so")


def test_each_assignee_reads_their_own_language_and_the_team_the_organisation_s(found: Found) -> None:
    harness = found()
    harness.corp.put(facts("dee", language="pl-PL"), facts("eve", language="klingon!"), facts("fay"))
    harness.poll()
    people = [Assignee(f"{name}@corp.example", name, None, key(name)) for name in ("dee", "eve", "fay")]
    outside = Assignee("owner@elsewhere.example", "", AssigneeWhy.OWNER)
    actions = [Action(ActionKind.OPEN, ticket(assignee=one), Reason("x")) for one in (*people, outside, None)]

    with harness.store.begin() as uow:
        messages = Teller("UTC", BabelLanguages("de")).acted(uow, actions, NOW)

    assert [message.to.language for message in messages] == ["pl-PL", "de", None, None, None]
    assert [message.title for message in messages] == [
        "Usuń z grupy Ward 7 nights: Ann", *["Ann aus Ward 7 nights entfernen"] * 4
    ]  # fmt: skip
