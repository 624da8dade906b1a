"""What has to wait is not asked for there; that it need not any more, or goes on after all, is said there once."""

from __future__ import annotations

import pytest

from fakes.tracker import FakeTracker, lose
from harness import Harness
from mirrored import ME, copy, run, settled, ward
from worker.domain.mirror.outside import CopyStanding, Goal
from worker.domain.model import Role
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState
from worker.ports.connectors.tracker import TrackerAbilities

__all__ = ["ward"]


def make_last(harness: Harness, name: str, other: str) -> None:
    """Make the one the only admin of the group, and the other a member."""
    harness.wards.set_role("ward-7", harness.number(other), Role.MEMBER)
    harness.wards.set_role("ward-7", harness.number(name), Role.ADMIN)
    harness.settle()


def removal(harness: Harness) -> Ticket:
    [ticket] = harness.tickets(TicketKind.REMOVE_MEMBER)
    return ticket


@pytest.fixture
def copied(ward: Harness) -> FakeTracker:
    """The tracker with a copy of a ticket that has to wait since."""
    tracker = settled(ward)
    make_last(ward, "ann", "joe")
    assert removal(ward).state is TicketState.BLOCKED
    return tracker


def test_it_has_no_copy_until_it_can_be_done(ward: Harness) -> None:
    make_last(ward, "ann", "joe")
    run(ward)
    number = removal(ward).id
    with ward.store.reading() as uow:
        assert uow.mirrors.find("desk", number) is None
    make_last(ward, "joe", "ann")
    assert removal(ward).state is TicketState.OPEN
    run(ward)
    assert copy(ward, removal(ward).id).shown == "open"


def test_that_it_waits_is_said_there_once_and_that_it_can_be_done_then(
    ward: Harness, copied: FakeTracker
) -> None:
    issue = copied.issues["1"]
    for _ in range(3):
        run(ward)
    assert [note for note in issue.notes if "It waits for T-" in note] == issue.notes[-1:]
    make_last(ward, "joe", "ann")
    for _ in range(3):
        run(ward)
    assert [note for note in issue.notes if "can be done now" in note] == issue.notes[-1:]
    copied.writes.clear()
    run(ward)
    assert copied.writes == []


@pytest.mark.parametrize("done", [True, False])
def test_that_it_waits_is_said_again_rather_than_never(
    ward: Harness, copied: FakeTracker, *, done: bool
) -> None:
    lose(copied, "note", done=done)
    run(ward)
    run(ward)
    said = [note for note in copied.issues["1"].notes if "It waits for T-" in note]
    assert len(said) == 1 + done


def test_closing_it_is_no_claim_and_is_answered_once(ward: Harness, copied: FakeTracker) -> None:
    run(ward)
    copied.put(CopyStanding.DONE, ref="1")
    run(ward)
    assert removal(ward).state is TicketState.BLOCKED
    issue = copied.issues["1"]
    assert issue.seen.standing is CopyStanding.OPEN
    assert "waits for T-" in issue.notes[-1]
    copied.writes.clear()
    run(ward)
    assert copied.writes == []


def test_where_nothing_can_be_noted_nothing_is_said(ward: Harness, copied: FakeTracker) -> None:
    copied.can = TrackerAbilities(notes=False)
    run(ward)
    assert "note" not in copied.writes


def _waived_and_needed_again(harness: Harness) -> FakeTracker:
    """The tracker, whose copy was only noted on, or closed, when its ticket was waived; it is open here since."""
    tracker = settled(harness)
    harness.desk.waive(1, ME, "they may stay", harness.now)
    run(harness)
    harness.desk.reopen(1, ME, "they may not", harness.now)
    tracker.writes.clear()
    return tracker


@pytest.mark.parametrize("goals", [frozenset({Goal.OPEN, Goal.DONE}), frozenset(Goal)])
def test_after_a_waiver_that_it_goes_on_is_said_once(ward: Harness, goals: frozenset[Goal]) -> None:
    settled(ward).can = TrackerAbilities(goals=goals)
    tracker = _waived_and_needed_again(ward)
    for _ in range(3):
        run(ward)
    assert len(tracker.writes) == 1
    assert (tracker.only.seen.standing, len(tracker.only.notes)) == (CopyStanding.OPEN, 2)
    assert "opened it again" in tracker.only.notes[-1]


@pytest.mark.parametrize("done", [True, False])
def test_after_a_waiver_it_is_said_again_rather_than_never(ward: Harness, *, done: bool) -> None:
    settled(ward).can = TrackerAbilities()
    tracker = _waived_and_needed_again(ward)
    lose(tracker, "note", done=done)
    run(ward)
    run(ward)
    assert len([note for note in tracker.only.notes if "opened it again" in note]) == 1 + done


def test_each_waiver_is_said_anew(ward: Harness) -> None:
    settled(ward).can = TrackerAbilities()
    tracker = _waived_and_needed_again(ward)
    run(ward)
    ward.desk.waive(1, ME, "they may stay after all", ward.now)
    run(ward)
    assert [note[:6] for note in tracker.only.notes] == ["Waived", "Whosle", "Waived"]


def test_after_a_waiver_what_has_to_wait_says_only_that(ward: Harness) -> None:
    settled(ward).can = TrackerAbilities()
    tracker = _waived_and_needed_again(ward)
    make_last(ward, "ann", "joe")
    assert removal(ward).state is TicketState.BLOCKED
    for _ in range(3):
        run(ward)
    assert ["It waits for T-" in note for note in tracker.issues["1"].notes] == [False, True]
