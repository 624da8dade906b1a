"""A plan of many people takes two who release it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from harness import TWO_APPROVERS_FROM, Harness

from worker.app.approvals import Refused
from worker.domain.guard import HeldPlan, HoldState

Start = Callable[..., Harness]


@pytest.fixture
def large(start: Start) -> Harness:
    """As many people as need two approvers left at once, of two units."""
    harness = start()
    crowd = [f"p{number:02d}" for number in range(TWO_APPROVERS_FROM)]
    harness.hire(*crowd[:-1], org_unit="OU=Temps")
    harness.hire(crowd[-1], org_unit="OU=Night")
    harness.group("hall", *crowd)
    harness.settle()
    harness.later()
    harness.leave(*crowd)
    harness.settle()
    return harness


def _release(harness: Harness, by: str, *cohorts: str) -> HoldState:
    return harness.approvals.decide(1, cohorts, by, "a season ended", harness.now, release=True).state


def test_one_person_s_word_releases_nothing_of_it(large: Harness) -> None:
    assert _release(large, "sam") is HoldState.HELD
    large.settle()

    assert large.tickets() == []
    assert [entry.entry.kind for entry in large.journal() if entry.entry.actor == "sam"] == ["plan.approved"]


def test_a_second_person_releases_it(large: Harness) -> None:
    _release(large, "sam")

    assert _release(large, "kim") is HoldState.RELEASED
    large.settle()
    assert len(large.tickets()) == TWO_APPROVERS_FROM


@pytest.mark.parametrize("same", ["sam", "SAM"])
def test_the_same_person_twice_is_one_person(large: Harness, same: str) -> None:
    _release(large, "sam")

    with pytest.raises(Refused, match="you did already, and now somebody else must"):
        _release(large, same)


def test_whom_the_provider_knows_as_one_is_one_person_under_any_name(large: Harness) -> None:
    def release(by: str, subject: str) -> HoldState:
        decided = large.approvals.decide(
            1, (), by, "a season ended", large.now, release=True, subject=subject
        )
        return decided.state

    assert release("sam@example.org", "id-1") is HoldState.HELD
    with pytest.raises(Refused, match="you did already"):
        release("somebody.else@example.org", "id-1")
    with pytest.raises(Refused, match="you did already"):
        release("sam@example.org", "")  # on the command line

    assert release("kim@example.org", "id-2") is HoldState.RELEASED


def test_a_small_part_of_a_large_plan_takes_two_as_well(large: Harness) -> None:
    assert _release(large, "sam", "c1") is HoldState.HELD
    assert _release(large, "kim", "c2") is HoldState.HELD

    assert _release(large, "kim") is HoldState.PARTLY
    assert _release(large, "sam") is HoldState.RELEASED


def test_one_person_can_reject_it(large: Harness) -> None:
    _release(large, "sam")

    rejected = large.approvals.decide(1, (), "kim", "a broken import", large.now, release=False)

    assert rejected.state is HoldState.REJECTED


def test_a_plan_below_the_limit_takes_one(company: Harness) -> None:
    assert company.approvals.needs_two(_plan_of(company)) is False


def _plan_of(harness: Harness) -> HeldPlan:
    return HeldPlan("corp", "many", harness.now, ())
