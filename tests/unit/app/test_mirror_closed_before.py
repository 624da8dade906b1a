"""A copy was closed before its ticket was reopened here, and we hear of it later: it is no second claim."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fakes.tracker import FakeTracker
from harness import Harness
from mirrored import ME, NURSE, desk, run, settled, ward
from worker.domain.evidence.actor import Actor
from worker.domain.mirror.outside import CopyStanding, TrackerSaid
from worker.domain.tickets.ticket import TicketState
from worker.ports import NotDone
from worker.ports.connectors.tracker import TrackerAbilities

__all__ = ["ward"]


@pytest.fixture
def telling(ward: Harness) -> Harness:
    """The tracker calls us, and has a copy."""
    tracker = FakeTracker(now=ward.clock)
    tracker.can = TrackerAbilities(tells=True, creates_once=True, assigns=False)
    ward.trackers = [tracker]
    ward.start(ward.app.rules)
    run(ward)
    return ward


def contradict(ward: Harness) -> None:
    ward.later(hours=1)
    ward.inventory()
    ward.verify()
    ticket = ward.ticket()
    assert (ticket.state, ticket.contradicted) == (TicketState.OPEN, 1)


def tell(harness: Harness, call_id: str, *, is_done: bool) -> None:
    keep = desk(harness).keep
    assert keep is not None
    keep(TrackerSaid(call_id, "T-000001", is_done, NURSE, "", harness.now))


def test_a_claim_is_contradicted_once_and_its_time_is_counted_once(ward: Harness) -> None:
    tracker = settled(ward)
    ward.desk.done(1, Actor(NURSE, "nurse"), ward.now)
    ward.later(minutes=1)
    tracker.put(CopyStanding.DONE, by=NURSE)  # the same person tidies up the copy
    tracker.error = NotDone("away")
    contradict(ward)
    before = ward.ticket()
    ward.later(hours=60)
    tracker.error = None
    run(ward)
    ward.verify()

    after = ward.ticket()
    assert (after.state, after.due_at, after.contradicted) == (TicketState.OPEN, before.due_at, 1)
    assert tracker.writes == ["move open"], "and it is brought back there"
    assert "opened it again" in tracker.only.notes[-1]


def test_closed_after_that_it_is_a_claim(ward: Harness) -> None:
    tracker = settled(ward)
    ward.desk.done(1, ME, ward.now)
    contradict(ward)
    ward.later(minutes=1)
    tracker.put(CopyStanding.DONE, by=NURSE)

    assert run(ward)["claimed"] == 1
    assert ward.ticket().state is TicketState.DONE


def test_where_the_instant_of_the_close_is_not_shown_it_is_a_claim(ward: Harness) -> None:
    tracker = settled(ward)
    ward.desk.done(1, ME, ward.now)
    tracker.put(CopyStanding.DONE, by=NURSE)
    tracker.only.at = None
    contradict(ward)

    assert run(ward)["claimed"] == 1


def test_what_a_tracker_told_before_is_no_second_claim_either(telling: Harness) -> None:
    telling.desk.done(1, ME, telling.now)
    telling.later(minutes=1)
    tell(telling, "a", is_done=True)
    contradict(telling)

    assert run(telling)["claimed"] == 0
    assert telling.ticket().state is TicketState.OPEN


def test_reopened_and_closed_there_before_we_hear_of_either_it_is_a_claim_again(telling: Harness) -> None:
    telling.desk.done(1, ME, telling.now)
    for call_id, is_done in (("a", False), ("b", True)):
        telling.later(seconds=3)
        tell(telling, call_id, is_done=is_done)

    assert run(telling)["claimed"] == 1
    assert telling.ticket().state is TicketState.DONE


@pytest.mark.parametrize("hours_behind", [0, 5])
def test_a_close_that_a_tracker_put_back_shows_again_is_no_second_claim(
    ward: Harness, hours_behind: int
) -> None:
    tracker = settled(ward)
    closed_at = ward.now - timedelta(hours=hours_behind)
    tracker.put(CopyStanding.DONE, by=NURSE, at=closed_at)
    assert run(ward)["claimed"] == 1
    contradict(ward)
    run(ward)
    assert tracker.only.seen.standing is CopyStanding.OPEN
    run(ward)
    tracker.put(CopyStanding.DONE, by=NURSE, at=closed_at)  # as its backup has it

    assert run(ward)["claimed"] == 0
    assert (ward.ticket().state, tracker.only.seen.standing) == (TicketState.OPEN, CopyStanding.OPEN)
    tracker.put(CopyStanding.DONE, by=NURSE, at=ward.now - timedelta(hours=hours_behind))
    assert run(ward)["claimed"] == 1, "closed anew, it is a claim"
