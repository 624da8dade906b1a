"""Many leavers at once, in parts, among strangers, or after a first run: what the guard counts, with real reads."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import Harness
from worker.domain.model import GroupKey
from worker.domain.reconcile.guard import GuardLimits, HoldState

Found = Callable[..., Harness]
STAFF = [f"nurse-{number:02}" for number in range(20)]


def limits(leavers_max: int | None = None, leavers_share_max: float | None = None) -> GuardLimits:
    return GuardLimits(leavers_max, leavers_share_max, group_share_max=None)


def furnished(harness: Harness) -> Harness:
    harness.hire(*STAFF, "dee")
    harness.group("ward-7", *STAFF, admins=["dee"])
    harness.settle()
    harness.later(days=2)
    return harness


@pytest.fixture
def ward(found: Found) -> Harness:
    """Twenty nurses in a group; three may leave in a day."""
    return furnished(found(limits=limits(leavers_max=3)))


def leave(harness: Harness, *numbers: int) -> None:
    harness.leave(*(STAFF[number] for number in numbers))
    harness.later()
    harness.settle()


def held(harness: Harness) -> list[list[str]]:
    """The people of each plan that waits, newest plan first."""
    return [
        sorted(one.person.person_id for part in plan.cohorts for one in part.people)
        for plan in harness.plans()
        if plan.state is HoldState.HELD
    ]


def asked_out(harness: Harness) -> list[str]:
    return sorted(ticket.person.person_id for ticket in harness.tickets() if ticket.person)


def test_who_comes_after_a_held_plan_is_held_with_it(ward: Harness) -> None:
    leave(ward, 0, 1, 2, 3)
    leave(ward, 4)

    assert held(ward) == [[STAFF[4]], STAFF[:4]]
    assert str(ward.plans()[0].why) == "5 leavers within 24 h, the limit is 3"
    assert asked_out(ward) == []


@pytest.mark.parametrize("release", [True, False])
def test_a_plan_that_was_decided_holds_nobody_who_comes_later(ward: Harness, release: bool) -> None:
    leave(ward, 0, 1, 2, 3)
    ward.decide(release=release)
    leave(ward, 4)

    assert held(ward) == []
    assert asked_out(ward) == (STAFF[:5] if release else [STAFF[4]])


def test_a_plan_of_the_day_before_holds_nobody_who_comes_later(ward: Harness) -> None:
    leave(ward, 0, 1, 2, 3)
    ward.later(days=1)
    leave(ward, 4)

    assert held(ward) == [STAFF[:4]]
    assert asked_out(ward) == [STAFF[4]]


def test_the_first_run_s_plan_holds_nobody_who_comes_later(found: Found) -> None:
    harness = found(limits=limits(leavers_max=3))
    harness.hire(*STAFF, "dee")
    harness.leave(*STAFF[:5])
    harness.group("ward-7", *STAFF, admins=["dee"])
    harness.settle()
    leave(harness, 5)

    assert held(harness) == [STAFF[:5]]
    assert asked_out(harness) == [STAFF[5]]


def test_who_is_held_counts_in_the_group_too(ward: Harness) -> None:
    leave(ward, 0, 1, 2, 3)

    with ward.store.reading() as uow:
        load = uow.episodes.loads([GroupKey("wards", "ward-7")], ward.now)
        before = uow.episodes.loads([GroupKey("wards", "ward-7")], ward.later(hours=-2))
    assert [each[GroupKey("wards", "ward-7")].earlier for each in (load, before)] == [0, 4]


def test_strangers_do_not_make_a_storm_a_smaller_share(found: Found) -> None:
    harness = furnished(found(limits=limits(leavers_share_max=0.2)))
    harness.hire(*(f"stranger-{number}" for number in range(100)))
    leave(harness, 0, 1, 2, 3, 4)

    assert held(harness) == [STAFF[:5]]
    assert str(harness.plans()[0].why) == "5 of 21 people within 24 h (24%), the limit is 20%"
