"""A review that goes to somebody else: they don't answer for themself either, and somebody is asked about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from harness import Harness
from reviewed import KEEP, RULE, answer, names, of, released, reviewed_ward, reviews, say, token
from worker.domain.controls.policy import ControlPolicy
from worker.domain.evidence.actor import Actor
from worker.domain.model import Role
from worker.domain.tickets.ticket import Grade, Ticket, TicketState


@pytest.fixture
def ward(start: Callable[..., Harness]) -> Harness:
    return reviewed_ward(start)


def given_to_ann(ward: Harness) -> None:
    ward.desk.assign(
        of(ward, "ward-7", own=False).id, "ann@corp.example", Actor("sam"), ward.now, "Dee is busy"
    )


def to(ticket: Ticket) -> str:
    return ticket.assignee.email if ticket.assignee else ""


def rows(ward: Harness, *, own: bool) -> list[str]:
    return names(ward.app.reviewing.look(token(ward, of(ward, "ward-7", own=own)), ward.now))


def answered(ward: Harness, *, own: bool) -> list[str]:
    """The handles that answers are kept of."""
    ticket = of(ward, "ward-7", own=own)
    with ward.store.reading() as uow:
        return sorted(uow.reviews.answers(ticket.id))


def taken(ward: Harness) -> list[int]:
    with ward.store.begin() as uow:
        return uow.reviews.take_handed_on()


def test_whoever_is_given_a_review_is_asked_about_by_somebody_else(ward: Harness) -> None:
    given_to_ann(ward)
    ward.control()
    assert (rows(ward, own=False), rows(ward, own=True)) == (["Ben", "Cem", "Dee"], ["Ann"])
    assert to(of(ward, "ward-7", own=True)) == "it-security@example.org"
    before = reviews(ward)
    ward.control()
    assert reviews(ward) == before


def test_a_review_is_looked_at_once_each_time_that_it_goes_to_somebody_else(ward: Harness) -> None:
    whole = of(ward, "ward-7", own=False).id
    assert taken(ward) == []
    given_to_ann(ward)
    assert taken(ward) == [whole]
    assert taken(ward) == []
    ward.desk.assign(whole, "ben@corp.example", Actor("sam"), ward.now)
    ward.control()
    assert rows(ward, own=True) == ["Ben"]
    assert taken(ward) == []


def test_so_is_whoever_takes_over_from_a_reviewer_who_left(ward: Harness) -> None:
    ward.wards.set_role("ward-7", ward.number("ann"), Role.ADMIN)
    ward.later()
    ward.settle()
    ward.leave("dee")
    for _ in range(2):
        ward.later()
        ward.settle()
        ward.control()
    assert to(of(ward, "ward-7", own=False)) == "ann@corp.example"
    assert rows(ward, own=True) == ["Ann"]


def test_a_review_is_not_over_before_somebody_is_asked_about_its_reviewer(ward: Harness) -> None:
    own = of(ward, "ward-7", own=True)
    answer(ward, own, {ward.number("dee"): KEEP})
    given_to_ann(ward)
    after = say(ward, KEEP, "ben", "cem", "dee")
    assert (after.left, after.ticket.state) == ((), TicketState.OPEN)
    ward.control()
    assert of(ward, "ward-7", own=False).state is TicketState.VERIFIED
    assert rows(ward, own=True) == ["Ann"]
    assert answered(ward, own=True) == [ward.number("dee")]


def test_whom_the_reviewer_before_has_answered_for_is_not_asked_about_again(ward: Harness) -> None:
    say(ward, KEEP, "ann")
    given_to_ann(ward)
    ward.control()
    assert rows(ward, own=True) == ["Dee"]


def test_whoever_is_no_member_and_gets_a_review_is_the_only_one_who_is_asked(ward: Harness) -> None:
    whole = of(ward, "ward-7", own=False).id
    ward.desk.assign(whole, "una@corp.example", Actor("sam"), ward.now)
    ward.control()
    assert rows(ward, own=False) == ["Ann", "Ben", "Cem", "Dee"]
    second = of(ward, "ward-7", own=True)
    assert (second.state, str(second.reason)) == (TicketState.CANCELLED, "it is not asked for any more")
    ward.desk.assign(whole, "dee@corp.example", Actor("sam"), ward.now)
    ward.control()
    assert (rows(ward, own=False), rows(ward, own=True)) == (["Ann", "Ben", "Cem"], ["Dee"])


def test_a_review_is_not_over_before_its_second_ticket_ends(ward: Harness) -> None:
    whole = of(ward, "ward-7", own=False).id
    ward.desk.assign(whole, "una@corp.example", Actor("sam"), ward.now)
    after = say(ward, KEEP, "ann", "ben", "cem", "dee")
    assert (after.left, after.ticket.state) == ((), TicketState.OPEN)
    ward.control()
    assert [one.state for one in reviews(ward)] == [TicketState.VERIFIED, TicketState.CANCELLED]


def test_a_waived_own_row_keeps_no_review_from_its_end(ward: Harness) -> None:
    ward.desk.waive(of(ward, "ward-7", own=True).id, Actor("sam"), "known for years", ward.now)
    given_to_ann(ward)
    say(ward, KEEP, "ben", "cem", "dee")
    ward.control()
    assert of(ward, "ward-7", own=False).state is TicketState.VERIFIED


def test_whoever_has_no_row_but_their_own_is_not_reminded(ward: Harness) -> None:
    given_to_ann(ward)
    for name in ("ben", "cem", "dee"):
        ward.drop("ward-7", name)
    ward.later()
    ward.settle()
    ward.now = of(ward, "ward-7", own=False).due_at - timedelta(days=1)
    ward.control()
    assert (rows(ward, own=False), rows(ward, own=True)) == ([], ["Ann"])
    assert not [one for one in ward.titles() if one.startswith("Still open")]


@pytest.mark.parametrize("is_said", [True, False])
def test_an_owner_who_finishes_the_admins_review_gives_no_better_evidence(
    start: Callable[..., Harness], is_said: bool
) -> None:
    harness = start(controls=ControlPolicy(review=(RULE,)), has_links=True)
    harness.group("ward-9", "ann", "ben", admins=["eve"], owner_email="una@corp.example")
    harness.settle()
    released(harness)
    whole = of(harness, "ward-9", own=False)
    at = reviews(harness).index(whole)
    say(harness, KEEP, "ann", at=at)
    harness.leave("eve")
    harness.drop("ward-9", "eve")
    for _ in range(2):
        harness.later()
        harness.settle()
        harness.control()
    assert to(of(harness, "ward-9", own=False)) == "una@corp.example"
    if is_said:
        say(harness, KEEP, "ben", at=at)
    else:
        harness.drop("ward-9", "ben")  # nobody is left to be answered for
        harness.later()
        harness.settle()
        harness.control()
    after = harness.ticket(whole.id)
    assert (after.state, after.grade) == (TicketState.VERIFIED, Grade.C)
