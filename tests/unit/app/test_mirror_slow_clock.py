"""A tracker whose clock is behind ours: a copy that we read as open was closed after that, whatever it says."""

from __future__ import annotations

from datetime import timedelta

from fakes.tracker import FakeTracker, lose
from harness import Harness
from mirrored import ME, NURSE, copy, desk, run, settled, ward
from worker.domain.mirror.outside import CopyStanding
from worker.domain.tickets.ticket import TicketState
from worker.ports import NotDone, Rejected

__all__ = ["ward"]

BEHIND = timedelta(hours=3)


def close(harness: Harness) -> None:
    desk(harness).put(CopyStanding.DONE, by=NURSE, at=harness.now - BEHIND)


def reopened_here(harness: Harness) -> FakeTracker:
    """Her ticket was claimed here, contradicted an hour later, and brought back there."""
    tracker = settled(harness)
    harness.desk.done(1, ME, harness.now)
    close(harness)
    run(harness)
    harness.later(hours=1)
    harness.inventory()
    harness.verify()
    run(harness)
    assert (harness.ticket().state, tracker.only.seen.standing) == (TicketState.OPEN, CopyStanding.OPEN)
    return tracker


def test_a_list_of_before_the_close_does_not_contradict_it(ward: Harness) -> None:
    settled(ward)
    ward.later(hours=4)
    ward.inventory()
    run(ward)
    read_at = ward.now
    ward.later(minutes=3)
    ward.drop("ward-7", "ann")
    close(ward)

    assert run(ward)["claimed"] == 1
    assert ward.ticket().done_at == read_at
    ward.verify()
    assert ward.ticket().state is TicketState.DONE
    ward.later()
    ward.settle()
    assert (ward.ticket().state, ward.ticket().contradicted) == (TicketState.VERIFIED, 0)


def test_closed_again_after_a_reopening_it_is_a_claim_each_time(ward: Harness) -> None:
    tracker = reopened_here(ward)
    for _ in range(4):
        ward.later(minutes=1)
        close(ward)
        assert run(ward)["claimed"] == 1
        ward.later(minutes=1)
        tracker.put(CopyStanding.OPEN, by=NURSE)
        assert run(ward)["reopened"] == 1


def test_closed_before_a_reopening_that_we_had_not_brought_there_it_is_answered(ward: Harness) -> None:
    tracker = settled(ward)
    ward.desk.done(1, ME, ward.now)
    ward.later(minutes=1)
    close(ward)
    tracker.error = NotDone("away")
    ward.later(hours=1)
    ward.inventory()
    ward.verify()
    tracker.error = None

    assert run(ward)["claimed"] == 0
    assert ward.ticket().state is TicketState.OPEN


def test_a_list_of_between_the_close_and_our_hearing_of_it_is_weighed(ward: Harness) -> None:
    tracker = settled(ward)
    ward.later(minutes=1)
    ward.drop("ward-7", "ann")
    close(ward)
    tracker.error = NotDone("away")
    ward.later(hours=1)
    ward.inventory()
    tracker.error = None
    run(ward)
    ward.verify()
    assert ward.ticket().state is TicketState.VERIFIED


def test_what_could_not_be_read_since_is_dated_by_the_tracker(ward: Harness) -> None:
    tracker = settled(ward)
    ward.later(hours=4)
    tracker.only.is_gone = True
    run(ward)
    tracker.only.is_gone = False
    close(ward)
    closed_at = tracker.only.at
    run(ward)
    assert ward.ticket().done_at == closed_at


def test_what_was_found_closed_is_dated_by_the_tracker(ward: Harness) -> None:
    """Its making had no clear answer, so it was never read as open."""
    tracker = desk(ward)
    lose(tracker, "create")
    tracker.hidden_reads = 1
    run(ward)
    ward.later(hours=4)
    tracker.put(CopyStanding.DONE, by=NURSE, at=ward.now - timedelta(hours=1))
    closed_at = tracker.only.at
    run(ward)
    run(ward)
    assert ward.ticket().done_at == closed_at


def test_a_look_that_is_refused_is_none(ward: Harness) -> None:
    """Who closed it can't be read for a while: that it was read as open is from before."""
    tracker = settled(ward)
    read_at = copy(ward).synced_at
    ward.later(minutes=1)
    close(ward)
    last_move = tracker.last_move

    def refuse(_seen: object, /) -> object:
        raise Rejected("The history can't be read.", remedy="Allow it.")

    tracker.last_move = refuse  # type: ignore[method-assign, assignment]
    run(ward, minutes=120)
    tracker.last_move = last_move  # type: ignore[method-assign]
    run(ward)
    assert ward.ticket().done_at == read_at
