"""Stays of leavers in groups over time, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from harness import Harness
from worker.domain.controls.exposed_hours import Stay
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import TicketState

SAM = Actor("sam")
DAY = timedelta(days=1)


@pytest.fixture
def wards(engine: sa.Engine) -> Harness:
    """Twenty people; ann and ben are in two wards, of which dee is the admin."""
    harness = Harness(engine=engine)
    harness.hire("ann", "ben", "dee", department="Surgery")
    harness.hire(*(f"p{number}" for number in range(16)), department="Ärzte „Süd“")
    harness.hire("eve")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.group("ward-8", "ann", admins=["dee"])
    harness.settle()
    harness.later()
    return harness


def stays(harness: Harness, from_at: datetime | None = None, to_at: datetime | None = None) -> list[Stay]:
    with harness.store.reading() as uow:
        return list(uow.stays.between(from_at or harness.now - DAY, to_at or harness.now + DAY))


def short(found: list[Stay]) -> list[tuple[str, str, str, bool | None]]:
    return [(one.person.person_id, one.group.group_id, one.department, one.is_sensitive) for one in found]


def test_nobody_left(wards: Harness) -> None:
    assert stays(wards) == []


def test_a_stay_lasts_from_the_leaving_to_the_proof(wards: Harness) -> None:
    left_at = wards.now
    wards.leave("ann")
    wards.settle()
    seven, eight = stays(wards)
    assert short([seven, eight]) == [("ann", "ward-7", "Surgery", False), ("ann", "ward-8", "Surgery", False)]
    assert (seven.left_at, seven.ended_at, seven.is_claimed, seven.is_first_sight) == (
        left_at,
        None,
        False,
        True,
    )

    wards.later()
    wards.drop("ward-7", "ann")
    wards.settle()
    seven, eight = stays(wards)
    assert (seven.ended_at, seven.is_claimed, eight.ended_at) == (wards.now, False, None)
    assert stays(wards, left_at - DAY, left_at) == []
    assert short(stays(wards, wards.now + timedelta(seconds=1), wards.now + DAY)) == [
        ("ann", "ward-8", "Surgery", False)
    ]


def test_a_claim_ends_a_stay_by_word_alone_until_a_roster_proves_it(wards: Harness) -> None:
    wards.leave("ben")
    wards.settle()
    [ticket] = wards.tickets()
    claimed_at = wards.later()
    wards.desk.done(ticket.id, by=SAM, reason="done", now=claimed_at)
    [one] = stays(wards)
    assert (one.ended_at, one.is_claimed) == (claimed_at, True)

    wards.later()
    wards.drop("ward-7", "ben")
    wards.settle()
    [one] = stays(wards)
    assert (one.ended_at, one.is_claimed) == (wards.now, False)


def test_a_contradicted_claim_ended_nothing(wards: Harness) -> None:
    wards.leave("ben")
    wards.settle()
    [ticket] = wards.tickets()
    wards.desk.done(ticket.id, by=SAM, reason="done", now=wards.later())
    wards.later()
    wards.settle()
    assert wards.ticket(ticket.id).state is TicketState.OPEN
    [one] = stays(wards)
    assert (one.ended_at, one.is_claimed) == (None, False)


def test_what_was_cancelled_was_no_stay(wards: Harness) -> None:
    wards.leave("ben")
    wards.settle()
    wards.corp.enable("ben")
    wards.later()
    wards.settle()
    assert [one.state for one in wards.tickets()] == [TicketState.CANCELLED]
    assert stays(wards) == []


def test_held_waived_and_unseen_stays_last(engine: sa.Engine) -> None:
    harness = Harness(engine=engine)
    harness.hire("ann", "dee", *(f"p{number}" for number in range(16)), department="Surgery")
    harness.group("ward-7", "ann", admins=["dee"])
    harness.leave("ann")
    harness.settle()
    assert harness.tickets() == [], "a first run is held"
    [held] = stays(harness)
    assert (held.person.person_id, held.department, held.is_sensitive) == ("ann", "Surgery", None)
    assert (held.left_at, held.ended_at, held.messenger) == (harness.now, None, "whatsapp")
    assert stays(harness, to_at=harness.now) == []

    harness.decide()
    harness.reconcile()
    [asked] = stays(harness)
    assert (asked.left_at, asked.is_sensitive) == (held.left_at, False)

    harness.desk.waive(1, SAM, "agreed", harness.later())
    [waived] = stays(harness)
    assert (waived.left_at, waived.ended_at) == (held.left_at, None)


def test_two_handles_of_one_person_in_a_group_are_one_stay(wards: Harness) -> None:
    """It lasts until none of them is left."""
    wards.hire("ben", phones=(wards.number("ben"), wards.number("ben-2")), department="Surgery")
    wards.wards.add_member("ward-7", wards.member("ben-2"))
    wards.settle()
    wards.leave("ben")
    wards.later()
    wards.settle()
    assert len(wards.tickets()) == 2
    [both] = stays(wards)
    wards.drop("ward-7", "ben")
    wards.later()
    wards.settle()
    assert stays(wards) == [both]
    wards.drop("ward-7", "ben-2")
    wards.later()
    wards.settle()
    [over] = stays(wards)
    assert (over.left_at, over.ended_at) == (both.left_at, wards.now)


def test_who_is_back_before_the_next_pass_has_one_stay(wards: Harness) -> None:
    wards.leave("ben")
    wards.settle()
    wards.drop("ward-7", "ben")
    wards.later()
    wards.settle()
    [over] = stays(wards)
    assert over.ended_at == wards.now
    wards.wards.add_member("ward-7", wards.member("ben"))
    wards.later()
    wards.inventory()
    [again] = stays(wards)
    assert (again.left_at, again.ended_at) == (over.left_at, None)


def test_the_size_of_a_department_is_of_who_is_there(wards: Harness) -> None:
    wards.leave("ann")
    wards.poll()
    with wards.store.reading() as uow:
        assert uow.stays.department_sizes({"Surgery", "Ärzte „Süd“", "Nobody's"}) == {
            "Surgery": 2,
            "Ärzte „Süd“": 16,
        }
        assert uow.stays.department_sizes(()) == {}
