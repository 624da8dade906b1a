"""What people read of plans and sources, and in whole messages."""

from __future__ import annotations

import pytest

from builders import NOW, key, ticket
from worker.domain.messages.held import held_paragraph
from worker.domain.messages.message import CHANNEL, Paragraph
from worker.domain.messages.sentences import (
    digest,
    last_today,
    masked,
    state_line,
)
from worker.domain.model import Evidence
from worker.domain.reconcile.guard import Cohort, Departure, HeldPlan
from worker.domain.text.reason import Reason, because, because_many
from worker.domain.tickets.ticket import TicketState
from worker.languages import BabelLanguages


def test_a_held_plan_says_why_its_parts_and_how_to_decide() -> None:
    people = tuple(Departure(key(name), NOW, Evidence.DISABLED) for name in ("ann", "ben"))
    plan = HeldPlan(
        "corp",
        Reason("2 leavers, the limit is 1"),
        NOW,
        (Cohort("c1", Reason("accounts\ndisabled"), people),),
        7,
    )

    paragraph = held_paragraph(plan)

    assert paragraph.headline == "Held: plan P-000007 for corp"
    assert paragraph.facts == (("c1", "2 people: accounts disabled"),)
    assert "whosleft plans release P-000007" in paragraph.text
    assert "--reason" in paragraph.text


def test_a_held_plan_is_said_in_the_reader_s_language() -> None:
    cause = because("{cause}, single people", cause=because("accounts expired"))
    people = tuple(Departure(key(name), NOW, Evidence.EXPIRED) for name in ("ann", "ben"))
    why = because_many(
        "{n} leaver within {hours}, the limit is {limit}", "{n} leavers within {hours}, the limit is {limit}", 2,
        hours="8 h", limit=1,
    )  # fmt: skip

    paragraph = held_paragraph(
        HeldPlan("corp", why, NOW, (Cohort("c1", cause, people),), 7), BabelLanguages().of("de")
    )

    assert paragraph.facts == (("c1", "2 Personen: Konten abgelaufen, einzelne Personen"),)
    assert paragraph.text.startswith("2 Austritte innerhalb von 8 h, die Grenze ist 1. ")


def test_numbers_are_masked_but_in_a_text_to_paste_which_is_the_organisation_s() -> None:
    number = "+447700900123"
    told = masked(Paragraph(number, number, ((number, number),), (number,), pasted=(("Rules", number),)))
    assert (told.headline, told.pasted) == ("+44 •••• ••0123", (("Rules", number),))


def test_several_messages_are_one_digest_with_a_note_at_its_end() -> None:
    items = [("Title", Paragraph("one")), ("Other", Paragraph("two"))]

    both = digest("k", CHANNEL, items, "That was the last today.", is_urgent=True)
    alone = digest("k", CHANNEL, items[:1], "", is_urgent=False)

    assert (both.title, both.is_urgent) == ("2 messages from Whosleft", True)
    assert [p.headline for p in both.paragraphs] == ["one", "two"]
    assert both.note == "That was the last today."
    assert (alone.title, alone.paragraphs) == ("Title", (Paragraph("one"),))


def test_the_last_message_of_a_day_says_that_it_is() -> None:
    assert last_today(1) == ("This is the last message to you today; what comes later is kept for tomorrow.")
    assert last_today(20) == (
        "This is the last of 20 messages to you today; what comes later is kept for tomorrow."
    )


@pytest.mark.parametrize(
    "state, blocked_by, said",
    [
        (TicketState.OPEN, None, "open"),
        (TicketState.BLOCKED, 12, "blocked by T-000012"),
        (TicketState.BLOCKED, None, "blocked"),
    ],
)
def test_a_blocked_ticket_s_state_names_what_it_waits_for(
    state: TicketState, blocked_by: int | None, said: str
) -> None:
    assert state_line(ticket(state=state, blocked_by=blocked_by)) == said
