"""A claim that nothing could prove is unknown: it is not called untrue."""

from __future__ import annotations

from datetime import timedelta

import pytest

from harness import Harness
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import TicketState

DOUBTED = "Called done, and not done: Remove Ann from Ward 7"


@pytest.fixture
def leaving(company: Harness) -> Harness:
    """Ann has left and is still in the ward's group; her ticket is open."""
    company.leave("ann")
    company.settle()
    company.deliver()
    return company


def claim(harness: Harness, *, for_time: timedelta) -> None:
    """The admin says that it was done; so long nobody weighs it."""
    harness.later(hours=1)
    harness.desk.done(1, Actor("dee"), harness.now)
    harness.later(seconds=for_time.total_seconds())


def claim_without_proof(harness: Harness) -> None:
    """Nobody reads the list in the life of the claim."""
    claim(harness, for_time=timedelta(days=15))
    harness.verify()


def test_it_reopens_the_ticket_and_is_not_counted(leaving: Harness) -> None:
    leaving.drop("ward-7", "ann")
    claim_without_proof(leaving)
    claim_without_proof(leaving)

    ticket = leaving.ticket()
    assert (ticket.state, ticket.reopened, ticket.contradicted) == (TicketState.OPEN, 2, 0)
    assert DOUBTED not in leaving.titles()


def test_it_does_not_tell_again_of_earlier_false_ones(leaving: Harness) -> None:
    for _ in range(2):
        claim(leaving, for_time=timedelta(hours=1))
        leaving.settle()
    assert DOUBTED in leaving.titles()
    claim_without_proof(leaving)

    assert DOUBTED not in leaving.titles()
