"""Trouble with a tracker stays small: nothing is doubled, nobody is told twice, the ticket lives on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.tracker import FakeTracker, lose
from harness import Harness
from mirrored import ME, NURSE, begin, copy, desk, four_more_leave, run, settled, ward
from worker.domain.mirror.copy import Content, CopyState
from worker.domain.mirror.outside import CopyStanding, Goal, Seen
from worker.domain.tickets.ticket import TicketState
from worker.ports import AuthFailed, Changed, ConnectorError, NotDone, Rejected, Transient
from worker.running.mirroring import TrackerRules
from worker.storage.outbox import SqlOutbox

__all__ = ["ward"]


class Killed(BaseException):
    """The process ends here."""


def _die(*_args: object) -> None:
    raise Killed


def test_trouble_is_told_once_a_day_and_the_ticket_lives_on(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.error = AuthFailed("Jira answered 401.", remedy="Check the credential.")
    for _ in range(5):
        run(ward)
    told = [one for one in ward.titles() if "Copies of tickets" in one]
    assert len(told) == 2, "the channel and the accountable person"
    run(ward, minutes=24 * 60)
    assert len([one for one in ward.titles() if "Copies of tickets" in one]) == 2, "again after a day"
    assert ward.ticket().is_live


def test_an_accountable_person_who_has_left_is_told_no_trouble(ward: Harness) -> None:
    tracker = settled(ward)
    ward.start(
        replace(ward.app.rules, tickets=replace(ward.app.rules.tickets, accountable="eve@corp.example"))
    )
    ward.leave("eve")
    ward.settle()
    ward.titles()
    tracker.error = AuthFailed("Jira answered 401.", remedy="Check the credential.")
    run(ward)
    assert len([one for one in ward.titles() if "Copies of tickets" in one]) == 1
    assert ward.soc.sent[-1].to.address == ""


def test_a_move_that_is_refused_is_tried_again_after_an_hour(ward: Harness) -> None:
    tracker = settled(ward)

    def strict(what: str) -> None:
        if what.startswith("move"):
            raise Rejected("No transition leads to Done.", remedy="Allow it.")

    tracker.before = strict
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    for _ in range(3):
        run(ward)
    assert "No transition" in copy(ward).problem
    tracker.before = lambda _what: None
    run(ward)
    assert tracker.writes == ["note"]
    run(ward, minutes=60)
    assert tracker.writes == ["note", "move done"]
    assert copy(ward).problem == ""


@pytest.mark.parametrize("done", [True, False])
def test_an_unclear_move_is_done_once(ward: Harness, *, done: bool) -> None:
    tracker = settled(ward)
    lose(tracker, "move done", done=done)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    for _ in range(4):
        run(ward)
    assert tracker.only.seen.standing is CopyStanding.DONE
    assert len([one for one in tracker.only.notes if "Verified" in one]) == 1


def test_a_change_in_between_is_read_anew(ward: Harness) -> None:
    tracker = settled(ward)
    stale = [1]

    def changed(_what: str) -> None:
        if stale:
            stale.pop()
            raise Changed("Somebody changed it.")

    tracker.before = changed
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    assert run(ward)["changed"] == 1
    run(ward)
    assert tracker.only.seen.standing is CopyStanding.DONE


def test_one_that_is_gone_is_believed_after_an_hour_and_told_once(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.only.is_gone = True
    run(ward)
    assert copy(ward).state is CopyState.LINKED
    run(ward, minutes=60)
    assert (copy(ward).state, copy(ward).shown) == (CopyState.GONE, "gone")
    for _ in range(3):
        run(ward, minutes=60)
    assert len(tracker.issues) == 1, "never made again by itself"
    assert len([one for one in ward.titles() if "Copies of tickets" in one]) == 2


def test_who_dies_while_it_tells_tells_again(ward: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    tracker = settled(ward)
    tracker.only.is_gone = True
    run(ward)
    with monkeypatch.context() as patch:
        patch.setattr(SqlOutbox, "add", _die)
        with pytest.raises(Killed):
            run(ward, minutes=60)
    run(ward)
    assert copy(ward).state is CopyState.GONE
    assert len([one for one in ward.titles() if "Copies of tickets" in one]) == 2


def test_one_that_is_gone_when_all_is_over_is_told_if_it_is_needed_again(ward: Harness) -> None:
    tracker = settled(ward)
    ward.desk.waive(1, ME, "they may stay", ward.now)
    run(ward)
    tracker.only.is_gone = True
    for _ in range(3):
        run(ward, minutes=60)
    assert copy(ward).shown == "closed"
    assert not [one for one in ward.titles() if "Copies of tickets" in one]
    ward.desk.reopen(1, ME, "they may not", ward.now)
    run(ward)
    assert copy(ward).state is CopyState.GONE
    assert len([one for one in ward.titles() if "Copies of tickets" in one]) == 2
    run(ward, minutes=60)
    assert len(tracker.issues) == 1


def test_one_that_vanished_before_it_could_be_closed_is_not_looked_at_for_ever(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.only.is_gone = True
    run(ward)
    ward.desk.waive(1, ME, "they may stay", ward.now)
    run(ward, minutes=60)
    assert (copy(ward).state, copy(ward).settled_at) == (CopyState.LINKED, ward.now)


def _reopened_after_a_proof(ward: Harness) -> FakeTracker:
    tracker = settled(ward)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    run(ward)
    tracker.put(CopyStanding.OPEN)
    return tracker


@pytest.mark.parametrize("error", [Changed("409"), NotDone("429"), Rejected("No move leads to Done.")])
def test_what_surely_was_not_done_follows_again(ward: Harness, error: ConnectorError) -> None:
    tracker = _reopened_after_a_proof(ward)
    refusals = [error]

    def refuse(_what: str) -> None:
        if refusals:
            raise refusals.pop()

    tracker.before = refuse
    run(ward)
    assert refusals == []
    run(ward, minutes=61)
    assert tracker.only.seen.standing is CopyStanding.DONE


def test_who_dies_before_it_is_closed_again_closes_it_later(ward: Harness) -> None:
    tracker = _reopened_after_a_proof(ward)
    tracker.before = _die
    with pytest.raises(Killed):
        run(ward)
    tracker.before = lambda _what: None
    run(ward)
    assert tracker.only.seen.standing is CopyStanding.DONE


def test_one_that_comes_back_in_time_is_not_gone(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.only.is_gone = True
    run(ward)
    tracker.only.is_gone = False
    run(ward, minutes=90)
    assert (copy(ward).state, copy(ward).missing_since) == (CopyState.LINKED, None)


def test_a_blind_account_makes_nothing_gone(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.only.is_gone = True
    run(ward)
    tracker.check = lambda: replace(FakeTracker.check(tracker), ok=False)  # type: ignore[method-assign]
    run(ward, minutes=90)
    assert copy(ward).state is CopyState.LINKED


def test_the_copy_that_moved_is_only_noted_on(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.only.seen = replace(tracker.only.seen, key="OTHER-9", is_elsewhere=True)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    run(ward)
    assert (copy(ward).key, tracker.writes) == ("OTHER-9", ["note"])


def test_a_call_makes_it_due(ward: Harness) -> None:
    assert not ward.app.mirror.is_due(ward.now)
    desk(ward).called = True
    assert ward.app.mirror.is_due(ward.now)
    assert not ward.app.mirror.is_due(ward.now)


def test_a_fault_in_what_a_call_said_makes_nothing_due(
    ward: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> frozenset[str]:
        raise KeyError("a shape that nobody foresaw")

    monkeypatch.setattr(desk(ward), "news", broken)
    assert not ward.app.mirror.is_due(ward.now)


def test_a_read_that_breaks_off_is_trouble(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.error = Transient("It broke off.")
    assert not ward.mirror().is_ok
    assert Goal.DONE in tracker.can.goals


def test_a_tracker_that_lies_about_its_moves_is_written_to_a_few_times(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.put(CopyStanding.DONE)
    run(ward)
    ward.later(hours=1)
    ward.inventory()
    ward.verify()
    tracker.writes.clear()

    def lying(seen: Seen, goal: Goal, _note: str, /) -> Seen:
        tracker.writes.append(f"move {goal.value}")
        return seen

    tracker.move = lying  # type: ignore[method-assign]
    run(ward)
    run(ward)
    assert tracker.writes == ["move open"] * 3 + ["note"]


def test_without_trackers_there_is_nothing_to_do(ward: Harness) -> None:
    ward.trackers = []
    ward.start(ward.app.rules)
    assert dict(ward.mirror().counts) == {}


def test_without_an_accountable_person_the_channel_alone_is_told(ward: Harness) -> None:
    rules = ward.app.rules
    ward.start(replace(rules, tickets=replace(rules.tickets, accountable="")))
    desk(ward).error = AuthFailed("401.", remedy="Check it.")
    run(ward)
    assert len([one for one in ward.titles() if "Copies of tickets" in one]) == 1


def test_a_copy_whose_writes_are_never_clear_starves_no_other(ward: Harness) -> None:
    ward.leave("ben")
    ward.settle()
    tracker = settled(ward)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.drop("ward-7", "ben")
    ward.settle()
    lose(tracker, "move done", 1, done=False)
    run(ward)
    assert [one.seen.standing for one in tracker.issues.values()] == [CopyStanding.OPEN, CopyStanding.DONE]
    lose(tracker, "move done", 99, done=False)
    report = ward.mirror()
    assert not report.is_ok


def test_a_tracker_whose_writes_are_never_clear_has_a_rest(ward: Harness) -> None:
    tracker = settled(ward)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    tried = []

    def strike(what: str) -> None:
        tried.append(what)
        raise Transient("500")

    tracker.before = strike
    for _ in range(3):
        run(ward)
    assert len(tried) == 3
    tracker.before = lambda _what: (_ for _ in ()).throw(NotDone("429"))
    assert not ward.mirror().is_ok


@pytest.mark.parametrize(
    "error",
    [
        NotDone("Jira, asked for a new issue, answered 429."),
        Transient("Jira, asked for a new issue, answered 500."),
    ],
    ids=["limited", "broken"],
)
def test_a_close_is_heard_while_no_copies_can_be_made(ward: Harness, error: ConnectorError) -> None:
    tracker = settled(ward)
    four_more_leave(ward)

    def strike(what: str) -> None:
        if what == "create":
            raise error

    tracker.before = strike
    tracker.put(CopyStanding.DONE, by=NURSE, ref="1")
    run(ward)
    assert ward.ticket().state is TicketState.DONE


def test_a_file_that_is_refused_changes_nothing_else(ward: Harness) -> None:
    tracker = begin(ward, TrackerRules(content=Content.FULL))
    settled(ward)

    def strict(what: str) -> None:
        if what == "attach":
            raise Rejected("Attachments are off.", remedy="Switch them on.")

    tracker.before = strict
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    run(ward)
    assert tracker.only.seen.standing is CopyStanding.DONE
    assert "Attachments" in copy(ward).problem


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(6))
def test_killed_at_any_write_there_is_one_copy_and_no_loop(ward: Harness, when: str, number: int) -> None:
    """A whole life of a copy, in which the process dies once at one of its writes, and goes on anew."""
    tracker = desk(ward)
    left = [number]

    def strike(_what: str) -> None:
        left[0] -= 1
        if left[0] == -1:
            raise Killed

    setattr(tracker, when, strike)

    def go_on() -> None:
        for _ in range(3):
            try:
                run(ward)
            except Killed:
                ward.start(ward.app.rules)
        run(ward, minutes=61)

    go_on()
    tracker.put(CopyStanding.DONE, by=NURSE)
    go_on()
    ward.later(hours=1)
    ward.inventory()
    ward.verify()
    go_on()
    assert copy(ward).shown == "open", "it was not true"
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    go_on()
    assert len(tracker.issues) == 1
    assert tracker.only.seen.standing is CopyStanding.DONE
    assert copy(ward).shown == "closed"
    assert len([note for note in tracker.only.notes if "Verified" in note]) <= 1
    tracker.writes.clear()
    go_on()
    assert tracker.writes == []
