"""Copies of tickets in a tracker: none waits for the time of a clock that was wrong for a while."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from fakes.tracker import FakeTracker, lose
from harness import Harness
from mirrored import copy, desk, run, settled, ward
from worker.domain.mirror.copy import CopyState
from worker.domain.mirror.outside import CopyStanding
from worker.ports import Rejected

__all__ = ["ward"]

AHEAD = 40 * 24 * 60


def is_right_again(harness: Harness) -> None:
    harness.later(minutes=-AHEAD)


def refuse_once(tracker: FakeTracker) -> None:
    errors: list[Exception] = [Rejected("A field is missing.")]

    def refuse(_what: str) -> None:
        if errors:
            raise errors.pop()

    tracker.before = refuse


def test_one_that_was_refused_is_made(ward: Harness) -> None:
    refuse_once(desk(ward))
    ward.later(minutes=AHEAD)
    ward.mirror()
    assert copy(ward).state is CopyState.WANTED
    is_right_again(ward)
    run(ward)
    assert copy(ward).state is CopyState.LINKED


def test_one_that_may_have_been_made_is_made_once_its_lag_is_over(ward: Harness) -> None:
    tracker = desk(ward)
    tracker.can = replace(tracker.can, lag=timedelta(minutes=30))
    lose(tracker, "create", done=False)
    run(ward, minutes=AHEAD)
    is_right_again(ward)
    run(ward)
    run(ward, minutes=32)
    assert tracker.issues == {}, "by the right clock it was just begun"
    run(ward, minutes=1)
    assert copy(ward).state is CopyState.LINKED


def test_what_was_made_again_is_looked_for_each_day_of_a_week(ward: Harness) -> None:
    tracker = desk(ward)
    lose(tracker, "create", done=False)
    run(ward, minutes=AHEAD)
    for _ in range(3):
        run(ward)
    assert copy(ward).attempts == 2
    is_right_again(ward)
    tracker.copy(copy(ward).identity)
    run(ward)
    assert tracker.issues["2"].seen.standing is not CopyStanding.OPEN
    for _ in range(8):
        run(ward, minutes=24 * 60)
    assert copy(ward).look_again_at is None


def test_one_whose_change_was_refused_is_changed(ward: Harness) -> None:
    tracker = settled(ward)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    refuse_once(tracker)
    run(ward, minutes=AHEAD)
    assert tracker.writes == ["note"]
    is_right_again(ward)
    run(ward)
    assert tracker.only.seen.standing is CopyStanding.DONE


def test_one_that_is_gone_is_believed_after_an_hour(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.only.is_gone = True
    run(ward, minutes=AHEAD)
    is_right_again(ward)
    run(ward)
    assert copy(ward).state is CopyState.LINKED
    run(ward, minutes=60)
    assert copy(ward).state is CopyState.GONE
