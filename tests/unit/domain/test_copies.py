"""What copies in other people's trackers say."""

from __future__ import annotations

import re

import pytest

from builders import NOW, ticket
from connectors.kit.forges import description
from worker.domain.kinds import kind_of
from worker.domain.kinds.kind import Sees
from worker.domain.messages.copies import copy_draft, copy_note
from worker.domain.messages.paragraphs import held_line
from worker.domain.mirror.copy import Content, Copy, CopyState
from worker.domain.mirror.decide import Ability, Say, decide
from worker.domain.mirror.outside import CopyStanding, Goal, Seen
from worker.domain.text.reason import because
from worker.domain.text.tongue import ENGLISH
from worker.domain.tickets.ticket import TicketKind, TicketState

ZONE, URL = "Europe/London", "https://whosleft.example.org/tickets/T-000123"


@pytest.mark.parametrize("kind", TicketKind)
def test_minimal_content_names_nobody(kind: TicketKind) -> None:
    one = ticket(kind, id=123, member_name="Zachary", person_name="Zachary Quill", handle="+447700900123")
    draft = copy_draft(one, "whosleft-3f9a1c-t-000123", Content.MINIMAL, ZONE, ENGLISH, URL)
    said = " ".join((draft.title, *draft.paragraphs))
    assert "Zachary" not in said
    assert "900123" not in said
    assert draft.title.endswith("(T-000123)")


@pytest.mark.parametrize("kind", TicketKind)
@pytest.mark.parametrize("name", ["", "+44 7700 900123"])
def test_no_content_has_more_than_the_last_digits_of_a_number(kind: TicketKind, name: str) -> None:
    why = because("{name} is still in the group", name="+447700900123")
    one = ticket(kind, id=123, member_name=name, person_name="", handle="+447700900123", reason=why)
    draft = copy_draft(one, "i", Content.FULL, ZONE, ENGLISH)
    said = " ".join(
        (draft.title, *draft.paragraphs, copy_note(Say.GOES_ON, one, Content.FULL, ZONE, ENGLISH))
    )
    assert "900123" not in said.replace(" ", "")


def test_full_content_has_names_steps_and_the_last_digits() -> None:
    one = ticket(id=123, member_name="Zachary", handle="+447700900123")
    draft = copy_draft(one, "i", Content.FULL, ZONE, ENGLISH)
    said = " ".join((draft.title, *draft.paragraphs))
    assert "1. " in said
    assert "+44 •••• ••" in said
    assert "900123" not in said
    other = copy_draft(ticket(handle="~pat"), "i", Content.FULL, ZONE, ENGLISH)
    assert "Number" not in " ".join(other.paragraphs)


@pytest.mark.parametrize("kind", TicketKind)
@pytest.mark.parametrize("content", Content)
def test_it_says_whether_closing_it_there_answers_it(kind: TicketKind, content: Content) -> None:
    """As the mirror has it: see the decisions about a copy that was closed."""
    one = ticket(kind, id=123, state=TicketState.OPEN)
    copy = Copy("desk", 123, "whosleft-i", "here", CopyState.LINKED, ref="7")
    seen = Seen("7", "I-7", "", copy.identity, "closed", CopyStanding.DONE)
    can = Ability(frozenset({Goal.OPEN}), notes=True, assigns=False, takes=False)
    is_taken = decide(one, copy, seen, can, NOW).claim
    said = copy_draft(one, "i", content, ZONE, ENGLISH).paragraphs[-1]
    assert said.startswith(
        "Closing it here says that it was done." if is_taken else "Closing it here answers nothing"
    )


@pytest.mark.parametrize("kind", TicketKind)
def test_what_somebody_said_has_no_source(kind: TicketKind) -> None:
    one = ticket(kind, id=123, state=TicketState.VERIFIED, verified_at=NOW, verified_by="link")
    is_word = kind_of(one).sees is Sees.STATEMENT
    said = copy_note(Say.VERIFIED, one, Content.MINIMAL, ZONE, ENGLISH)
    assert ("by link" in said) is not is_word
    assert said.endswith("(grade C).")


EVIL = "Ward 7 https://evil.example/t/abc www.evil.example"
ADDRESS = re.compile(r"\S*(?:://|www\.)\S*")


@pytest.mark.parametrize("kind", TicketKind)
@pytest.mark.parametrize("content", Content)
def test_the_only_web_address_is_that_of_the_ticket(kind: TicketKind, content: Content) -> None:
    reason = because("{name} is still there", name=EVIL)
    names = dict.fromkeys(("group_name", "member_name", "person_name", "handle", "verified_by"), EVIL)
    one = ticket(kind, id=123, reason=reason, verified_at=NOW, blocked_by=122, **names)
    draft = copy_draft(one, "i", content, ZONE, ENGLISH, URL)
    assert ADDRESS.findall("\n".join((draft.title, *draft.paragraphs))) == []
    for say in Say:
        assert set(ADDRESS.findall(copy_note(say, one, content, ZONE, ENGLISH, URL))) <= {URL}
    assert re.findall(r"<http[^>]*>", description(draft)) == [f"<{URL}>"]


@pytest.mark.parametrize("say", Say)
@pytest.mark.parametrize("content", Content)
def test_a_reason_is_said_only_with_full_content(say: Say, content: Content) -> None:
    one = ticket(state=TicketState.OPEN, reason=because("{name} has left", name="Zachary"))
    text = copy_note(say, one, content, ZONE, ENGLISH, URL)
    assert text
    assert "Zachary" not in text or content is Content.FULL


def test_what_it_waits_for_is_named_if_it_is_a_ticket() -> None:
    assert "T-000122" in copy_note(Say.WAITS, ticket(blocked_by=122), Content.MINIMAL, ZONE, ENGLISH)
    assert "can't be done yet" in copy_note(Say.WAITS, ticket(), Content.MINIMAL, ZONE, ENGLISH)


def test_what_is_not_held_is_not_said_to_be() -> None:
    assert held_line(ticket(), ZONE) == ""


@pytest.mark.parametrize(
    "standing, shown",
    [
        (CopyStanding.OPEN, "open"),
        (CopyStanding.UNKNOWN, "open"),
        (CopyStanding.DONE, "closed"),
        (CopyStanding.DECLINED, "closed"),
    ],
)
def test_what_is_still_open_there_is_not_said_to_be_closed(standing: CopyStanding, shown: str) -> None:
    """Its ticket is over here, and was only noted there."""
    copy = Copy("desk", 1, "whosleft-a-t-000001", "desk", CopyState.LINKED, standing=standing, settled_at=NOW)
    assert copy.shown == shown
