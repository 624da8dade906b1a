"""A plan of many people takes two who decide it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from builders import NOW
from harness import TWO_APPROVERS_FROM, Harness
from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor, logged_in, signed_in
from worker.domain.reconcile.guard import Approval, HeldPlan, HoldState
from worker.domain.text.reason import Reason

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
    return harness.approvals.decide(1, cohorts, Actor(by), "a season ended", harness.now, release=True).state


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

    with pytest.raises(Refused, match="You decided already, and now somebody else must"):
        _release(large, same)


ISSUER = "https://id.example.org"


def test_whom_the_provider_knows_as_one_is_one_person_under_any_name(large: Harness) -> None:
    def release(name: str, subject: str) -> HoldState:
        by = Actor(name, signed_in(ISSUER, subject) if subject else "")
        return large.approvals.decide(1, (), by, "a season ended", large.now, release=True).state

    assert release("sam@example.org", "id-1") is HoldState.HELD
    with pytest.raises(Refused, match="You decided already"):
        release("Somebody Else", "id-1")
    with pytest.raises(Refused, match="You decided already"):
        release("sam@example.org", "")  # known by nothing but the name

    assert release("kim@example.org", "id-2") is HoldState.RELEASED


def test_a_word_kept_by_an_earlier_release_is_its_person_s_still(large: Harness) -> None:
    words = [Approval(one.id, "Sam", NOW, "so", "id-1") for one in large.plans()[0].cohorts]
    with large.store.begin() as uow:  # which kept the subject without its issuer
        uow.episodes.approve(1, words)
    by = Actor("Somebody Else", signed_in(ISSUER, "id-1"))

    with pytest.raises(Refused, match="You decided already"):
        large.approvals.decide(1, (), by, "a season ended", large.now, release=True)


def test_names_given_by_one_account_or_shown_to_one_person_are_one(large: Harness) -> None:
    """On the command line, in a session by a login link that they made, and by a token of theirs."""
    one = logged_in("root")
    actors = [Actor("sam", one), Actor("kim", one), Actor("Kim by a login link", one), Actor("api:k1", one)]
    large.approvals.decide(1, (), actors[0], "a season ended", large.now, release=True)

    for same in actors[1:]:
        with pytest.raises(Refused, match="You decided already"):
            large.approvals.decide(1, (), same, "a season ended", large.now, release=True)
    assert large.plans()[0].state is HoldState.HELD


def test_a_small_part_of_a_large_plan_takes_two_as_well(large: Harness) -> None:
    assert _release(large, "sam", "c1") is HoldState.HELD
    assert _release(large, "kim", "c2") is HoldState.HELD

    assert _release(large, "kim") is HoldState.PARTLY
    assert _release(large, "sam") is HoldState.RELEASED


def _reject(harness: Harness, by: str, *cohorts: str) -> HoldState:
    return harness.approvals.decide(
        1, cohorts, Actor(by), "a broken import", harness.now, release=False
    ).state


def test_rejecting_it_takes_two_as_well_and_a_word_to_release_is_none_to_reject(large: Harness) -> None:
    _release(large, "sam")

    assert _reject(large, "kim") is HoldState.HELD
    with pytest.raises(Refused, match="You decided already"):
        _reject(large, "KIM")
    assert _reject(large, "lee") is HoldState.REJECTED
    assert [sealed.entry.kind for sealed in large.journal() if sealed.entry.kind.startswith("plan.")][1:] == [
        "plan.approved",
        "plan.objected",
        "plan.rejected",
    ]


def test_whoever_changes_their_mind_has_said_only_the_last(large: Harness) -> None:
    _release(large, "sam")
    _reject(large, "sam")

    assert _release(large, "kim") is HoldState.HELD
    assert _reject(large, "lee") is HoldState.REJECTED


def test_an_address_that_nobody_vouches_for_takes_no_word_back(large: Harness) -> None:
    _release(large, "sam")
    alike = Actor("Alex", signed_in("https://id.example", "7"), known_as=frozenset({"sam"}))
    large.approvals.decide(1, (), alike, "a broken import", large.now, release=False)

    assert _release(large, "kim") is HoldState.RELEASED


def test_a_plan_below_the_limit_takes_one(company: Harness) -> None:
    assert company.approvals.needs_two(_plan_of(company)) is False


def _plan_of(harness: Harness) -> HeldPlan:
    return HeldPlan("corp", Reason("many"), harness.now, ())
