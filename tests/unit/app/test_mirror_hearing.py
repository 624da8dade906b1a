"""What people do on a copy is heard here, and what is decided here is said there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.tracker import FakeTracker, lose
from harness import Harness
from mirrored import ME, NURSE, begin, copy, run, settled, texts, ward
from worker.app.refused import Refused
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor, Via
from worker.domain.mirror.copy import Content
from worker.domain.mirror.outside import CopyStanding
from worker.domain.tickets.ticket import Grade, TicketKind, TicketState
from worker.ports import Rejected
from worker.ports.connectors.tracker import TrackerAbilities
from worker.running.mirroring import TrackerRules

__all__ = ["ward"]


@pytest.mark.parametrize("account", ["Ben", "ben@home.example", "ann@corp.example"])
def test_a_claim_by_an_account_that_nobody_knows_is_nobody_s_first_word(ward: Harness, account: str) -> None:
    """An address that is hidden, that is not known here, or of somebody who has left."""
    settled(ward).put(CopyStanding.DONE, by=account)
    run(ward)
    for name in (NURSE, "eve@corp.example"):
        with pytest.raises(Refused, match="Nobody can confirm it"):
            ward.desk.done(1, Actor(name, f"https://login.example.org {name}", Via.CONSOLE), ward.now)
    assert ward.ticket().grade is Grade.C


def test_a_claim_by_somebody_known_is_confirmed_by_another_person(ward: Harness) -> None:
    settled(ward).put(CopyStanding.DONE, by=NURSE)
    run(ward)
    ward.desk.done(1, Actor(NURSE, "https://login.example.org ben", Via.CONSOLE), ward.now)
    assert ward.ticket().grade is Grade.C
    ward.desk.done(1, ME, ward.now)
    assert ward.ticket().grade is Grade.B


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


def test_declined_is_reopened_once_and_then_left(ward: Harness) -> None:
    tracker = settled(ward)
    for _ in range(2):
        tracker.put(CopyStanding.DECLINED)
        run(ward)
    assert tracker.writes == ["move open"]
    assert tracker.only.seen.standing is CopyStanding.DECLINED
    assert (ward.ticket().state, copy(ward).shown) == (TicketState.OPEN, "closed")
    run(ward)
    assert tracker.writes == ["move open"]


def _declined_twice(ward: Harness) -> FakeTracker:
    tracker = settled(ward)
    for _ in range(2):
        tracker.put(CopyStanding.DECLINED)
        run(ward)
    assert tracker.only.seen.standing is CopyStanding.DECLINED
    return tracker


def test_what_was_declined_is_opened_again_when_the_member_comes_back(ward: Harness) -> None:
    tracker = _declined_twice(ward)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    run(ward)
    ward.later(days=3)
    ward.wards.add_member("ward-7", ward.member("ann"))
    ward.settle()
    assert ward.ticket().state is TicketState.OPEN
    run(ward)
    assert tracker.only.seen.standing is CopyStanding.OPEN


def test_what_was_declined_is_opened_again_when_a_waiver_is_over(ward: Harness) -> None:
    tracker = _declined_twice(ward)
    ward.desk.waive(1, ME, "they hand over", ward.now, ward.now + timedelta(days=20))
    run(ward)
    ward.later(days=21)
    ward.settle(full=True)
    run(ward)
    assert tracker.only.seen.standing is CopyStanding.OPEN


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


def test_a_fight_that_ended_does_not_begin_again_by_itself(ward: Harness) -> None:
    tracker = settled(ward)
    for _ in range(4):
        tracker.put(CopyStanding.DONE)
        run(ward)
        ward.later(hours=1)
        ward.inventory()
        ward.verify()
        run(ward)
    assert tracker.only.seen.standing is CopyStanding.DONE
    tracker.writes.clear()
    run(ward, minutes=8 * 24 * 60)
    assert tracker.writes == []


def test_what_was_refused_to_us_is_no_fight(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.put(CopyStanding.DECLINED)

    def strict(what: str) -> None:
        if what == "move open":
            raise Rejected("No move leads there.", remedy="Allow it.")

    tracker.before = strict
    for _ in range(5):
        run(ward, minutes=61)
    tracker.before = lambda _what: None
    run(ward, minutes=61)
    assert tracker.only.seen.standing is CopyStanding.OPEN
    assert not any("again and again" in text for text in texts(ward))


@pytest.mark.parametrize("has_notes", [True, False])
def test_a_fight_is_told_whether_or_not_it_can_be_noted(ward: Harness, *, has_notes: bool) -> None:
    tracker = settled(ward)
    tracker.can = replace(tracker.can, notes=has_notes)
    for _ in range(4):
        tracker.put(CopyStanding.DONE)
        run(ward)
        ward.later(hours=1)
        ward.inventory()
        ward.verify()
        run(ward)
    assert tracker.writes == ["move open"] * 3 + ["note"] * has_notes
    assert sum("again and again" in text for text in texts(ward)) == 2, (
        "the channel and the accountable person"
    )


def test_a_list_that_was_read_between_the_close_and_the_run_contradicts_it(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.put(CopyStanding.DONE)
    ward.later(hours=1)
    ward.inventory()
    ward.verify()
    run(ward)
    assert ward.ticket().state is TicketState.DONE
    ward.verify()
    assert ward.ticket().state is TicketState.OPEN


def test_a_reopening_that_lands_late_is_no_proof_that_it_was_closed(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.put(CopyStanding.DONE)
    run(ward)
    ward.later(hours=1)
    ward.inventory()
    ward.verify()
    lose(tracker, "move open", done=False)
    run(ward)
    tracker.put(CopyStanding.OPEN, by="us")
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    run(ward)
    assert tracker.only.seen.standing is CopyStanding.DONE


def test_who_closed_it_may_be_refused_to_us(ward: Harness) -> None:
    tracker = settled(ward)

    def hidden(_seen: object, /) -> None:
        raise Rejected("The history is hidden.", remedy="Let the account see it.")

    shown = tracker.last_move
    tracker.last_move = hidden  # type: ignore[method-assign,assignment]
    tracker.put(CopyStanding.DONE)
    run(ward)
    assert "hidden" in copy(ward).problem
    assert ward.ticket().state is TicketState.OPEN
    tracker.last_move = shown  # type: ignore[method-assign]
    run(ward)
    assert (ward.ticket().state, copy(ward).problem) == (TicketState.DONE, "")


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
    assert copy(ward).shown == "open"


@pytest.mark.parametrize("attaches", [True, False])
def test_evidence_is_attached_where_names_may_be_shown(ward: Harness, *, attaches: bool) -> None:
    tracker = begin(ward, TrackerRules(content=Content.FULL))
    tracker.can = replace(tracker.can, attaches=attaches)
    settled(ward)
    ward.later(hours=1)
    ward.drop("ward-7", "ann")
    ward.settle()
    run(ward)
    assert ("T-000001.json" in tracker.only.files) is attaches
    assert all(ward.number("ann").encode() not in data for data in tracker.only.files.values())


def test_one_that_is_reopened_by_way_of_an_unnamed_status_is_reopened_here(ward: Harness) -> None:
    tracker = settled(ward)
    tracker.put(CopyStanding.DONE, by=NURSE)
    run(ward)
    tracker.put(CopyStanding.UNKNOWN, by=NURSE)
    run(ward)
    assert ward.ticket().state is TicketState.DONE, "nobody knows yet what it means"
    assert "not named" in copy(ward).problem
    tracker.put(CopyStanding.OPEN, by=NURSE)
    run(ward)
    assert ward.ticket().state is TicketState.OPEN


def test_one_that_was_closed_again_by_way_of_an_unnamed_status_is_as_it_was(ward: Harness) -> None:
    tracker = settled(ward)
    for standing in (CopyStanding.DONE, CopyStanding.UNKNOWN, CopyStanding.DONE):
        tracker.put(standing, by=NURSE)
        run(ward)
    assert (ward.ticket().state, ward.ticket().reopened) == (TicketState.DONE, 0)
    assert copy(ward).problem == ""
