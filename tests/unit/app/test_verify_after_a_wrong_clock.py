"""A clock was weeks ahead for one round, and is right again: what is seen from now on proves or contradicts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from harness import Harness
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import TicketState

Start = Callable[..., Harness]
AHEAD = timedelta(days=21)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ward(company: Harness) -> Harness:
    """Ann has left, and is still in the ward's group."""
    company.leave("ann")
    return company


def round_ahead(harness: Harness) -> None:
    harness.now += AHEAD
    harness.settle()
    harness.now -= AHEAD
    harness.later()


def rows_told(harness: Harness) -> int:
    before = len(harness.soc.sent)
    harness.verify()
    harness.deliver()
    told = [one.headline for message in harness.soc.sent[before:] for one in message.paragraphs]
    return told.count("Rows to change in wards")


def test_who_goes_afterwards_is_proven_to_be_gone(ward: Harness) -> None:
    ward.settle()
    ward.later()
    round_ahead(ward)
    ward.settle()
    ward.later()
    ward.drop("ward-7", "ann")
    ward.settle()

    assert ward.ticket().state is TicketState.VERIFIED


def test_a_ticket_that_was_opened_then_is_proven_like_others(ward: Harness) -> None:
    round_ahead(ward)
    ward.settle()
    ward.later()
    assert ward.ticket().state is TicketState.OPEN
    ward.drop("ward-7", "ann")
    ward.settle()

    assert ward.ticket().state is TicketState.VERIFIED


def test_a_false_claim_of_that_time_is_contradicted(ward: Harness) -> None:
    ward.settle()
    ward.later()
    ward.now += AHEAD
    ward.desk.done(1, Actor("dee"), ward.now)
    ward.now -= AHEAD
    for _ in range(3):
        ward.later()
        ward.settle()

    assert (ward.ticket().state, ward.ticket().contradicted) == (TicketState.OPEN, 1)


def claimed_ahead(harness: Harness) -> None:
    harness.settle()
    harness.later()
    harness.now += AHEAD
    harness.desk.done(1, Actor("dee"), harness.now)
    harness.now -= AHEAD
    harness.later(minutes=1)


def read_as_it_was_saved_before(harness: Harness, *, is_gone: bool) -> None:
    """Weigh by a reading from before the list was saved, then read the list that was saved before that."""
    harness.inventory()
    if is_gone:
        harness.drop("ward-7", "ann")
    harness.later(minutes=10)
    harness.verify()
    harness.later(minutes=1)
    harness.wards.lag(5 * MINUTE)
    harness.inventory()
    harness.verify()


@pytest.mark.parametrize(
    "is_gone, state", [(True, TicketState.VERIFIED), (False, TicketState.OPEN)], ids=["gone", "listed"]
)
def test_a_list_that_was_saved_before_it_was_weighed_again_counts(
    ward: Harness, is_gone: bool, state: TicketState
) -> None:
    claimed_ahead(ward)
    ward.verify()
    ward.later(minutes=1)
    ward.wards.lag(10 * MINUTE)
    read_as_it_was_saved_before(ward, is_gone=is_gone)

    assert ward.ticket().state is state


@pytest.mark.parametrize("is_gone", [False, True])
def test_a_list_that_was_saved_before_the_claim_says_nothing(ward: Harness, is_gone: bool) -> None:
    claimed_ahead(ward)
    if is_gone:
        ward.drop("ward-7", "ann")
    ward.wards.lag(10 * MINUTE)
    for _ in range(2):
        ward.inventory()
        ward.verify()
        assert ward.ticket().state is TicketState.DONE


def test_who_went_before_it_was_weighed_again_is_proven_though_it_was_opened_ahead(ward: Harness) -> None:
    round_ahead(ward)
    ward.settle()
    ward.later(minutes=30)
    read_as_it_was_saved_before(ward, is_gone=True)

    assert ward.ticket().state is TicketState.VERIFIED


@pytest.mark.parametrize("ahead", [1, 3])
@pytest.mark.parametrize("is_new_process", [False, True])
def test_rows_that_were_told_then_are_told_on_each_day_once(
    start: Start, ahead: int, is_new_process: bool
) -> None:
    harness = start(are_lists=True)
    harness.leave("ann")
    harness.settle()
    harness.desk.done(1, Actor("dee"), harness.now)
    harness.later(days=1)
    assert rows_told(harness) == 1
    harness.now += timedelta(days=ahead)
    assert rows_told(harness) == 1
    harness.now -= timedelta(days=ahead)
    if is_new_process:
        harness.start(harness.app.rules)
    assert rows_told(harness) == 0, "those of this day were told"

    for _ in range(ahead + 1):
        harness.later(days=1)
        assert [rows_told(harness) for _ in range(2)] == [1, 0]
