"""How a ticket stands, and what a reader may do about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import NOW, ticket
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry
from worker.domain.messages.message import CHANNEL, ReaderAct, Recipient, RecipientKind
from worker.domain.messages.offers import RIGHTS, Involvement, offers, possible
from worker.domain.messages.standing import HISTORY_MAX, history_lines, standing_line, standing_paragraph
from worker.domain.text.reason import Reason, because
from worker.domain.text.tongue import ENGLISH
from worker.domain.tickets.ticket import Assignee, Ticket, TicketKind, TicketState
from worker.languages import BabelLanguages

LONDON = "Europe/London"
DEE = Recipient(RecipientKind.PERSON, "dee@example.org", "Dee")
LATER = NOW + timedelta(hours=4)


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"assignee": None}, "It is open."),
        ({"assignee": Assignee("dee@example.org", "Dee")}, "It is open, and with Dee."),
        ({"assignee": Assignee("dee@example.org")}, "It is open, and with dee@example.org."),
        ({"acknowledged_until": LATER}, "Somebody has it until Tue 24 Nov 2026 16:00 GMT."),
        ({"snoozed_until": LATER}, "It is put off until Tue 24 Nov 2026 16:00 GMT."),
        (
            {"state": TicketState.BLOCKED, "held_until": LATER, "blocked_by": 7},
            "It is held until Tue 24 Nov 2026 16:00 GMT. Please don't do it before.",
        ),
        ({"state": TicketState.BLOCKED, "blocked_by": 7}, "It waits for T-000007."),
        ({"state": TicketState.BLOCKED}, "It has to wait."),
        (
            {"state": TicketState.DONE, "done_at": NOW, "done_by": "Dee"},
            "Dee marked it as done on Tue 24 Nov 2026 12:00 GMT. The next list of members has to show it.",
        ),
        ({"state": TicketState.DONE}, "It is marked as done."),
        (
            {"state": TicketState.VERIFIED, "verified_at": NOW},
            "It was verified on Tue 24 Nov 2026 12:00 GMT.",
        ),
        ({"state": TicketState.VERIFIED}, "It was verified."),
        (
            {"state": TicketState.WAIVED, "waived_until": LATER},
            "It is waived until Tue 24 Nov 2026 16:00 GMT.",
        ),
        ({"state": TicketState.WAIVED}, "It is waived for good."),
        (
            {"state": TicketState.CANCELLED},
            "It is cancelled: there is nothing to do about it any more.",
        ),
    ],
)
def test_each_state_is_one_sentence(changes: dict[str, object], said: str) -> None:
    one: Ticket = replace(ticket(), **changes)  # type: ignore[arg-type]
    assert standing_line(one, LONDON, ENGLISH) == said


def test_only_an_open_ticket_has_steps_and_only_the_channel_reads_the_stored_reason() -> None:
    one = replace(ticket(), reason=Reason("on HR's list"))
    for to, is_read in ((CHANNEL, True), (DEE, False)):
        open_ = standing_paragraph(one, to, LONDON, ENGLISH)
        over = standing_paragraph(replace(one, state=TicketState.WAIVED), to, LONDON, ENGLISH)
        assert (bool(open_.steps), bool(over.steps)) == (True, False)
        assert ("on HR's list" in open_.text, "on HR's list" in over.text) == (is_read, is_read)


def test_a_person_keeps_the_text_to_paste_while_the_ticket_is_open() -> None:
    fault = {"control": "profile.description", "found": "hello", "wanted": "", "text": "Be kind."}
    one = replace(ticket(), kind=TicketKind.FIX_PROFILE, details={"faults": [fault]})
    done = replace(one, state=TicketState.DONE)
    shown = [
        standing_paragraph(*of, LONDON, ENGLISH).pasted for of in ((one, DEE), (one, CHANNEL), (done, DEE))
    ]
    assert shown == [(("Text to paste", "Be kind."),), (), ()]


def test_history_is_the_last_lines_with_who_when_and_why_and_leaves_out_what_says_nothing() -> None:
    entries = [Entry(NOW, "Dee", events.TICKET_DONE, "ticket:T-000001", "took\nhim out")]
    entries += [Entry(NOW, "x", events.TICKET_MOVED, "ticket:T-000001")]
    assert history_lines(entries, LONDON, ENGLISH) == (
        "Tue 24 Nov 2026 12:00 GMT: Dee marked it as done. took him out",
    )
    ours = Entry(NOW, "wards", events.TICKET_DONE, "ticket:T-000001", because("said by {name}", name="kim"))
    [line] = history_lines([ours], LONDON, BabelLanguages().of("de"))
    assert line.endswith("gesagt von kim")
    assert len(history_lines(entries[:1] * 50, LONDON, ENGLISH)) == HISTORY_MAX


def test_what_is_possible_follows_the_state() -> None:
    assert possible(ticket()) == tuple(ReaderAct)
    assert possible(ticket(state=TicketState.BLOCKED)) == (ReaderAct.ASSIGN, ReaderAct.WAIVE)
    assert possible(ticket(state=TicketState.DONE)) == ()


ASKS_MORE = {
    TicketKind.IDENTIFY_MEMBER,
    TicketKind.CONFIRM_ROSTER,
    TicketKind.ATTEST,
    TicketKind.REVIEW_GROUP,
    TicketKind.HANDLE_REPORT,
    TicketKind.REVIEW_CONVERSATIONS,
}


@pytest.mark.parametrize("kind", TicketKind)
def test_done_is_offered_where_it_says_what_there_is_to_say(kind: TicketKind) -> None:
    assert (ReaderAct.DONE in possible(ticket(kind))) is (kind not in ASKS_MORE)


@pytest.mark.parametrize("part", Involvement)
def test_nobody_is_offered_what_they_have_no_right_to(part: Involvement) -> None:
    assert {one.act for one in offers(ticket(), part, ENGLISH)} == RIGHTS[part]
