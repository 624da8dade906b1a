"""The second tickets of reviews count among a person's tickets of a day; what is over waits for another one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import Harness
from reviewed import KEEP, RULE, UNSURE, answer, released, reviews
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.reviewing import RowAnswer
from worker.domain.tickets.ticket import Ticket, TicketState

MATRON = "matron@example.org"
ADMINS = ("ann", "ben", "eve")


@pytest.fixture
def wards(start: Callable[..., Harness]) -> Harness:
    """Three wards with an admin each, who is a row that the same matron has to answer; she gets one ticket a day."""
    harness = start(controls=ControlPolicy(review=(RULE,), daily_max=1), has_links=True)
    for admin in ADMINS:
        harness.group(f"of-{admin}", "cem", admins=[admin], owner_email=MATRON)
    harness.settle()
    released(harness)
    return harness


def of_matron(wards: Harness) -> list[Ticket]:
    return [one for one in reviews(wards) if one.assignee and one.assignee.email == MATRON]


def to_answer(wards: Harness) -> list[Ticket]:
    mine = {one.id for one in of_matron(wards)}
    return [one for one in reviews(wards) if one.id not in mine and one.home.group_id.startswith("of-")]


def test_own_rows_of_many_reviews_come_so_many_a_day(wards: Harness) -> None:
    assert len(to_answer(wards)) == len(ADMINS)
    for day in range(1, 5):
        wards.control()
        wards.control()
        assert len(of_matron(wards)) == min(day, len(ADMINS))
        wards.later(days=1)


@pytest.mark.parametrize("said", [KEEP, UNSURE])
def test_no_review_is_over_before_its_second_ticket_is_there(wards: Harness, said: RowAnswer) -> None:
    for one in to_answer(wards):
        answer(wards, one, {wards.number("cem"): said})
    wards.control()
    over = [one for one in to_answer(wards) if one.state is TicketState.VERIFIED]
    assert len(over) == len(of_matron(wards)) == 1
    for _ in ADMINS:
        wards.later(days=1)
        wards.control()
    assert len(of_matron(wards)) == len(ADMINS)
    assert all(one.state is TicketState.VERIFIED for one in to_answer(wards))
