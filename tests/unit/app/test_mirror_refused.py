"""A write that a tracker refuses for good is told once, and is not tried for ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fakes.tracker import FakeTracker
from harness import Harness
from mirrored import ME, NURSE, copy, run, settled, ward
from worker.domain.mirror.decide import REFUSALS_MAX
from worker.domain.mirror.outside import CopyStanding
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.ports import ConnectorError, NotDone, Rejected
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


def _contradicted(ward: Harness) -> None:
    ward.later(hours=1)
    ward.inventory()
    ward.verify()
    assert ward.ticket().state is TicketState.OPEN


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


def test_a_reopening_that_is_refused_is_said_there_once_and_is_not_tried_for_ever(ward: Harness) -> None:
    tracker = _claimed(ward)
    tried = _refuse(tracker, "move")
    _contradicted(ward)
    run(ward)
    assert tried == ["move open", "note"]
    for _ in range(30 * 2):
        run(ward, minutes=31)
    assert tried == ["move open", "note"] + ["move open"] * (REFUSALS_MAX - 1)
    assert ["opened it again" in note for note in tracker.only.notes] == [True]
    assert "is closed" in copy(ward).problem


def test_what_is_refused_is_tried_anew_after_the_next_false_claim(ward: Harness) -> None:
    tracker = _claimed(ward)
    _refuse(tracker, "move")
    _contradicted(ward)
    run(ward)
    tracker.put(CopyStanding.OPEN)
    run(ward)
    assert copy(ward).problem == "", "somebody opened it there"
    tracker.put(CopyStanding.DONE, by=NURSE)
    run(ward)
    tried = _refuse(tracker, "move")
    _contradicted(ward)
    run(ward)
    run(ward)
    assert tried == ["move open", "note"]
    tracker.put(CopyStanding.OPEN)
    tracker.put(CopyStanding.DONE, by=NURSE, at=ward.now)
    ward.desk.done(1, ME, ward.now)
    _refuse(tracker, "never")
    _contradicted(ward)
    run(ward, minutes=61)
    assert (copy(ward).standing, copy(ward).problem) == (CopyStanding.OPEN, "")


def test_a_question_that_was_closed_and_can_t_be_reopened_gets_one_note(ward: Harness) -> None:
    tracker = settled(ward)
    question = replace(ward.ticket(), kind=TicketKind.REASSIGN_ADMIN)
    with ward.store.begin() as uow:
        uow.tickets.update([question])
    tried = _refuse(tracker, "move")
    tracker.put(CopyStanding.DONE, by=NURSE)
    _days(ward, 8)
    assert tried == ["move open", "note"] + ["move open"] * (REFUSALS_MAX - 1)
    assert len(tracker.only.notes) == 1


def test_who_has_it_changes_while_it_can_t_be_reopened(ward: Harness) -> None:
    tracker = _claimed(ward)
    _refuse(tracker, "move")
    _contradicted(ward)
    _days(ward, 6)
    ward.desk.assign(1, "eve@corp.example", ME, ward.now, "she has time")
    run(ward, minutes=61)
    assert tracker.only.seen.assignee == "eve@corp.example"
    assert "is closed" in copy(ward).problem


def test_where_the_note_is_refused_too_nothing_more_is_tried(ward: Harness) -> None:
    tracker = _claimed(ward)
    tried = _refuse(tracker, "move", "note")
    _contradicted(ward)
    _days(ward, 2)
    assert tried.count("note") == 1


def test_a_note_that_surely_was_not_written_is_written_later(ward: Harness) -> None:
    tracker = _claimed(ward)

    def limited(what: str) -> None:
        raise NO_WAY if what == "move open" else NotDone("429")

    tracker.before = limited
    _contradicted(ward)
    run(ward)
    tried = _refuse(tracker, "move")
    run(ward, minutes=61)
    assert tried == ["move open", "note"]
    assert len(tracker.only.notes) == 1


def test_one_that_was_noted_on_elsewhere_is_not_noted_on_again(ward: Harness) -> None:
    tracker = _claimed(ward)
    tracker.only.seen = replace(tracker.only.seen, is_elsewhere=True)
    _contradicted(ward)
    run(ward)
    tried = _refuse(tracker, "move")
    tracker.only.seen = replace(tracker.only.seen, is_elsewhere=False)
    run(ward)
    run(ward)
    assert (tried, len(tracker.only.notes)) == (["move open"], 1)


@pytest.mark.parametrize("is_back", [False, True])
def test_one_that_comes_back_from_elsewhere_is_reopened(ward: Harness, is_back: bool) -> None:
    tracker = _claimed(ward)
    tracker.only.seen = replace(tracker.only.seen, is_elsewhere=True)
    _contradicted(ward)
    run(ward)
    tracker.only.seen = replace(tracker.only.seen, is_elsewhere=not is_back)
    run(ward)
    assert (copy(ward).standing is CopyStanding.OPEN) is is_back
    assert copy(ward).problem == ""


def test_what_was_proven_is_noted_once_where_closing_is_refused(ward: Harness) -> None:
    tracker = settled(ward)
    tried = _refuse(tracker, "move")
    _proven(ward)
    _days(ward, 2)
    assert (tried.count("note"), tracker.only.seen.standing) == (1, CopyStanding.OPEN)
    assert "Verified" in tracker.only.notes[-1]
    tracker.put(CopyStanding.DONE, by=NURSE)
    _days(ward, 1)
    assert tried.count("note") == 1, "people close it, which is no news"
    assert copy(ward).problem == ""


def test_a_note_that_is_refused_with_its_move_is_not_tried_again(ward: Harness) -> None:
    tracker = settled(ward)
    tried = _refuse(tracker, "move", "note")
    _proven(ward)
    _days(ward, 2)
    assert tried.count("note") == 1
