"""Copies of tickets in a tracker: made once, followed in both directions, never fought over, trouble kept small."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.tracker import FakeTracker, lose
from harness import Harness
from worker.app.refused import Refused
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.mirror.copy import Content, Copy, CopyState
from worker.domain.mirror.outside import CopyStanding, Goal, Seen, TrackerSaid
from worker.domain.model import Role
from worker.domain.tickets.ticket import Grade, TicketKind, TicketState
from worker.ports import AuthFailed, Changed, NotDone, Rejected, Transient
from worker.ports.connectors.tracker import TrackerAbilities
from worker.running.mirroring import TrackerRules

Found = Callable[..., Harness]
ME = Actor("sam", "os:sam")
NURSE = "ben@corp.example"
CREW = ("ann", "ben", "eve", "joe")


@pytest.fixture
def ward(found: Found) -> Harness:
    """A ward's group whose admin stays, a member who has left with an open ticket, and a tracker."""
    harness = found()
    harness.hire(*CREW)
    harness.group("ward-7", *CREW[:-1], admins=["joe"], name="Ward 7 nights")
    harness.settle()
    harness.leave("ann")
    harness.settle()
    begin(harness)
    return harness


def begin(harness: Harness, rules: TrackerRules = TrackerRules()) -> FakeTracker:  # noqa: B008  it is frozen
    tracker = FakeTracker(now=harness.clock, people={f"{one}@corp.example" for one in CREW})
    harness.trackers = [tracker]
    harness.start(replace(harness.app.rules, trackers={"desk": rules}, has_told_links=True))
    return tracker


def desk(harness: Harness) -> FakeTracker:
    return harness.trackers[0]


def copy(harness: Harness, number: int = 1) -> Copy:
    with harness.store.reading() as uow:
        found = uow.mirrors.find("desk", number)
    assert found is not None
    return found


def run(harness: Harness, *, minutes: float = 5) -> dict[str, int]:
    harness.later(minutes=minutes)
    return dict(harness.mirror().counts)


def settled(harness: Harness) -> FakeTracker:
    """The tracker when both sides agree."""
    run(harness)
    run(harness)
    desk(harness).writes.clear()
    return desk(harness)


# --- making ---------------------------------------------------------------------------------------


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


def test_after_three_unclear_tries_it_is_refused_and_told(ward: Harness) -> None:
    lose(desk(ward), "create", 99, done=False)
    for _ in range(20):
        run(ward)
    assert desk(ward).issues == {}
    found = copy(ward)
    assert (found.state, found.shown, found.attempts) == (CopyState.REFUSED, "wanted", 3)
    assert "3 tries" in found.problem


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


def four_more_leave(ward: Harness) -> None:
    ward.hire("kim", "lee", "max", "zoe")
    ward.group("ward-8", "kim", "lee", "max", "zoe", admins=["joe"])
    ward.settle()
    ward.leave("kim", "lee", "max", "zoe")
    ward.settle()
    ward.decide("c1")
    ward.settle()


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
        assert uow.mirrors.counts()["desk", CopyState.UNCLEAR] <= 3


# --- heard from there -----------------------------------------------------------------------------


def test_closed_there_is_a_claim_here_at_their_instant(ward: Harness) -> None:
    tracker = settled(ward)
    closed_at = ward.now + timedelta(minutes=1)
    tracker.put(CopyStanding.DONE, by=NURSE, at=closed_at)
    assert run(ward)["claimed"] == 1
    ticket = ward.ticket()
    assert (ticket.state, ticket.done_by, ticket.grade) == (TicketState.DONE, NURSE, Grade.C)
    assert ticket.done_at == closed_at
    assert copy(ward).shown == "done"
    assert tracker.writes == [], "nothing is written back"
    entry = ward.journal()[-1].entry
    assert (entry.event, entry.data["via"]) == (events.TICKET_DONE, "tracker")


@pytest.mark.parametrize("by, done_by", [("nurse7", "desk:nurse7"), ("", "desk")])
def test_an_account_without_an_address_is_named_as_it_is(ward: Harness, by: str, done_by: str) -> None:
    settled(ward).put(CopyStanding.DONE, by=by, at=ward.now + timedelta(days=3))
    run(ward)
    assert ward.ticket().done_by == done_by
    assert ward.ticket().done_at == ward.now, "never later than ours"


def test_a_claim_that_is_proven_closes_with_the_evidence(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.put(CopyStanding.DONE, by=NURSE)
    run(ward)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    assert ward.ticket().state is TicketState.VERIFIED
    run(ward)
    [note] = tracker.only.notes
    assert "Verified on" in note
    assert "grade A" in note
    run(ward)
    run(ward)
    assert tracker.writes == ["note"]
    assert copy(ward).shown == "closed"


def test_what_is_proven_without_a_claim_is_closed_there(ward: Harness) -> None:
    tracker = settled(ward)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    run(ward)
    assert tracker.only.seen.standing is CopyStanding.DONE
    assert len(tracker.only.notes) == 1
    run(ward)
    assert tracker.writes == ["move done"]
    assert ward.ticket().done_by is None


def test_a_claim_that_is_not_true_is_reopened_there_with_the_reason(ward: Harness) -> None:
    tracker = begin(ward, TrackerRules(content=Content.FULL))
    settled(ward)
    tracker.put(CopyStanding.DONE)
    run(ward)
    ward.later(hours=1)
    ward.inventory()
    ward.verify()
    assert ward.ticket().state is TicketState.OPEN
    run(ward)
    assert tracker.only.seen.standing is CopyStanding.OPEN
    assert "still in the group" in tracker.only.notes[-1]
    run(ward)
    assert ward.ticket().state is TicketState.OPEN, "our own reopening is no news"


def test_reopened_there_is_reopened_here(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.put(CopyStanding.DONE)
    run(ward)
    tracker.put(CopyStanding.OPEN, by="head nurse")
    assert run(ward)["reopened"] == 1
    assert ward.ticket().state is TicketState.OPEN
    assert "DESK-1" in ward.ticket().reason
    run(ward)
    assert tracker.writes == []


def test_reopened_there_after_a_proof_is_closed_again_once(ward: Harness) -> None:
    tracker = settled(ward)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    run(ward)
    for _ in range(3):
        tracker.put(CopyStanding.OPEN)
        run(ward)
    assert tracker.writes == ["move done", "move done"]
    assert ward.ticket().state is TicketState.VERIFIED


def test_what_waits_is_no_claim(ward: Harness) -> None:
    ward.wards.set_role("ward-7", ward.number("joe"), Role.MEMBER)
    ward.wards.set_role("ward-7", ward.number("ann"), Role.ADMIN)
    ward.settle()
    [blocked] = ward.tickets(TicketKind.REMOVE_MEMBER)
    assert blocked.state is TicketState.BLOCKED
    tracker = settled(ward)
    ref = copy(ward, blocked.id).ref
    tracker.put(CopyStanding.DONE, ref=ref)
    run(ward)
    assert ward.ticket(blocked.id).state is TicketState.BLOCKED
    assert tracker.issues[ref].seen.standing is CopyStanding.OPEN
    assert "waits for T-" in tracker.issues[ref].notes[-1]


def test_declined_is_reopened_once_and_then_left(ward: Harness) -> None:
    tracker = settled(ward)
    for _ in range(2):
        tracker.put(CopyStanding.DECLINED)
        run(ward)
    assert tracker.writes == ["move open"]
    assert tracker.only.seen.standing is CopyStanding.DECLINED
    assert ward.ticket().state is TicketState.OPEN
    run(ward)
    assert tracker.writes == ["move open"]


def test_cancelled_and_waived_are_said_there(ward: Harness) -> None:
    tracker = settled(ward)
    ward.desk.waive(1, ME, "they may stay", ward.now)
    run(ward)
    assert copy(ward).standing is CopyStanding.DECLINED
    assert tracker.only.notes == ["Waived: it stays as it is."], "minimal: without the reason's words"
    ward.desk.reopen(1, ME, "they may not", ward.now)
    run(ward)
    assert copy(ward).standing is CopyStanding.OPEN
    assert "opened it again" in tracker.only.notes[-1]


def test_where_nothing_is_called_cancelled_it_is_only_noted(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.can = TrackerAbilities()
    ward.desk.waive(1, ME, "they may stay", ward.now)
    run(ward)
    run(ward)
    assert (tracker.only.seen.standing, tracker.writes) == (CopyStanding.OPEN, ["note"])


def test_a_status_that_nobody_named_is_not_closed_and_is_said(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.put(CopyStanding.UNKNOWN)
    run(ward)
    assert ward.ticket().state is TicketState.OPEN
    assert "not named under states" in copy(ward).problem
    assert copy(ward).shown == "open"
    tracker.put(CopyStanding.OPEN)
    run(ward)
    assert copy(ward).problem == ""


def test_fights_end(ward: Harness) -> None:
    tracker = settled(ward)
    for _ in range(6):
        tracker.put(CopyStanding.DONE)
        run(ward)
        ward.later(hours=1)
        ward.inventory()
        ward.verify()
        run(ward)
    assert tracker.writes.count("move open") == 3
    assert [title for title in ward.titles() if "trouble" in title]


# --- who has it -----------------------------------------------------------------------------------


def test_given_to_a_known_person_there_is_given_here(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.give(NURSE)
    assert run(ward)["assigned"] == 1
    assignee = ward.ticket().assignee
    assert assignee is not None
    assert assignee.email == NURSE
    run(ward)
    assert tracker.writes == []


@pytest.mark.parametrize("who", ["stranger@example.org", "ann@corp.example", "queue-7"])
def test_given_to_nobody_who_is_here_stays_and_is_said_once(ward: Harness, who: str) -> None:
    tracker = settled(ward)
    tracker.give(who)
    for _ in range(3):
        run(ward)
    assignee = ward.ticket().assignee
    assert assignee is not None
    assert assignee.email == "joe@corp.example"
    assert tracker.writes == ["note"]


def test_given_here_is_given_there(ward: Harness) -> None:
    tracker = settled(ward)
    ward.desk.assign(1, NURSE, ME, ward.now)
    run(ward)
    assert tracker.only.seen.assignee == NURSE
    run(ward)
    assert tracker.writes == ["assign"]


def test_whom_the_tracker_does_not_know_is_tried_once(ward: Harness) -> None:
    tracker = desk(ward)
    tracker.people.clear()
    for _ in range(3):
        run(ward)
    assert tracker.writes.count("assign") == 1
    assert "not exactly one account" in copy(ward).problem


def test_nobody_is_given_anything_where_that_is_off(ward: Harness) -> None:
    tracker = begin(ward, TrackerRules(assigns=False))
    run(ward)
    assert tracker.only.seen.assignee == ""


# --- trouble --------------------------------------------------------------------------------------


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
    assert tracker.writes == []
    run(ward, minutes=60)
    assert tracker.writes == ["move done"]
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


# --- a tracker that calls us ----------------------------------------------------------------------


@pytest.fixture
def telling(ward: Harness) -> Harness:
    tracker = FakeTracker(now=ward.clock)
    tracker.can = TrackerAbilities(tells=True, creates_once=True, assigns=False)
    ward.trackers = [tracker]
    ward.start(ward.app.rules)
    run(ward)
    return ward


def tell(harness: Harness, call_id: str, *, is_done: bool, label: str = "T-000001") -> None:
    keep = desk(harness).keep
    assert keep is not None
    keep(TrackerSaid(call_id, label, is_done, NURSE, "gone", harness.now))


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


def test_what_it_tells_of_no_ticket_or_of_one_that_can_not_be_claimed_does_nothing(telling: Harness) -> None:
    tell(telling, "a", is_done=True, label="T-000999")
    tell(telling, "b", is_done=False)
    assert run(telling)["claimed"] == 0
    assert telling.ticket().state is TicketState.OPEN


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


def test_a_read_that_breaks_off_is_trouble(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.error = Transient("It broke off.")
    assert not ward.mirror().is_ok
    assert Goal.DONE in tracker.can.goals


def test_who_closed_it_may_be_refused_to_us(ward: Harness) -> None:
    tracker = settled(ward)

    def hidden(_seen: object, /) -> None:
        raise Rejected("The history is hidden.", remedy="Let the account see it.")

    tracker.last_move = hidden  # type: ignore[method-assign,assignment]
    tracker.put(CopyStanding.DONE)
    run(ward)
    assert "hidden" in copy(ward).problem
    assert ward.ticket().state is TicketState.OPEN


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


def test_what_became_unclear_is_not_made_for_a_ticket_that_is_over(ward: Harness) -> None:
    lose(desk(ward), "create", done=False)
    run(ward)
    ward.desk.waive(1, ME, "they may stay", ward.now)
    run(ward)
    run(ward)
    assert desk(ward).issues == {}


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
    assert "answers nothing" in copy(telling, question.id).problem


def test_a_question_that_is_closed_is_reopened_with_the_desks_address(ward: Harness) -> None:
    ward.wards.add_member(
        "ward-7", replace(ward.member("eve"), handle="~pat", display_name="Pat", phone=None)
    )
    ward.settle()
    [question] = ward.tickets(TicketKind.IDENTIFY_MEMBER)
    tracker = settled(ward)
    ref = copy(ward, question.id).ref
    tracker.put(CopyStanding.DONE, ref=ref)
    run(ward)
    assert tracker.issues[ref].seen.standing is CopyStanding.OPEN
    assert f"https://whosleft.example.org/tickets/{question.label}" in tracker.issues[ref].notes[-1]


def test_a_copy_that_is_declined_while_ours_is_claimed_stays(ward: Harness) -> None:
    tracker = settled(ward)
    ward.desk.done(1, ME, ward.now)
    tracker.put(CopyStanding.DECLINED)
    run(ward)
    assert ward.ticket().state is TicketState.DONE
    assert tracker.writes == []


def test_what_it_may_not_note_stays_unsaid(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.can = TrackerAbilities(notes=False)
    tracker.give("stranger@example.org")
    run(ward)
    ward.desk.waive(1, ME, "they may stay", ward.now)
    run(ward)
    run(ward)
    assert tracker.writes == []
    assert copy(ward).shown == "closed"


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


def test_a_create_that_is_in_conflict_is_tried_again(ward: Harness) -> None:
    tracker = desk(ward)
    tracker.before = lambda _what: (_ for _ in ()).throw(Changed("409"))
    assert run(ward)["changed"] == 1
    tracker.before = lambda _what: None
    assert run(ward)["made"] == 1


@pytest.mark.parametrize("attaches", [True, False])
def test_evidence_is_attached_where_names_may_be_shown(ward: Harness, *, attaches: bool) -> None:
    tracker = begin(ward, TrackerRules(content=Content.FULL))
    tracker.can = replace(tracker.can, attaches=attaches)
    settled(ward)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    run(ward)
    assert ("T-000001.json" in tracker.only.notes) is attaches


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


class Killed(BaseException):
    """The process ends here."""


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


def test_one_that_is_gone_is_made_again_by_hand(ward: Harness) -> None:
    run(ward)
    for tracker, number, text in (("other", 1, "no copy"), ("desk", 9, "no copy"), ("desk", 1, "is open")):
        with pytest.raises(Refused, match=text):
            ward.app.copies.again(tracker, number, ME, "it was deleted by mistake", ward.now)
    with ward.store.begin() as uow:
        uow.mirrors.put(replace(uow.mirrors.get("desk", 1).copy, state=CopyState.GONE))
    with pytest.raises(Refused, match="reason"):
        ward.app.copies.again("desk", 1, ME, "", ward.now)
    ward.app.copies.again("desk", 1, ME, "it was deleted by mistake", ward.now)
    run(ward)
    with ward.store.reading() as uow:
        assert uow.mirrors.get("desk", 1).copy.key == "DESK-2"


def test_check_is_green_where_names_are_shown_to_few(ward: Harness) -> None:
    begin(ward, TrackerRules(content=Content.FULL))
    [checked] = [one for one in ward.checker.run_once({}, ward.now) if one.name == "desk"]
    assert checked.ok
