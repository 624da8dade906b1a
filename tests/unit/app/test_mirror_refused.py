"""A write that a tracker refuses for good is told once, and is not tried for ever."""

from __future__ import annotations

from collections.abc import Callable

from fakes.tracker import FakeTracker
from harness import Harness
from mirrored import ME, NURSE, copy, run, settled, ward
from worker.domain.mirror.outside import CopyStanding
from worker.domain.tickets.ticket import TicketState
from worker.ports import ConnectorError, Rejected
from worker.ports.connectors.tracker import TrackerAbilities

__all__ = ["ward"]

NO_WAY = Rejected("The record is closed.", remedy="Open it by hand.")


def _refuse(tracker: FakeTracker, *kinds: str, error: ConnectorError = NO_WAY) -> list[str]:
    """Refuse writes whose names begin so; return what was tried."""
    tried: list[str] = []

    def strict(what: str) -> None:
        tried.append(what)
        if what.startswith(kinds):
            raise error

    tracker.before = strict
    return tried


def _alarms(ward: Harness) -> int:
    return len([one for one in ward.titles() if "Copies of tickets" in one])


def _days(ward: Harness, count: int, each: Callable[[], object] = lambda: None) -> None:
    for _ in range(count * 4):
        run(ward, minutes=6 * 60)
        each()


def _claimed(ward: Harness) -> FakeTracker:
    tracker = settled(ward)
    tracker.put(CopyStanding.DONE, by=NURSE)
    run(ward)
    return tracker


def _proven(ward: Harness) -> None:
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    assert ward.ticket().state is TicketState.VERIFIED


def test_a_closing_note_that_is_refused_is_tried_once_and_told_once(ward: Harness) -> None:
    tracker = _claimed(ward)
    tried = _refuse(tracker, "note")
    _proven(ward)
    _days(ward, 10)
    assert tried == ["note"]
    assert _alarms(ward) == 2, "the channel and the accountable person"
    assert (copy(ward).shown, "is closed" in copy(ward).problem) == ("closed", True)


def test_one_that_people_reopen_after_that_is_closed_again(ward: Harness) -> None:
    tracker = _claimed(ward)
    _refuse(tracker, "note")
    _proven(ward)
    run(ward)
    _refuse(tracker, "never")
    tracker.put(CopyStanding.OPEN)
    run(ward, minutes=61)
    assert (tracker.only.seen.standing, copy(ward).problem) == (CopyStanding.DONE, "")


def test_a_note_on_one_that_stays_open_there_is_tried_for_a_week(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.can = TrackerAbilities()  # no status for what is waived
    tried = _refuse(tracker, "note")
    ward.desk.waive(1, ME, "they may stay", ward.now)
    _days(ward, 6)
    assert len(tried) == 6 * 4
    _days(ward, 6)
    assert len(tried) < 8 * 4
