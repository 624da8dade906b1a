"""A move whose answer was lost is asked for again until its note is there: once, and with the evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fakes.tracker import FakeTracker, lose
from harness import Harness
from mirrored import ME, begin, copy, desk, run, settled, ward
from worker.domain.mirror.copy import Content
from worker.domain.mirror.outside import CopyStanding
from worker.domain.model import Role
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.ports import NotDone
from worker.running.mirroring import TrackerRules

__all__ = ["ward"]


class KilledBeforeTheFileError(BaseException):
    """The process dies."""


def prove(ward: Harness) -> None:
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()


def said(tracker: FakeTracker, words: str, ref: str = "1") -> int:
    return sum(words in note for note in tracker.issues[ref].notes)


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("what", ["move done", "note"])
@pytest.mark.parametrize("apart", [True, False])
def test_what_was_proven_is_said_once_with_its_file(
    ward: Harness, what: str, *, apart: bool, done: bool
) -> None:
    tracker = begin(ward, TrackerRules(content=Content.FULL))
    settled(ward)
    tracker.notes_apart = apart
    lose(tracker, what, done=done)
    prove(ward)
    for _ in range(3):
        run(ward)
    assert (said(tracker, "Verified"), copy(ward).shown) == (1, "closed")
    assert list(tracker.only.files) == ["T-000001.json"]
    tracker.writes.clear()
    run(ward)
    assert tracker.writes == []


def to_be_proven(ward: Harness, *, closed: bool) -> FakeTracker:
    """A tracker whose only copy is closed already, or not, when its ticket is verified."""
    tracker = begin(ward, TrackerRules(content=Content.FULL))
    settled(ward)
    if closed:
        tracker.put(CopyStanding.DONE)
        run(ward)
    prove(ward)
    tracker.writes.clear()
    return tracker


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("done", [True, False])
def test_a_file_without_an_answer_is_added_within_an_hour(ward: Harness, *, closed: bool, done: bool) -> None:
    tracker = to_be_proven(ward, closed=closed)
    lose(tracker, "attach", done=done)
    run(ward)
    assert (said(tracker, "Verified"), copy(ward).shown) == (1, "closed")
    run(ward, minutes=60)
    assert (said(tracker, "Verified"), list(tracker.only.files)) == (1, ["T-000001.json"])
    tracker.writes.clear()
    run(ward, minutes=60)
    assert tracker.writes == []


@pytest.mark.parametrize("closed", [True, False])
def test_a_worker_that_dies_before_the_file_adds_it_afterwards(ward: Harness, *, closed: bool) -> None:
    tracker = to_be_proven(ward, closed=closed)

    def die(what: str) -> None:
        if what == "attach":
            raise KilledBeforeTheFileError

    tracker.before = die
    with pytest.raises(KilledBeforeTheFileError):
        run(ward)
    tracker.before = lambda _what: None
    ward.start(ward.app.rules)
    run(ward, minutes=61)
    assert (said(tracker, "Verified"), list(tracker.only.files)) == (1, ["T-000001.json"])


def test_a_file_that_surely_was_not_added_is_added_by_the_next_run(ward: Harness) -> None:
    tracker = to_be_proven(ward, closed=False)

    def busy(what: str) -> None:
        if what == "attach":
            raise NotDone("Too many requests.")

    tracker.before = busy
    run(ward)
    tracker.before = lambda _what: None
    run(ward)
    assert list(tracker.only.files) == ["T-000001.json"]


def test_a_file_that_is_not_answered_holds_up_nothing_else(ward: Harness) -> None:
    tracker = to_be_proven(ward, closed=False)
    lose(tracker, "attach", count=99, done=False)
    for _ in range(3):
        run(ward)
    assert tracker.writes == ["move done"]
    ward.hire("kim")
    ward.group("ward-8", "kim", admins=["joe"])
    ward.settle()
    ward.leave("kim")
    ward.settle()
    run(ward)
    assert "create" in tracker.writes


def test_no_file_is_owed_once_the_ticket_is_needed_again(ward: Harness) -> None:
    tracker = to_be_proven(ward, closed=False)
    lose(tracker, "attach", done=False)
    run(ward)
    ward.group("ward-7", "ann", "ben", "eve", admins=["joe"], name="Ward 7 nights")
    ward.later(hours=2)
    ward.settle()
    for _ in range(3):
        run(ward, minutes=61)
    assert ward.ticket().is_live
    assert tracker.only.seen.standing is CopyStanding.OPEN
    assert tracker.only.files == {}


def test_a_file_is_not_owed_where_no_names_may_be_shown_by_now(ward: Harness) -> None:
    tracker = to_be_proven(ward, closed=False)
    lose(tracker, "attach", done=False)
    run(ward)
    ward.start(replace(ward.app.rules, trackers={"desk": TrackerRules()}))
    tracker.writes.clear()
    for _ in range(2):
        run(ward, minutes=61)
    assert (tracker.writes, tracker.only.files) == ([], {})


def test_what_is_closed_again_is_said_again(ward: Harness) -> None:
    tracker = settled(ward)
    prove(ward)
    run(ward)
    tracker.put(CopyStanding.OPEN)
    tracker.notes_apart = True
    lose(tracker, "move done")
    for _ in range(3):
        run(ward)
    assert (said(tracker, "Verified"), tracker.only.seen.standing) == (2, CopyStanding.DONE)
    tracker.put(CopyStanding.OPEN)
    run(ward)
    assert tracker.only.seen.standing is CopyStanding.OPEN, "the second time it is left"


def test_what_was_moved_to_another_project_meanwhile_is_left(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.notes_apart = True
    lose(tracker, "move done")
    prove(ward)
    run(ward)
    tracker.only.seen = replace(tracker.only.seen, is_elsewhere=True)
    for _ in range(2):
        run(ward)
    assert (tracker.only.notes, copy(ward).shown) == ([], "closed")


def goes_on(ward: Harness, tracker: FakeTracker) -> tuple[str, str]:
    tracker.put(CopyStanding.DONE)
    run(ward)
    ward.desk.reopen(1, ME, "they are still in it", ward.now)
    return "1", "opened it again"


def was_declined(_ward: Harness, tracker: FakeTracker) -> tuple[str, str]:
    tracker.put(CopyStanding.DECLINED)
    return "1", "closed without being done"


def has_to_wait(ward: Harness, tracker: FakeTracker) -> tuple[str, str]:
    ward.wards.set_role("ward-7", ward.number("joe"), Role.MEMBER)
    ward.wards.set_role("ward-7", ward.number("ann"), Role.ADMIN)
    ward.settle()
    run(ward)
    tracker.put(CopyStanding.DONE, ref="1")
    tracker.issues["1"].notes.clear()
    return "1", "waits for T-"


def is_a_question(ward: Harness, tracker: FakeTracker) -> tuple[str, str]:
    ward.wards.add_member(
        "ward-7", replace(ward.member("eve"), handle="~pat", display_name="Pat", phone=None)
    )
    ward.settle()
    run(ward)
    [question] = ward.tickets(TicketKind.IDENTIFY_MEMBER)
    ref = copy(ward, question.id).ref
    tracker.put(CopyStanding.DONE, ref=ref)
    return ref, "asks for more"


@pytest.mark.parametrize("close", [goes_on, was_declined, has_to_wait, is_a_question])
@pytest.mark.parametrize("apart", [True, False])
def test_why_it_was_reopened_is_said_once(
    ward: Harness, close: Callable[[Harness, FakeTracker], tuple[str, str]], *, apart: bool
) -> None:
    tracker = settled(ward)
    ref, words = close(ward, tracker)
    tracker.notes_apart = apart
    lose(tracker, "move open")
    for _ in range(3):
        run(ward)
    assert (said(tracker, words, ref), tracker.issues[ref].seen.standing) == (1, CopyStanding.OPEN)
    assert copy(ward, int(ref)).reopens <= 1
    tracker.writes.clear()
    run(ward)
    assert tracker.writes == []


def test_a_claim_that_comes_before_the_note_needs_none(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.notes_apart = True
    goes_on(ward, tracker)
    lose(tracker, "move open")
    run(ward)
    ward.desk.done(1, ME, ward.now)
    for _ in range(2):
        run(ward)
    assert ward.ticket().state is TicketState.DONE
    assert desk(ward).only.notes == []
