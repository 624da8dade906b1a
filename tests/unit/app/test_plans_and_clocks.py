"""A clock that is wrong for a while changes nothing about what people decided, or have to decide, about leavers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from audit_checks import problems
from harness import Harness
from worker.domain.reconcile.guard import HoldState
from worker.domain.tickets.ticket import TicketState

Start = Callable[..., Harness]

LEAVERS = [f"t{number:02}" for number in range(40)]
ARE_FULL = pytest.mark.parametrize("full", [False, True], ids=["by timer", "by a full read"])


@pytest.fixture
def first(found: Start) -> Harness:
    """A first run finds two who left by a date, and holds them."""
    harness = found()
    harness.hire("ann", "ben", leave_at=harness.now - timedelta(days=5))
    harness.hire("dee")
    harness.group("all", "ann", "ben", admins=["dee"])
    harness.settle()
    assert states(harness) == {1: HoldState.HELD}
    return harness


def states(harness: Harness) -> dict[int, HoldState]:
    return {plan.id: plan.state for plan in harness.plans()}


def run(harness: Harness, *, full: bool) -> None:
    harness.poll(full=full)
    harness.settle(full=full)


def go_wrong(harness: Harness, *, full: bool = False, **spans: float) -> None:
    """The clock is wrong for one round; a quarter of an hour later it is right."""
    right = harness.now
    harness.later(**spans)
    run(harness, full=full)
    harness.now = right
    harness.later(minutes=15)
    run(harness, full=full)


def live(harness: Harness) -> list[str]:
    return sorted(one.person_name for one in harness.tickets() if one.is_live)


@ARE_FULL
def test_who_was_rejected_stays_rejected(first: Harness, *, full: bool) -> None:
    first.decide(release=False)
    go_wrong(first, full=full, days=-9000)

    assert live(first) == []
    assert states(first) == {1: HoldState.REJECTED}
    assert set(first.leavers()) == {"ann", "ben"}
    assert problems(first) == []


@ARE_FULL
def test_who_waits_in_a_plan_still_waits(first: Harness, *, full: bool) -> None:
    go_wrong(first, full=full, days=-9000)

    assert live(first) == []
    assert states(first) == {1: HoldState.HELD}
    first.decide()
    first.settle()
    assert live(first) == ["Ann", "Ben"]
    assert problems(first) == []


@ARE_FULL
def test_who_was_released_has_the_ticket_again(first: Harness, *, full: bool) -> None:
    first.decide()
    first.settle()
    assert live(first) == ["Ann", "Ben"]
    go_wrong(first, full=full, days=-9000)

    assert live(first) == ["Ann", "Ben"]
    assert {one.state for one in first.tickets()} == {TicketState.OPEN}
    assert states(first) == {1: HoldState.RELEASED}, "nobody has to release them again"
    assert problems(first) == []


def test_who_is_in_a_plan_with_others_is_not_let_through_alone(found: Start) -> None:
    harness = found()
    harness.hire(*LEAVERS, "ann", "dee")
    harness.group("all", *LEAVERS, "ann", admins=["dee"])
    harness.settle()
    harness.later(days=1)
    harness.leave(*LEAVERS)
    harness.corp.change("ann", leave_at=harness.now)
    harness.settle()
    go_wrong(harness, days=-9000)

    assert live(harness) == []
    assert states(harness) == {1: HoldState.HELD}


def plan_of_tomorrow(found: Start) -> Harness:
    """Forty people leave in ten days; a clock that is ahead for a round holds them."""
    harness = found()
    harness.hire(*LEAVERS, "dee")
    harness.group("all", *LEAVERS, admins=["dee"])
    harness.settle()
    for one in LEAVERS:
        harness.corp.change(one, leave_at=harness.now + timedelta(days=10))
    harness.settle()
    go_wrong(harness, days=40)
    assert states(harness) == {1: HoldState.HELD}
    assert harness.leavers() == []
    return harness


def test_a_plan_by_a_clock_that_was_ahead_ends_after_a_day(found: Start) -> None:
    harness = plan_of_tomorrow(found)
    harness.later(days=1)
    harness.settle()
    assert states(harness) == {1: HoldState.REJECTED}

    harness.later(days=9)
    harness.settle()
    assert states(harness) == {1: HoldState.REJECTED, 2: HoldState.HELD}, "their day has come"


def test_who_was_rejected_ahead_of_their_day_leaves_on_it(found: Start) -> None:
    harness = plan_of_tomorrow(found)
    harness.decide(release=False)
    harness.later(days=10)
    harness.settle()

    assert states(harness) == {1: HoldState.REJECTED, 2: HoldState.HELD}


def test_a_date_that_changes_while_the_clock_is_behind_begins_anew(first: Harness) -> None:
    right = first.now
    first.later(days=-9000)
    first.settle()
    for one in ("ann", "ben"):
        first.corp.change(one, leave_at=right - timedelta(days=4))
    first.settle()
    assert states(first) == {1: HoldState.REJECTED}, "nobody leaves on the day that it is about"
    first.now = right
    first.settle()

    assert live(first) == ["Ann", "Ben"]
    assert problems(first) == []


def test_a_date_that_was_taken_back_and_set_again_begins_anew(first: Harness) -> None:
    first.decide(release=False)
    last_day = first.person("ann").left_at
    for when in (None, last_day):
        first.corp.change("ann", leave_at=when)
        first.settle()

    assert live(first) == ["Ann"]
