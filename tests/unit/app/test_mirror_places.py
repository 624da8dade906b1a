"""A copy belongs to its place: trackers are configured anew, renamed, or several on one server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.tracker import FakeTracker, lose
from harness import Harness
from mirrored import CREW, NURSE, copy, desk, run, settled, texts, ward
from worker.domain.mirror.copy import Copy
from worker.domain.mirror.outside import CopyStanding, Draft, TrackerSaid
from worker.domain.tickets.ticket import TicketState
from worker.ports.connectors.tracker import TrackerAbilities
from worker.running.mirroring import TrackerRules

__all__ = ["ward"]

STRANGERS = Draft("whosleft-ffffff-t-000007", "T-000007", "Of another company (T-000007)", ("Text",))


def _tracker(ward: Harness, place: str, name: str = "desk") -> FakeTracker:
    tracker = FakeTracker(name, now=ward.clock, people={f"{one}@corp.example" for one in CREW})
    tracker.place = place
    return tracker


def _serve(ward: Harness, *trackers: FakeTracker) -> None:
    """A process with these trackers."""
    ward.trackers = list(trackers)
    ward.start(replace(ward.app.rules, trackers={one.name: TrackerRules() for one in trackers}))


def _copies(ward: Harness, number: int = 1) -> list[Copy]:
    with ward.store.reading() as uow:
        return uow.mirrors.of([number])[number]


@pytest.fixture
def moved(ward: Harness) -> tuple[Harness, FakeTracker, FakeTracker]:
    """After `desk` got another address; the stranger's ticket there has the number of our copy."""
    before, after = settled(ward), _tracker(ward, "https://test.example.org desk")
    theirs = after.create(STRANGERS, "")
    assert theirs.ref == copy(ward).ref
    after.writes.clear()
    _serve(ward, after)
    return ward, before, after


def test_a_stranger_s_close_is_no_claim(moved: tuple[Harness, FakeTracker, FakeTracker]) -> None:
    ward, _before, after = moved
    after.put(CopyStanding.DONE, ref="1")
    run(ward)
    assert ward.ticket().state is TicketState.OPEN


def test_nothing_is_written_on_a_stranger_s_ticket(moved: tuple[Harness, FakeTracker, FakeTracker]) -> None:
    ward, _before, after = moved
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    run(ward)
    assert after.writes == []


def test_copies_are_made_anew_at_the_new_place_which_is_said_once(
    moved: tuple[Harness, FakeTracker, FakeTracker],
) -> None:
    ward, before, after = moved
    run(ward)
    said = texts(ward)
    run(ward)
    assert copy(ward).ref == "2"
    assert (before.writes, len(after.issues)) == ([], 2)
    left = f"desk ({before.place})"
    assert [one.tracker for one in _copies(ward)] == ["desk", left]
    assert any(left in text and after.place in text for text in said)
    assert texts(ward) == said


def test_a_tracker_that_comes_back_to_its_place_has_its_copies_again(
    moved: tuple[Harness, FakeTracker, FakeTracker],
) -> None:
    ward, before, after = moved
    run(ward)
    _serve(ward, before)
    run(ward)
    assert (copy(ward).ref, before.writes) == ("1", [])
    _serve(ward, after)
    run(ward)
    assert (copy(ward).ref, after.writes) == ("2", ["create", "assign"])


def test_a_server_with_another_address_has_the_copies_still(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.place = tracker.place.replace("desk.example.org", "tickets.example.org")
    _serve(ward, tracker)
    tracker.put(CopyStanding.DONE, by=NURSE)
    run(ward)
    run(ward)
    assert (len(tracker.issues), ward.ticket().state) == (1, TicketState.DONE)


def test_what_is_in_the_project_of_before_stays_there(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.only.seen = replace(tracker.only.seen, is_elsewhere=True)
    tracker.place += "-2"
    _serve(ward, tracker)
    run(ward)
    assert (copy(ward).ref, len(tracker.issues)) == ("2", 2)


def test_what_was_never_made_at_the_place_of_before_is_not_looked_for(ward: Harness) -> None:
    _serve(ward, before := _tracker(ward, "https://old.example.org"))
    before.hidden_reads = 99
    ward.later(minutes=5)
    with ward.store.begin() as uow:
        uow.mirrors.want("desk", before.place, (), sensitive=None)
    _serve(ward, after := _tracker(ward, "https://new.example.org"))
    after.hidden_reads = 1
    run(ward)
    assert (copy(ward).ref, after.hidden_reads) == ("1", 1)


def test_a_renamed_tracker_has_its_copies_still(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.name = "helpdesk"
    _serve(ward, tracker)
    run(ward)
    tracker.put(CopyStanding.DONE, by=NURSE)
    run(ward)
    assert [one.tracker for one in _copies(ward)] == ["helpdesk"]
    assert (len(tracker.issues), ward.ticket().state) == (1, TicketState.DONE)


def test_what_was_told_to_a_tracker_before_it_was_renamed_is_heard(ward: Harness) -> None:
    tracker = desk(ward)
    tracker.can = TrackerAbilities(tells=True, creates_once=True, assigns=False)
    ward.start(ward.app.rules)
    run(ward)
    assert tracker.keep is not None
    tracker.keep(TrackerSaid("1", "T-000001", True, NURSE, "", ward.now))
    tracker.name = "helpdesk"
    _serve(ward, tracker)
    run(ward)
    assert ward.ticket().state is TicketState.DONE


def test_two_trackers_that_change_their_names_keep_their_copies(ward: Harness) -> None:
    one, two = (
        _tracker(ward, "https://one.example.org", "one"),
        _tracker(ward, "https://two.example.org", "two"),
    )
    _serve(ward, one, two)
    run(ward)
    run(ward)
    one.name, two.name = "two", "one"
    _serve(ward, two, one)
    run(ward)
    assert [len(tracker.issues) for tracker in (one, two)] == [1, 1]
    assert {found.tracker: found.place for found in _copies(ward)} == {"one": two.place, "two": one.place}


def test_copies_from_before_places_were_stored_stay_where_they_are(ward: Harness) -> None:
    tracker = settled(ward)
    with ward.store.begin() as uow:
        uow.mirrors.put(replace(uow.mirrors.get("desk", 1).copy, place=""))
    tracker.put(CopyStanding.DONE, by=NURSE)
    run(ward)
    assert (copy(ward).place, ward.ticket().state) == (tracker.place, TicketState.DONE)


def test_a_tracker_beside_another_one_takes_none_of_its_copies(ward: Harness) -> None:
    tracker = settled(ward)
    other = _tracker(ward, tracker.place, "other")
    _serve(ward, tracker, other)
    run(ward)
    assert (copy(ward).ref, [len(one.issues) for one in (tracker, other)]) == ("1", [1, 1])


@pytest.fixture
def two(ward: Harness) -> tuple[FakeTracker, FakeTracker]:
    """Two projects of one server, whose search finds what is in both. Neither has a status for what is cancelled."""
    one, other = (
        _tracker(ward, "https://jira.example.org sec", "sec"),
        _tracker(ward, "https://jira.example.org ops", "ops"),
    )
    one.can = other.can = TrackerAbilities()
    other.issues = one.issues
    _serve(ward, one, other)
    return one, other


def test_after_a_lost_answer_each_of_two_on_one_server_has_its_own_copy(
    ward: Harness, two: tuple[FakeTracker, FakeTracker]
) -> None:
    lose(two[1], "create")
    for _ in range(4):
        run(ward)
    assert {one.ref for one in _copies(ward)} == {"1", "2"}


def test_a_copy_of_another_tracker_is_no_duplicate_whose_closing_would_be_a_claim(
    ward: Harness, two: tuple[FakeTracker, FakeTracker]
) -> None:
    lose(two[0], "create")
    two[0].hidden_reads = 1
    for _ in range(4):
        run(ward)
    assert ward.ticket().state is TicketState.OPEN
    assert {issue.seen.standing for issue in two[0].issues.values()} == {CopyStanding.OPEN}


def test_a_second_tracker_takes_no_copy_that_the_first_one_has_from_an_address_of_before(
    ward: Harness,
) -> None:
    one = settled(ward)
    one.place = "https://new.example.org desk"
    _serve(ward, one)
    run(ward)
    assert (copy(ward).ref, len(one.issues)) == ("1", 1)
    other = _tracker(ward, one.place, "other")
    other.issues = one.issues
    _serve(ward, one, other)
    run(ward)
    assert {found.tracker: found.ref for found in _copies(ward) if found.tracker in {"desk", "other"}} == {
        "desk": "1",
        "other": "2",
    }
