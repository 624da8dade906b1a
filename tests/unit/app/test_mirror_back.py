"""A copy that was gone is back: it is the copy again, and no second one is made."""

from __future__ import annotations

import pytest

from fakes.tracker import FakeTracker
from harness import Harness
from mirrored import ME, NURSE, copy, desk, run, settled, ward
from worker.domain.mirror.copy import CopyState
from worker.domain.mirror.outside import CopyStanding
from worker.domain.tickets.ticket import TicketState

__all__ = ["ward"]

DAY = 24 * 60


@pytest.fixture
def gone(ward: Harness) -> FakeTracker:
    """The tracker, whose only copy was hidden from us until it was given up."""
    tracker = settled(ward)
    tracker.only.is_gone = True
    run(ward)
    run(ward, minutes=60)
    assert copy(ward).state is CopyState.GONE
    tracker.writes.clear()
    return tracker


def again(harness: Harness) -> None:
    harness.app.copies.again("desk", 1, ME, "we were told to", harness.now)


def test_who_wants_it_again_gets_the_first_one(ward: Harness, gone: FakeTracker) -> None:
    gone.only.is_gone = False
    again(ward)
    run(ward)
    assert (copy(ward).state, copy(ward).key, len(gone.issues)) == (CopyState.LINKED, "DESK-1", 1)
    gone.put(CopyStanding.DONE, by=NURSE)
    run(ward)
    assert (ward.ticket().state, ward.ticket().done_by) == (TicketState.DONE, NURSE)


def test_one_that_is_back_after_it_was_made_again_is_the_copy(ward: Harness, gone: FakeTracker) -> None:
    again(ward)
    run(ward)
    assert (copy(ward).key, len(gone.issues)) == ("DESK-2", 2)
    gone.issues["1"].is_gone = False
    run(ward, minutes=DAY)
    assert (copy(ward).key, gone.issues["2"].seen.standing) == ("DESK-1", CopyStanding.DECLINED)


def test_one_that_is_back_by_itself_is_found_within_a_day(ward: Harness, gone: FakeTracker) -> None:
    gone.only.is_gone = False
    run(ward)
    assert copy(ward).state is CopyState.GONE
    run(ward, minutes=DAY)
    run(ward)
    found = copy(ward)
    assert (found.state, found.key, found.shown, found.problem) == (CopyState.LINKED, "DESK-1", "open", "")
    assert (found.missing_since, gone.writes) == (None, [])


def test_one_that_was_closed_while_it_was_gone_is_a_claim(ward: Harness, gone: FakeTracker) -> None:
    gone.put(CopyStanding.DONE, by=NURSE)
    gone.only.is_gone = False
    closed_at = ward.now
    run(ward, minutes=DAY)
    run(ward)
    assert (ward.ticket().state, ward.ticket().done_at) == (TicketState.DONE, closed_at)


def test_another_one_with_its_identity_is_not_taken_for_it_unasked(ward: Harness, gone: FakeTracker) -> None:
    """It was merged into another one, which is somebody's ticket."""
    gone.copy(copy(ward).identity)
    run(ward, minutes=DAY)
    assert (copy(ward).state, gone.writes) == (CopyState.GONE, [])


def test_it_is_looked_for_for_a_week(ward: Harness, gone: FakeTracker) -> None:
    for _ in range(8):
        run(ward, minutes=DAY)
    gone.only.is_gone = False
    run(ward, minutes=DAY)
    assert copy(ward).state is CopyState.GONE
    assert desk(ward).writes == []
