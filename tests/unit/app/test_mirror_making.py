"""Copies of tickets in a tracker: each is made once, whatever answers are lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.tracker import lose
from harness import Harness
from mirrored import ME, NURSE, begin, copy, desk, four_more_leave, run, settled, texts, ward
from worker.app.refused import Refused
from worker.domain.mirror.copy import Content, CopyState
from worker.domain.mirror.outside import CopyStanding
from worker.domain.tickets.ticket import TicketKind
from worker.ports import Changed, CheckResult, NotDone, PermissionDenied, Rejected, Transient
from worker.ports.connectors.tracker import TrackerAbilities
from worker.ports.state.mirrors import CopySort
from worker.running.mirroring import TrackerRules

__all__ = ["ward"]


def test_a_live_ticket_has_one_copy_that_names_nobody(ward: Harness) -> None:
    assert run(ward)["made"] == 1
    issue = desk(ward).only
    assert issue.draft.title == "Remove member: Ward 7 nights (T-000001)"
    said = " ".join((issue.draft.title, *issue.draft.paragraphs))
    assert "Ann" not in said
    assert ward.number("ann") not in said
    assert "/t/" not in issue.draft.url
    assert issue.seen.assignee == "joe@corp.example", "who has to do it may be named"
    found = copy(ward)
    assert (found.state, found.shown, found.key) == (CopyState.LINKED, "open", "DESK-1")


def test_a_run_in_which_nothing_changed_writes_nothing(ward: Harness) -> None:
    tracker = settled(ward)
    for _ in range(3):
        run(ward)
    assert tracker.writes == []


def test_full_content_has_names_and_is_refused_in_public(ward: Harness) -> None:
    tracker = begin(ward, TrackerRules(content=Content.FULL))
    tracker.is_public = True
    report = ward.mirror()
    assert not report.is_ok
    assert "content: minimal" in report.troubles[0]
    assert tracker.issues == {}
    [checked] = [one for one in ward.checker.run_once({}, ward.now) if one.name == "desk"]
    assert not checked.ok
    tracker.is_public = False
    run(ward)
    said = " ".join((tracker.only.draft.title, *tracker.only.draft.paragraphs))
    assert "Ann" in said
    assert ward.number("ann") not in said


@pytest.mark.parametrize(
    "rules",
    [
        TrackerRules(kinds=frozenset({TicketKind.REASSIGN_ADMIN})),
        TrackerRules(sensitive=True),
    ],
)
def test_only_what_fits_has_a_copy(ward: Harness, rules: TrackerRules) -> None:
    tracker = begin(ward, rules)
    run(ward)
    assert tracker.issues == {}


def test_what_fits_has_a_copy(ward: Harness) -> None:
    tracker = begin(ward, TrackerRules(kinds=frozenset({TicketKind.REMOVE_MEMBER}), sensitive=False))
    run(ward)
    assert len(tracker.issues) == 1


def test_a_ticket_that_was_over_before_needs_none(ward: Harness) -> None:
    tracker = desk(ward)
    tracker.error = NotDone("busy")
    run(ward)
    ward.desk.waive(1, ME, "they may stay", ward.now)
    tracker.error = None
    run(ward)
    assert tracker.issues == {}
    with ward.store.reading() as uow:
        assert uow.mirrors.find("desk", 1) is None


def test_a_lost_answer_makes_no_second_one(ward: Harness) -> None:
    lose(desk(ward), "create")
    run(ward)
    assert copy(ward).state is CopyState.LINKED, "it was looked for at once"
    run(ward)
    assert len(desk(ward).issues) == 1


def test_what_is_found_late_is_adopted(ward: Harness) -> None:
    desk(ward).can = replace(desk(ward).can, lag=timedelta(minutes=30))
    desk(ward).hidden_reads = 2
    lose(desk(ward), "create")
    run(ward)
    assert copy(ward).state is CopyState.UNCLEAR
    run(ward)
    run(ward, minutes=30)
    assert (copy(ward).state, len(desk(ward).issues)) == (CopyState.LINKED, 1)


def test_not_found_proves_nothing_before_the_lag_is_over(ward: Harness) -> None:
    tracker = desk(ward)
    tracker.can = replace(tracker.can, lag=timedelta(minutes=30))
    lose(tracker, "create", done=False)
    run(ward)
    for _ in range(4):
        run(ward)
    assert tracker.issues == {}
    run(ward, minutes=15)
    assert len(tracker.issues) == 1


def test_a_request_may_still_run_and_is_found_only_after_the_lag(ward: Harness) -> None:
    tracker = desk(ward)
    tracker.can = replace(tracker.can, lag=timedelta(minutes=30))
    lose(tracker, "create", done=False)
    run(ward)
    run(ward, minutes=32)
    assert tracker.issues == {}
    run(ward, minutes=1)
    assert len(tracker.issues) == 1


def test_whoever_sees_nothing_finds_nothing(ward: Harness) -> None:
    tracker = desk(ward)
    tracker.hidden_reads = 99
    tracker.check = lambda: CheckResult(ok=False, message="It may see nothing.")  # type: ignore[method-assign]
    lose(tracker, "create")
    for _ in range(4):
        run(ward)
    assert copy(ward).state is CopyState.UNCLEAR
    del tracker.check
    tracker.hidden_reads = 0
    run(ward)
    assert (copy(ward).state, len(tracker.issues)) == (CopyState.LINKED, 1)


def test_what_was_closed_before_it_was_found_is_a_claim(ward: Harness) -> None:
    tracker = desk(ward)
    tracker.hidden_reads = 1
    lose(tracker, "create")
    run(ward)
    tracker.put(CopyStanding.DONE, by=NURSE)
    assert run(ward)["claimed"] == 1
    assert ward.ticket().done_by == NURSE


@pytest.mark.parametrize("done", [True, False])
def test_a_duplicate_whose_closing_is_unclear_is_closed_in_the_end(ward: Harness, *, done: bool) -> None:
    tracker = desk(ward)
    lose(tracker, "create")
    tracker.hidden_reads = 1
    run(ward)
    tracker.copy(copy(ward).identity)
    lose(tracker, "move cancelled", done=done)
    run(ward)
    run(ward)
    assert (copy(ward).state, copy(ward).key) == (CopyState.LINKED, "DESK-1")
    assert tracker.issues["2"].seen.standing is CopyStanding.DECLINED
    assert len(tracker.issues["2"].notes) == 1


def test_after_three_unclear_tries_it_is_refused_and_told(ward: Harness) -> None:
    lose(desk(ward), "create", 99, done=False)
    for _ in range(12):
        run(ward)
    assert copy(ward).state is not CopyState.REFUSED, "an outage of an hour uses up no more than two"
    for _ in range(18):
        run(ward)
    assert desk(ward).issues == {}
    found = copy(ward)
    assert (found.state, found.shown, found.attempts) == (CopyState.REFUSED, "wanted", 3)
    command = "whosleft trackers again desk T-000001"
    assert (
        f"The copy of T-000001 could not be made in 3 tries, and is not tried again by itself: `{command}`"
        in (found.problem)
    )
    lasting = "This is said again after a day if it stays."
    told = [(command in text, lasting in text) for text in texts(ward)]
    assert (True, False) in told, "it is said once, and does not promise to be said again"
    assert (True, True) not in told
    assert (False, True) in told, "that the tracker does not answer is said again"


def test_a_process_that_died_while_sending_looks_first(ward: Harness) -> None:
    class Died(BaseException):
        pass

    def die(_what: str) -> None:
        raise Died

    tracker = desk(ward)
    tracker.after = die
    with pytest.raises(Died):
        run(ward)
    tracker.after = lambda _what: None
    assert copy(ward).state is CopyState.SENDING
    run(ward)
    assert (copy(ward).state, len(tracker.issues)) == (CopyState.LINKED, 1)


def test_of_two_the_oldest_stays_and_the_other_is_closed(ward: Harness) -> None:
    tracker = desk(ward)
    lose(tracker, "create")
    tracker.hidden_reads = 1
    run(ward)
    tracker.copy(copy(ward).identity)
    run(ward)
    assert copy(ward).key == "DESK-1"
    assert tracker.issues["2"].seen.standing is CopyStanding.DECLINED
    assert "Duplicate of DESK-1" in tracker.issues["2"].notes[0]


def test_where_nothing_is_called_cancelled_a_duplicate_is_closed_as_done(ward: Harness) -> None:
    tracker = desk(ward)
    tracker.can = TrackerAbilities()
    lose(tracker, "create")
    tracker.hidden_reads = 1
    run(ward)
    tracker.copy(copy(ward).identity)
    run(ward)
    assert tracker.issues["2"].seen.standing is CopyStanding.DONE


def test_one_that_takes_a_create_once_is_just_sent_again(ward: Harness) -> None:
    tracker = desk(ward)
    tracker.can = replace(tracker.can, creates_once=True)
    lose(tracker, "create", done=False)
    run(ward)
    run(ward)
    assert len(tracker.issues) == 1


def test_what_is_refused_is_tried_again_later_and_the_others_go_on(ward: Harness) -> None:
    ward.leave("ben")
    ward.settle()
    tracker = desk(ward)
    refused: list[str] = []

    def strict(what: str) -> None:
        if what == "create" and not refused:
            refused.append(what)
            raise Rejected("The field Ward is required.", remedy="Give it a default.")

    tracker.before = strict
    report = ward.mirror()
    assert not report.is_ok
    assert len(tracker.issues) == 1
    assert "required" in copy(ward).problem
    run(ward)
    assert len(tracker.issues) == 1
    run(ward, minutes=60)
    assert len(tracker.issues) == 2


def test_a_tracker_whose_moves_are_never_clear_has_a_rest(ward: Harness) -> None:
    four_more_leave(ward)
    tracker = settled(ward)
    ward.later(hours=1)
    for one in ("kim", "lee", "max", "zoe"):
        ward.drop("ward-8", one)
    ward.settle()
    tried = []

    def strike(what: str) -> None:
        tried.append(what)
        raise Transient("500")

    tracker.before = strike
    assert not ward.mirror().is_ok
    assert len(tried) == 3


def test_a_tracker_that_answers_nothing_clear_has_a_rest(ward: Harness) -> None:
    four_more_leave(ward)
    lose(desk(ward), "create", 99, done=False)
    report = ward.mirror()
    assert not report.is_ok
    with ward.store.reading() as uow:
        assert uow.mirrors.counts()[CopySort("desk", CopyState.UNCLEAR)] <= 3


def test_what_became_unclear_is_not_made_for_a_ticket_that_is_over(ward: Harness) -> None:
    lose(desk(ward), "create", done=False)
    run(ward)
    ward.desk.waive(1, ME, "they may stay", ward.now)
    run(ward)
    run(ward)
    assert desk(ward).issues == {}


def test_a_create_that_is_in_conflict_is_tried_again(ward: Harness) -> None:
    tracker = desk(ward)
    tracker.before = lambda _what: (_ for _ in ()).throw(Changed("409"))
    assert run(ward)["changed"] == 1
    tracker.before = lambda _what: None
    assert run(ward)["made"] == 1


def test_one_that_is_gone_is_made_again_by_hand(ward: Harness) -> None:
    run(ward)
    for tracker, number, text in (
        ("other", 1, "there are: desk"),
        ("desk", 9, "no copy"),
        ("desk", 1, "is open"),
    ):
        with pytest.raises(Refused, match=text):
            ward.app.copies.again(tracker, number, ME, "it was deleted by mistake", ward.now)
    desk(ward).only.is_gone = True
    with ward.store.begin() as uow:
        uow.mirrors.put(replace(uow.mirrors.get("desk", 1).copy, state=CopyState.GONE))
    with pytest.raises(Refused, match="reason"):
        ward.app.copies.again("desk", 1, ME, "", ward.now)
    ward.app.copies.again("desk", 1, ME, "it was deleted by mistake", ward.now)
    run(ward)
    with ward.store.reading() as uow:
        assert uow.mirrors.get("desk", 1).copy.key == "DESK-2"


def test_one_that_is_made_again_by_hand_is_found_in_a_tracker_that_was_put_back(ward: Harness) -> None:
    """It counts from lower than when the first was made: what it makes now would not be newer than that."""
    tracker = desk(ward)
    tracker.finds_by_mark = True
    for _ in range(5):
        tracker.copy("a stranger's")
    run(ward)
    assert copy(ward).key == "DESK-6"
    tracker.issues.clear()
    gone = replace(copy(ward), state=CopyState.GONE)
    with ward.store.begin() as uow:
        uow.mirrors.put(gone)

    ward.app.copies.again("desk", 1, ME, "the tracker was put back", ward.now)
    lose(tracker, "create", done=True)
    for _ in range(4):
        run(ward)

    assert (copy(ward).state, copy(ward).key, len(tracker.issues)) == (CopyState.LINKED, "DESK-1", 1)


def test_no_copy_is_promised_of_a_tracker_that_is_configured_no_more(ward: Harness) -> None:
    run(ward)
    with ward.store.begin() as uow:
        uow.mirrors.put(replace(uow.mirrors.get("desk", 1).copy, state=CopyState.GONE))
    ward.trackers = []
    ward.start(replace(ward.app.rules, trackers={}))
    with pytest.raises(Refused, match="there are: none"):
        ward.app.copies.again("desk", 1, ME, "it was deleted by mistake", ward.now)


def test_check_is_green_where_names_are_shown_to_few(ward: Harness) -> None:
    begin(ward, TrackerRules(content=Content.FULL))
    [checked] = [one for one in ward.checker.run_once({}, ward.now) if one.name == "desk"]
    assert checked.ok


def test_a_right_that_is_missing_for_long_uses_up_no_tries(ward: Harness) -> None:
    tracker = desk(ward)

    def forbidden(what: str) -> None:
        if what == "create":
            raise PermissionDenied("It may not.", missing="Create", remedy="Grant it.")

    tracker.before = forbidden
    for _ in range(6):
        run(ward)
    assert (copy(ward).state, copy(ward).attempts) == (CopyState.WANTED, 0)
    tracker.before = lambda _what: None
    assert run(ward)["made"] == 1


def test_a_duplicate_that_can_not_be_closed_is_said_and_the_first_is_the_copy(ward: Harness) -> None:
    tracker = desk(ward)
    lose(tracker, "create")
    tracker.hidden_reads = 1
    run(ward)
    tracker.copy(copy(ward).identity)

    def strict(what: str) -> None:
        if what.startswith("move"):
            raise Rejected("No move leads there.", remedy="Allow it.")

    tracker.before = strict
    ward.later(minutes=5)
    report = ward.mirror()
    assert "No move leads there" in report.troubles[0]
    assert (copy(ward).key, copy(ward).state) == ("DESK-1", CopyState.LINKED)
