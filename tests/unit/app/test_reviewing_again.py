"""What a review said of somebody is asked again once they came back, and so is what it asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audit_checks import problems
from harness import Harness
from reviewed import KEEP, REMOVE, look, names, reviewed_ward, say
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState


@pytest.fixture
def ward(start: Callable[..., Harness]) -> Harness:
    """Ward 7 is reviewed; there are groups enough beside it."""
    ward = reviewed_ward(start)
    for number in range(9):
        ward.group(f"other-{number}", "una", admins=["tom"])
    ward.settle()
    return ward


def removal(ward: Harness) -> Ticket:
    [ticket] = ward.tickets(TicketKind.REMOVE_MEMBER)
    return ticket


def goes_and_comes_back(ward: Harness, who: str) -> None:
    ward.drop("ward-7", who)
    ward.later()
    ward.settle()
    ward.wards.add_member("ward-7", ward.member(who))
    ward.later()
    ward.settle()


def test_who_was_sent_away_and_came_back_is_asked_about_again(ward: Harness) -> None:
    say(ward, REMOVE, "ann")
    goes_and_comes_back(ward, "ann")
    assert removal(ward).state is TicketState.VERIFIED
    assert names(look(ward)) == ["Ann", "Ben", "Cem"]
    say(ward, REMOVE, "ann")
    assert (removal(ward).state, removal(ward).reopened) == (TicketState.OPEN, 1)
    assert names(look(ward)) == ["Ben", "Cem"]
    assert problems(ward) == []


def test_who_was_kept_and_came_back_is_asked_about_again(ward: Harness) -> None:
    say(ward, KEEP, "ann", "ben")
    goes_and_comes_back(ward, "ann")
    assert names(look(ward)) == ["Ann", "Cem"]
    say(ward, KEEP, "ann")
    assert names(look(ward)) == ["Cem"]


def test_a_removal_that_is_waived_is_not_asked_for_again(ward: Harness) -> None:
    say(ward, REMOVE, "ann")
    ward.desk.waive(removal(ward).id, Actor("sam"), "she is needed there", ward.now)
    goes_and_comes_back(ward, "ann")
    say(ward, REMOVE, "ann")
    assert removal(ward).state is TicketState.WAIVED
