"""Copies of tickets in a tracker: one that was made again is looked for each day of a week, as a first may appear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

import pytest

from fakes.tracker import FakeTracker, Issue, lose
from harness import Harness
from mirrored import ME, NURSE, copy, desk, four_more_leave, run, settled, ward
from worker.domain.mirror.copy import CopyState
from worker.domain.mirror.outside import CopyStanding, Seen
from worker.domain.tickets.ticket import TicketState
from worker.ports import Changed, ConnectorError, NotDone, Rejected, Transient

__all__ = ["ward"]

DAY = 24 * 60


class SlowTracker(FakeTracker):
    """Counts looks by identity."""

    looks = 0

    def find(self, identity: str, mark: str, /) -> Sequence[Seen]:
        self.looks += 1
        return super().find(identity, mark)

    def appear(self, identity: str, *, is_older: bool = False) -> Issue:
        """The first one is there at last. An older one got its number before the one that was made after it."""
        self.copy(identity)
        issue = self.issues[str(len(self.issues))]
        if is_older:
            issue.seen = replace(issue.seen, ref="0", key="DESK-0")
            self.issues = {"0": issue, **{ref: one for ref, one in self.issues.items() if one is not issue}}
        return issue


@pytest.fixture
def twice(ward: Harness) -> Harness:
    """The ward's ticket has a copy that was made again, since the first never appeared."""
    tracker = SlowTracker(now=ward.clock, people={"joe@corp.example"})
    ward.trackers = [tracker]
    ward.start(ward.app.rules)
    lose(tracker, "create", done=False)
    for _ in range(3):
        run(ward)
    found = copy(ward)
    assert (found.state, found.attempts, found.key) == (CopyState.LINKED, 2, "DESK-1")
    tracker.looks = 0
    tracker.writes.clear()
    return ward


def slow(harness: Harness) -> SlowTracker:
    tracker = desk(harness)
    assert isinstance(tracker, SlowTracker)
    return tracker


def test_it_is_looked_for_once_a_day_for_a_week(twice: Harness) -> None:
    run(twice)
    assert slow(twice).looks == 0
    looks = []
    for _ in range(9):
        run(twice, minutes=DAY)
        run(twice)
        looks.append(slow(twice).looks)
    assert looks == [1, 2, 3, 4, 5, 6, 7, 7, 7]
    assert slow(twice).writes == []


def test_one_that_was_made_once_is_never_looked_for_again(ward: Harness) -> None:
    tracker = SlowTracker(now=ward.clock)
    ward.trackers = [tracker]
    ward.start(ward.app.rules)
    lose(tracker, "create")
    run(ward)
    tracker.looks = 0
    for _ in range(3):
        run(ward, minutes=DAY)
    assert (copy(ward).state, tracker.looks) == (CopyState.LINKED, 0)


def test_a_younger_one_is_closed_as_a_duplicate_and_said_once(twice: Harness) -> None:
    twice.titles()
    late = slow(twice).appear(copy(twice).identity)
    run(twice)
    assert late.seen.standing is CopyStanding.OPEN
    run(twice, minutes=DAY)
    assert (copy(twice).key, late.seen.standing) == ("DESK-1", CopyStanding.DECLINED)
    assert late.notes == ["Duplicate of DESK-1, which was made twice after an unclear answer."]
    assert sum("Copies of tickets" in title for title in twice.titles()) == 2, (
        "the channel, and who is accountable"
    )
    run(twice, minutes=DAY)
    assert slow(twice).writes == ["move cancelled"]


def test_an_older_one_becomes_the_copy_and_people_go_on_there(twice: Harness) -> None:
    late = slow(twice).appear(copy(twice).identity, is_older=True)
    run(twice, minutes=DAY)
    found = copy(twice)
    assert (found.key, found.ref, found.shown) == ("DESK-0", "0", "open")
    assert found.place == slow(twice).place
    assert slow(twice).issues["1"].seen.standing is CopyStanding.DECLINED
    assert slow(twice).issues["1"].notes[-1].startswith("Duplicate of DESK-0")
    run(twice)
    assert late.seen.assignee == "joe@corp.example"
    slow(twice).put(CopyStanding.DONE, by=NURSE, ref="0")
    run(twice)
    assert (twice.ticket().state, twice.ticket().done_by) == (TicketState.DONE, NURSE)


def test_a_claim_stays_one_when_an_older_one_appears(twice: Harness) -> None:
    slow(twice).put(CopyStanding.DONE, by=NURSE)
    run(twice)
    slow(twice).writes.clear()
    slow(twice).appear(copy(twice).identity, is_older=True)
    run(twice, minutes=DAY)
    run(twice)
    assert (copy(twice).key, twice.ticket().state) == ("DESK-0", TicketState.DONE)
    assert "move cancelled" not in slow(twice).writes, "the other one was closed before"


def test_one_that_appears_after_its_ticket_was_verified_is_closed_with_the_proof(twice: Harness) -> None:
    twice.drop("ward-7", "ann")
    twice.settle()
    run(twice)
    assert copy(twice).shown == "closed"
    late = slow(twice).appear(copy(twice).identity, is_older=True)
    run(twice, minutes=DAY)
    run(twice)
    assert (copy(twice).key, copy(twice).shown, late.seen.standing) == ("DESK-0", "closed", CopyStanding.DONE)
    assert "Verified" in late.notes[0]


def test_what_people_closed_themselves_is_left_alone(twice: Harness) -> None:
    late = slow(twice).appear(copy(twice).identity, is_older=True)
    slow(twice).put(CopyStanding.DECLINED, ref="0")
    run(twice, minutes=DAY)
    assert (copy(twice).key, late.notes, slow(twice).writes) == ("DESK-1", [], [])


def test_one_that_can_not_be_found_stays_the_copy(twice: Harness) -> None:
    slow(twice).hidden_reads = 1
    run(twice, minutes=DAY)
    assert (copy(twice).key, copy(twice).state) == ("DESK-1", CopyState.LINKED)


def test_one_that_was_given_up_is_adopted_when_it_appears(ward: Harness) -> None:
    tracker = SlowTracker(now=ward.clock)
    ward.trackers = [tracker]
    ward.start(ward.app.rules)
    lose(tracker, "create", 99, done=False)
    for _ in range(20):
        run(ward)
    assert copy(ward).state is CopyState.REFUSED
    tracker.appear(copy(ward).identity)
    run(ward, minutes=DAY)
    assert (copy(ward).state, copy(ward).key, copy(ward).problem) == (CopyState.LINKED, "DESK-1", "")


def test_one_that_was_given_up_and_is_wanted_by_hand_is_looked_for_too(ward: Harness) -> None:
    tracker = SlowTracker(now=ward.clock)
    ward.trackers = [tracker]
    ward.start(ward.app.rules)
    lose(tracker, "create", 99, done=False)
    for _ in range(20):
        run(ward)
    tracker.before = lambda _what: None
    ward.app.copies.again("desk", 1, ME, "it answers again", ward.now)
    run(ward)
    late = tracker.appear(copy(ward).identity)
    run(ward, minutes=DAY)
    assert (copy(ward).key, late.seen.standing) == ("DESK-1", CopyStanding.DECLINED)


@pytest.fixture
def lost(ward: Harness) -> Harness:
    """The ticket's copy was made, could not be found, and is hidden on; the ticket is verified since."""
    tracker = SlowTracker(now=ward.clock)
    ward.trackers = [tracker]
    ward.start(ward.app.rules)
    lose(tracker, "create")
    tracker.hidden_reads = 50
    run(ward, minutes=1)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    for _ in range(2):
        run(ward, minutes=30)
    assert (copy(ward).state, copy(ward).attempts, len(tracker.issues)) == (CopyState.WANTED, 1, 1)
    return ward


def test_one_that_was_not_found_is_closed_when_it_appears_after_its_ticket_is_over(lost: Harness) -> None:
    slow(lost).hidden_reads = 0
    run(lost, minutes=DAY)
    run(lost)
    assert (copy(lost).shown, slow(lost).only.seen.standing) == ("closed", CopyStanding.DONE)


def test_one_that_was_not_found_is_still_looked_for_when_its_ticket_is_needed_again(lost: Harness) -> None:
    lost.wards.add_member("ward-7", lost.member("ann"))
    lost.settle()
    run(lost)
    assert (copy(lost).state, copy(lost).key) == (CopyState.LINKED, "DESK-2")
    slow(lost).hidden_reads = 0
    run(lost, minutes=DAY)
    run(lost)
    standings = {one.seen.key: one.seen.standing for one in slow(lost).issues.values()}
    assert standings == {"DESK-1": CopyStanding.OPEN, "DESK-2": CopyStanding.DECLINED}
    assert copy(lost).key == "DESK-1"


def test_one_that_takes_a_create_once_needs_no_look(ward: Harness) -> None:
    tracker = SlowTracker(now=ward.clock)
    tracker.can = replace(tracker.can, creates_once=True)
    ward.trackers = [tracker]
    ward.start(ward.app.rules)
    lose(tracker, "create", done=False)
    run(ward)
    run(ward)
    run(ward, minutes=DAY)
    assert (copy(ward).attempts, copy(ward).state, tracker.looks) == (2, CopyState.LINKED, 0)


def test_a_look_that_is_refused_is_said_and_tried_the_next_day(twice: Harness) -> None:
    tracker = slow(twice)
    find, tracker.find = tracker.find, refuse  # type: ignore[method-assign]
    twice.later(minutes=DAY)
    report = twice.mirror()
    assert "no field of that name" in report.troubles[0]
    tracker.find = find  # type: ignore[method-assign]
    run(twice)
    assert tracker.looks == 0
    run(twice, minutes=DAY)
    assert tracker.looks == 1


@pytest.mark.parametrize("is_older", [False, True])
@pytest.mark.parametrize("error", [Transient("500"), NotDone("429"), Changed("409")])
def test_a_duplicate_that_was_not_closed_is_closed_by_the_next_run(
    twice: Harness, error: ConnectorError, is_older: bool
) -> None:
    tracker = slow(twice)
    late = tracker.appear(copy(twice).identity, is_older=is_older)
    duplicate = tracker.issues["1"] if is_older else late

    def strike(what: str) -> None:
        if what == "move cancelled":
            raise error

    tracker.before = strike
    run(twice, minutes=DAY)
    assert (tracker.looks, duplicate.seen.standing) == (1, CopyStanding.OPEN)
    tracker.before = lambda _what: None
    run(twice)
    assert (tracker.looks, duplicate.seen.standing) == (2, CopyStanding.DECLINED)


def test_a_tracker_that_answers_no_look_has_a_rest(ward: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    four_more_leave(ward)
    tracker = settled(ward)
    with ward.store.begin() as uow:
        for number in range(1, 6):
            uow.mirrors.put(replace(uow.mirrors.get("desk", number).copy, look_again_at=ward.now))
    looks: list[str] = []

    def find(identity: str, _mark: str) -> NoReturn:
        looks.append(identity)
        raise Transient("It answered 500.")

    monkeypatch.setattr(tracker, "find", find)
    run(ward)
    assert len(looks) == 3


def refuse(*_given: object) -> NoReturn:
    raise Rejected("There is no field of that name.", remedy="Make it.")
