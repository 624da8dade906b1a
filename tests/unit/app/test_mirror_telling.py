"""A tracker that calls us: what it tells is stored first, and used once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.tracker import FakeTracker
from harness import Harness
from mirrored import ME, NURSE, copy, desk, four_more_leave, run, ward
from worker.domain.mirror.outside import Draft, Seen, TrackerSaid
from worker.domain.tickets.ticket import TicketKind, TicketState
from worker.ports import Rejected, Transient
from worker.ports.connectors.tracker import TrackerAbilities

__all__ = ["ward"]


@pytest.fixture
def telling(ward: Harness) -> Harness:
    tracker = FakeTracker(now=ward.clock)
    tracker.can = TrackerAbilities(tells=True, creates_once=True, assigns=False)
    ward.trackers = [tracker]
    ward.start(ward.app.rules)
    run(ward)
    return ward


def tell(
    harness: Harness, call_id: str, *, is_done: bool, label: str = "T-000001", ago: timedelta = timedelta(0)
) -> None:
    """Something that was said a while ago arrives."""
    keep = desk(harness).keep
    assert keep is not None
    keep(TrackerSaid(call_id, label, is_done, NURSE, "gone", harness.now - ago))


def test_what_it_tells_is_a_claim_and_a_reopening_once_each(telling: Harness) -> None:
    tell(telling, "a", is_done=True)
    tell(telling, "a", is_done=True)
    run(telling)
    assert (telling.ticket().state, telling.ticket().done_by) == (TicketState.DONE, NURSE)
    tell(telling, "b", is_done=False)
    run(telling)
    assert telling.ticket().state is TicketState.OPEN
    tell(telling, "a", is_done=True)
    run(telling)
    assert telling.ticket().state is TicketState.OPEN, "a replay has no effect"


def test_what_turned_out_to_be_open_is_shown_so_when_it_was_told(telling: Harness) -> None:
    tell(telling, "a", is_done=True)
    run(telling)
    assert copy(telling).shown == "done"
    telling.later(hours=1)
    telling.inventory()
    telling.verify()
    assert telling.ticket().state is TicketState.OPEN, "they are still listed"
    run(telling)
    assert copy(telling).shown == "open"


def test_what_it_tells_of_no_ticket_or_of_one_that_can_not_be_claimed_does_nothing(telling: Harness) -> None:
    tell(telling, "a", is_done=True, label="T-000999")
    tell(telling, "b", is_done=False)
    assert run(telling)["claimed"] == 0
    assert telling.ticket().state is TicketState.OPEN


@pytest.mark.parametrize("has_run_between", [False, True])
def test_what_was_said_last_counts_and_not_what_came_last(telling: Harness, *, has_run_between: bool) -> None:
    telling.later(minutes=3)
    tell(telling, "reopened", is_done=False, ago=timedelta(minutes=1))
    if has_run_between:
        run(telling, minutes=1)
    telling.later(seconds=10)
    tell(telling, "closed", is_done=True, ago=timedelta(minutes=3))
    run(telling)
    assert telling.ticket().state is TicketState.OPEN


def test_a_close_that_was_on_its_way_while_their_reopening_was_heard_is_a_claim(telling: Harness) -> None:
    tell(telling, "closed", is_done=True)
    run(telling)
    tell(telling, "reopened", is_done=False)
    run(telling)
    assert telling.ticket().state is TicketState.OPEN
    telling.later(seconds=10)
    tell(telling, "closed again", is_done=True, ago=timedelta(seconds=20))
    run(telling)
    assert telling.ticket().state is TicketState.DONE


def test_a_close_from_before_it_was_reopened_here_is_no_claim(telling: Harness) -> None:
    tell(telling, "closed", is_done=True)
    run(telling)
    telling.desk.reopen(1, ME, "They are still in.", telling.now)
    telling.later(seconds=10)
    tell(telling, "closed again", is_done=True, ago=timedelta(seconds=20))
    run(telling)
    assert telling.ticket().state is TicketState.OPEN


def test_what_was_heard_by_a_clock_that_was_ahead_is_not_waited_for(telling: Harness) -> None:
    now = telling.now
    telling.later(hours=48)
    tell(telling, "reopened", is_done=False)
    run(telling)
    telling.now = now
    tell(telling, "closed", is_done=True)
    run(telling)
    assert telling.ticket().state is TicketState.DONE


def test_it_is_told_each_change_once(telling: Harness) -> None:
    tracker = desk(telling)
    assert tracker.only.draft.data["id"] == "T-000001"
    assert tracker.only.draft.data["person"] is None
    run(telling)
    before = list(tracker.told)
    telling.desk.assign(1, NURSE, ME, telling.now)
    run(telling)
    run(telling)
    assert len(tracker.told) == len(before) + 1
    telling.desk.waive(1, ME, "they may stay", telling.now)
    run(telling)
    assert copy(telling).shown == "closed"


def test_a_change_that_it_refuses_is_its_problem(telling: Harness) -> None:
    desk(telling).before = lambda what: (_ for _ in ()).throw(Rejected("410 CopyGone.", remedy="Look there."))
    telling.desk.assign(1, NURSE, ME, telling.now)
    run(telling)
    assert "410" in copy(telling).problem


def test_one_that_breaks_the_program_keeps_no_other_from_being_told(
    telling: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    four_more_leave(telling)
    run(telling)
    tracker = desk(telling)
    update = tracker.update

    def breaks(seen: Seen, draft: Draft) -> Seen:
        if draft.label == "T-000001":
            raise Transient("The receiver answered 500.")
        return update(seen, draft)

    monkeypatch.setattr(tracker, "update", breaks)
    telling.desk.assign(1, NURSE, ME, telling.now)
    telling.desk.waive(2, ME, "they may stay", telling.now)
    run(telling)
    assert copy(telling, 2).shown == "closed"


def test_a_question_is_not_answered_by_a_call(telling: Harness) -> None:
    telling.wards.add_member(
        "ward-7", replace(telling.member("eve"), handle="~pat", display_name="Pat", phone=None)
    )
    telling.settle()
    [question] = telling.tickets(TicketKind.IDENTIFY_MEMBER)
    run(telling)
    tell(telling, "a", is_done=True, label=question.label)
    run(telling)
    assert telling.ticket(question.id).state is TicketState.OPEN
    assert "its page in Whosleft asks for more" in copy(telling, question.id).problem
