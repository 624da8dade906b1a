"""People merge a copy into another ticket, which then has its identity, too. It is still not the copy."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

import pytest

from fakes.tracker import FakeTracker
from harness import Harness
from mirrored import ME, NURSE, copy, desk, four_more_leave, run, settled, texts, ward
from worker.domain.mirror.copy import CopyState
from worker.domain.mirror.outside import CopyGone, CopyStanding, CopyUnread, Seen
from worker.domain.tickets.ticket import TicketState
from worker.ports import Transient

__all__ = ["ward"]

DAY = 24 * 60


def again(harness: Harness, number: int = 1) -> None:
    harness.app.copies.again("desk", number, ME, "it was merged", harness.now)


def merged(harness: Harness, ref: str, into: str) -> FakeTracker:
    """Merge two tickets, and wait until the copy is given up."""
    tracker = desk(harness)
    tracker.merge(ref, into)
    run(harness)
    run(harness, minutes=60)
    tracker.writes.clear()
    return tracker


@pytest.fixture
def strangers(ward: Harness) -> FakeTracker:
    """The tracker, whose only copy was merged into somebody else's ticket."""
    tracker = settled(ward)
    tracker.copy("")
    merged(ward, "1", into="2")
    assert copy(ward).state is CopyState.GONE
    return tracker


def test_a_strangers_ticket_is_not_linked_when_the_copy_is_wanted_again(
    ward: Harness, strangers: FakeTracker
) -> None:
    again(ward)
    run(ward)
    assert (copy(ward).state, copy(ward).key) == (CopyState.LINKED, "DESK-3")
    ward.desk.waive(1, ME, "they may stay", ward.now)
    run(ward)
    assert strangers.issues["2"].seen.standing is CopyStanding.OPEN
    assert (strangers.issues["2"].notes, strangers.issues["3"].seen.standing) == ([], CopyStanding.DECLINED)


def test_a_strangers_ticket_does_not_take_the_place_of_the_new_copy(
    ward: Harness, strangers: FakeTracker
) -> None:
    again(ward)
    for _ in range(3):
        run(ward, minutes=DAY)
    assert (copy(ward).key, strangers.issues["3"].seen.standing) == ("DESK-3", CopyStanding.OPEN)
    assert not [one for one in texts(ward) if "duplicate" in one]


def test_a_strangers_ticket_is_not_found_after_an_unclear_answer(
    ward: Harness, strangers: FakeTracker
) -> None:
    def lost(what: str) -> None:
        if what == "create":
            strangers.after = lambda _what: None
            raise Transient("The answer was lost.")

    strangers.after = lost
    again(ward)
    run(ward)
    run(ward)
    assert (copy(ward).state, copy(ward).key) == (CopyState.LINKED, "DESK-3")
    assert strangers.issues["2"].seen.standing is CopyStanding.OPEN


def test_of_two_copies_that_were_merged_each_ticket_has_its_own_again(ward: Harness) -> None:
    four_more_leave(ward)
    settled(ward)
    one, two = copy(ward, 1).ref, copy(ward, 2).ref
    tracker = merged(ward, one, into=two)
    assert (copy(ward, 1).state, copy(ward, 2).state) == (CopyState.GONE, CopyState.LINKED)
    again(ward)
    run(ward)
    assert copy(ward, 1).state is CopyState.LINKED
    assert copy(ward, 1).ref not in {one, two}
    tracker.put(CopyStanding.DONE, by=NURSE, ref=two)
    assert run(ward)["claimed"] == 1
    with ward.store.reading() as uow:
        states = [uow.mirrors.get("desk", number).ticket.state for number in (1, 2)]
    assert states == [TicketState.OPEN, TicketState.DONE]


def test_one_into_which_a_strangers_was_merged_is_still_the_copy(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.copy("")
    tracker.merge("2", into="1")
    tracker.can, read = replace(tracker.can, shows_identity=False), tracker.read

    def without_identity(refs: Collection[str]) -> Iterator[Seen | CopyGone | CopyUnread]:
        for one in read(refs):
            yield replace(one, identity="") if isinstance(one, Seen) else one

    tracker.read = without_identity  # type: ignore[method-assign]
    tracker.put(CopyStanding.DONE, by=NURSE, ref="1")
    assert run(ward)["claimed"] == 1
    assert copy(ward).state is CopyState.LINKED


def test_of_two_with_one_number_both_are_looked_at(ward: Harness) -> None:
    """A tracker that was put back from its backup gave the number of one to the other."""
    four_more_leave(ward)
    tracker = settled(ward)
    ref, second = copy(ward, 1).ref, copy(ward, 2)
    with ward.store.begin() as uow:
        uow.mirrors.put(replace(second, ref=ref))
    tracker.put(CopyStanding.DONE, by=NURSE, ref=ref)
    assert run(ward)["claimed"] == 1
    assert ward.ticket().state is TicketState.DONE
    assert copy(ward, 2).ref == second.ref
