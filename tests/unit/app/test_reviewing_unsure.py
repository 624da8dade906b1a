"""Rows of a review of which the reviewer doesn't know: somebody else is asked, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import reviewed
from builders import rules
from harness import Harness
from reviewed import KEEP, RULE, UNSURE, names, of, released, reviewed_ward, say, token
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.reviewing import RowAnswer
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import Ticket, TicketState

Start = Callable[..., Harness]


@pytest.fixture
def ward(start: Start) -> Harness:
    return reviewed_ward(start)


def board(start: Start, accountable: str = "it-security@example.org", **group: Any) -> Harness:
    """A company with one more group; its first reviews are asked for."""
    harness = start(
        controls=ControlPolicy(review=(RULE,)), rules=rules(accountable=accountable), has_links=True
    )
    harness.group("board", "ann", "ben", **group)
    harness.settle()
    released(harness)
    return harness


def answer(harness: Harness, group: str, *, own: bool = False, **said: RowAnswer) -> Ticket:
    """Answer about these people; say who has the ticket by now."""
    rows = {harness.number(name): one for name, one in said.items()}
    return reviewed.answer(harness, of(harness, group, own=own), rows).ticket


def asked(harness: Harness, group: str = "board") -> tuple[str, list[str]]:
    """Who has the second ticket, and whom it asks about."""
    ticket = of(harness, group, own=True)
    to = ticket.assignee.email if ticket.assignee else ""
    return to, sorted(names(harness.app.reviewing.look(token(harness, ticket), harness.now)))


def test_the_owner_is_asked_of_whom_the_reviewer_does_not_know(start: Start) -> None:
    harness = board(start, admins=["dee"], owner_email="una@corp.example")
    assert asked(harness) == ("una@corp.example", ["Dee"])
    assert answer(harness, "board", ann=UNSURE, ben=KEEP).state is TicketState.OPEN
    harness.control()
    assert of(harness, "board", own=False).state is TicketState.VERIFIED
    assert asked(harness) == ("una@corp.example", ["Ann", "Dee"])
    second = of(harness, "board", own=True)
    assert second.reason == "the reviewer does not know whether these members belong in the group"
    harness.control()
    assert of(harness, "board", own=True) == second


def test_whoever_is_asked_instead_may_not_know_either(start: Start) -> None:
    harness = board(start, admins=["dee"], owner_email="una@corp.example")
    answer(harness, "board", ann=UNSURE, ben=KEEP)
    harness.control()
    assert answer(harness, "board", own=True, ann=UNSURE, dee=UNSURE).state is TicketState.VERIFIED
    before = harness.tickets()
    harness.control()
    assert harness.tickets() == before


def test_nobody_is_asked_again_about_what_they_answered(ward: Harness) -> None:
    answer(ward, "ward-7", own=True, dee=KEEP)
    say(ward, KEEP, "ann")
    say(ward, UNSURE, "cem")
    ward.control()
    assert asked(ward, "ward-7") == ("it-security@example.org", ["Cem"])
    say(ward, UNSURE, "ben")
    ward.control()
    assert asked(ward, "ward-7") == ("it-security@example.org", ["Ben", "Cem"])
    answer(ward, "ward-7", own=True, ben=KEEP, cem=KEEP)
    ward.control()
    assert {of(ward, "ward-7", own=own).state for own in (True, False)} == {TicketState.VERIFIED}


def test_whoever_does_not_know_is_not_asked_instead(start: Start) -> None:
    """There is no admin: Una, the owner, reviews the group."""
    harness = board(start, owner_email="una@corp.example")
    answer(harness, "board", ann=UNSURE, ben=KEEP)
    harness.control()
    assert asked(harness) == ("it-security@example.org", ["Ann"])


def test_nor_is_one_who_is_known_by_an_address_alone(start: Start) -> None:
    """The owner is no person of the directory, and accountable, too."""
    harness = board(start, "Matron@example.org", owner_email="matron@example.org")
    answer(harness, "board", ann=UNSURE, ben=KEEP)
    harness.control()
    assert of(harness, "board", own=True).assignee is None
    assert of(harness, "board", own=False).state is TicketState.VERIFIED


def test_nor_is_the_member_whom_the_rows_are_about(start: Start) -> None:
    harness = board(start, admins=["dee"], owner_email="ann@corp.example")
    answer(harness, "board", ann=UNSURE, ben=KEEP)
    harness.control()
    assert asked(harness) == ("it-security@example.org", ["Ann", "Dee"])


def test_nor_does_the_reviewer_get_the_rows_of_whoever_left(start: Start) -> None:
    harness = board(start, "", admins=["dee"], owner_email="una@corp.example")
    answer(harness, "board", own=True, dee=KEEP)
    answer(harness, "board", ann=UNSURE, ben=KEEP)
    harness.control()
    assert asked(harness) == ("una@corp.example", ["Ann"])
    harness.leave("una")
    harness.later()
    harness.settle()
    harness.control()
    second = of(harness, "board", own=True)
    assert (second.state, second.assignee) == (TicketState.OPEN, None)


def test_a_review_that_is_opened_again_asks_the_others_again_too(start: Start) -> None:
    harness = board(start, admins=["dee"], owner_email="una@corp.example")
    answer(harness, "board", ann=UNSURE, ben=KEEP)
    harness.control()
    answer(harness, "board", own=True, ann=KEEP, dee=KEEP)
    harness.later()
    harness.desk.reopen(of(harness, "board", own=False).id, Actor("sam"), "too quick", harness.now)

    assert answer(harness, "board", ann=UNSURE, ben=KEEP).state is TicketState.OPEN
    harness.control()
    assert asked(harness) == ("una@corp.example", ["Ann", "Dee"])
