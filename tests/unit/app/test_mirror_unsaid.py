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
from worker.running.mirroring import TrackerRules

__all__ = ["ward"]


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
