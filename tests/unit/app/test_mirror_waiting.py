"""What has to wait for another ticket is not asked for there: somebody would remove a group's last admin."""

from __future__ import annotations

import pytest

from fakes.tracker import FakeTracker, lose
from harness import Harness
from mirrored import copy, run, settled, ward
from worker.domain.mirror.outside import CopyStanding
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
