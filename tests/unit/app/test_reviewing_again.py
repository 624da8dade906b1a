"""What a review said of somebody is asked again once they came back, and so is what it asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from audit_checks import problems
from harness import Harness
from reviewed import KEEP, REMOVE, RULE, look, names, released, reviewed_ward, reviews, say
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.reviewing import ReviewRule, RowReason
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState


@pytest.fixture
def ward(start: Callable[..., Harness]) -> Harness:
    """Ward 7 is reviewed; there are groups enough beside it."""
    ward = reviewed_ward(start)
    for number in range(9):
        ward.group(f"other-{number}", "una", admins=["tom"])
    ward.settle()
    return ward


def removal(ward: Harness) -> Ticket:
    [ticket] = ward.tickets(TicketKind.REMOVE_MEMBER)
    return ticket


def goes_and_comes_back(ward: Harness, who: str) -> None:
    ward.drop("ward-7", who)
    ward.later()
    ward.settle()
    ward.wards.add_member("ward-7", ward.member(who))
    ward.later()
    ward.settle()


def test_who_was_sent_away_and_came_back_is_asked_about_again(ward: Harness) -> None:
    say(ward, REMOVE, "ann")
    goes_and_comes_back(ward, "ann")
    assert removal(ward).state is TicketState.VERIFIED
    assert names(look(ward)) == ["Ann", "Ben", "Cem"]
    say(ward, REMOVE, "ann")
    assert (removal(ward).state, removal(ward).reopened) == (TicketState.OPEN, 1)
    assert names(look(ward)) == ["Ben", "Cem"]
    assert problems(ward) == []


def test_who_was_kept_and_came_back_is_asked_about_again(ward: Harness) -> None:
    say(ward, KEEP, "ann", "ben")
    goes_and_comes_back(ward, "ann")
    assert names(look(ward)) == ["Ann", "Cem"]
    say(ward, KEEP, "ann")
    assert names(look(ward)) == ["Cem"]


def test_a_removal_that_is_waived_is_not_asked_for_again(ward: Harness) -> None:
    say(ward, REMOVE, "ann")
    ward.desk.waive(removal(ward).id, Actor("sam"), "she is needed there", ward.now)
    goes_and_comes_back(ward, "ann")
    say(ward, REMOVE, "ann")
    assert removal(ward).state is TicketState.WAIVED


def test_who_does_not_belong_is_asked_out_though_their_leaving_is_waived(ward: Harness) -> None:
    """The waiver is of the leaving; the review came later. Once the waiver is over, the leaving takes its place."""
    ward.leave("ann")
    ward.settle()
    until = ward.now + timedelta(days=7)
    ward.desk.waive(removal(ward).id, Actor("sam"), "helps out until then", ward.now, until=until)
    say(ward, REMOVE, "ann")
    for who in ("gus", "hal"):
        ward.later()
        ward.wards.add_member("ward-7", ward.member(who))
        ward.settle()
        left, asked = ward.tickets(TicketKind.REMOVE_MEMBER)
        assert (left.state, asked.state, asked.reopened) == (TicketState.WAIVED, TicketState.OPEN, 0)
    assert not [one for one in ward.titles() if one.startswith("No longer needed")]
    ward.now = until
    ward.settle(full=True)
    left, asked = ward.tickets(TicketKind.REMOVE_MEMBER)
    assert (left.state, asked.state) == (TicketState.OPEN, TicketState.CANCELLED)


def test_who_was_to_go_and_is_here_still_is_asked_about_in_the_next_review(ward: Harness) -> None:
    say(ward, REMOVE, "ann")
    say(ward, KEEP, "ben", "cem")
    ward.desk.waive(removal(ward).id, Actor("sam"), "she is needed there", ward.now)
    ward.later(days=93)
    ward.settle(full=True)
    ward.control()
    shown = look(ward, 2)
    assert [row.reasons for row in shown.left if row.member.name == "Ann"] == [(RowReason.REMOVE,)]
    assert "Ann" not in {one.name for one in shown.rows.unchanged}


def test_who_is_kept_by_the_next_review_is_not_to_go_any_more(ward: Harness) -> None:
    say(ward, REMOVE, "ann")
    say(ward, KEEP, "ben", "cem")
    asked = removal(ward)
    ward.later(days=93)
    ward.settle(full=True)
    ward.control()
    assert removal(ward).is_live
    say(ward, KEEP, "ann", at=2)
    ward.later()
    ward.settle()

    assert [one.state for one in ward.tickets(asked.kind)] == [TicketState.CANCELLED]
    assert removal(ward).reason == "the review of the group says that Ann belongs in it"
    assert problems(ward) == []


# --- its group is not read for a while ---------------------------------------------------------------------


def is_left_out(ward: Harness) -> None:
    """The configuration does not want the group for an hour."""
    ward.wards.omit("ward-7")
    ward.start(replace(ward.app.rules, takes={"wards": lambda group_id, _name: group_id != "ward-7"}))
    ward.later()
    ward.settle()
    ward.control()
    assert removal(ward).state is TicketState.CANCELLED


def is_read_again(ward: Harness) -> None:
    ward.wards.mend()
    ward.start(replace(ward.app.rules, takes={"wards": lambda _id, _name: True}))
    ward.later()
    ward.settle()
    ward.control()


def test_what_a_review_asked_for_is_asked_for_again_once_the_group_is_read_again(ward: Harness) -> None:
    say(ward, REMOVE, "ann")
    say(ward, KEEP, "ben", "cem")
    for times in (1, 2):
        is_left_out(ward)
        is_read_again(ward)
        assert (removal(ward).state, removal(ward).reopened) == (TicketState.OPEN, times)
    assert "does not belong in it" in removal(ward).reason
    assert problems(ward) == []


def test_it_is_not_asked_for_again_where_the_member_is_gone_by_then(ward: Harness) -> None:
    say(ward, REMOVE, "ann")
    is_left_out(ward)
    ward.drop("ward-7", "ann")
    is_read_again(ward)
    assert removal(ward).state is TicketState.CANCELLED


def test_a_review_that_is_opened_again_may_ask_for_it_once_more(ward: Harness) -> None:
    say(ward, REMOVE, "ann")
    is_left_out(ward)
    is_read_again(ward)
    assert "Ann" in names(look(ward)), "the review begins anew"
    say(ward, REMOVE, "ann")
    assert (removal(ward).state, removal(ward).reopened) == (TicketState.OPEN, 1)


def test_who_left_and_came_back_is_not_asked_out_by_an_old_review(ward: Harness) -> None:
    """Their leaving ended what the review asked for."""
    say(ward, REMOVE, "ann")
    is_left_out(ward)
    is_read_again(ward)
    ward.leave("ann")
    ward.later()
    ward.settle()
    ward.hire("ann")
    ward.later()
    ward.settle()
    assert not [one for one in ward.tickets(TicketKind.REMOVE_MEMBER) if one.is_live]


# --- the member turns out to be somebody else --------------------------------------------------------------


def test_what_a_review_says_of_somebody_is_not_said_of_whoever_has_their_number_now(ward: Harness) -> None:
    say(ward, REMOVE, "ann")
    handle = f"wards/{ward.number('ann')}"
    for _ in range(2):
        ward.identifying.confirm(handle, "una", Actor("sam"), ward.now)
        ward.later()
        ward.settle()
        ward.control()
        assert removal(ward).state is TicketState.CANCELLED
        ward.identifying.confirm(handle, "ann", Actor("sam"), ward.now)
        ward.later()
        ward.settle()
        assert removal(ward).state is TicketState.OPEN
    assert problems(ward) == []


# --- it is due again within one period ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "every, first",
    [
        (timedelta(days=30), datetime(2026, 12, 1, 9, tzinfo=UTC)),
        (timedelta(days=90), datetime(2027, 7, 1, 9, tzinfo=UTC)),
    ],
    ids=["twice in a month", "twice in a quarter"],
)
def test_what_was_answered_stays_when_the_group_is_due_again_within_a_period(
    start: Callable[..., Harness], every: timedelta, first: datetime
) -> None:
    rule = replace(RULE, review=ReviewRule(every=every, sample=0, full_every=100))
    ward = start(controls=ControlPolicy(review=(rule,)), has_links=True)
    ward.now = first
    ward.settle()
    released(ward)
    say(ward, KEEP, "ann", "ben", "cem")
    ward.now = first + every + timedelta(hours=1)
    ward.settle(full=True)
    ward.control()
    done, _own, again, _own_again = reviews(ward)
    assert (done.state, again.state) == (TicketState.VERIFIED, TicketState.OPEN)
    with ward.store.reading() as uow:
        assert uow.reviews.finished(done.home).number == 1
        assert len(uow.reviews.answers(done.id)) == 3
    assert not [row for row in look(ward, 2).left if RowReason.NEVER in row.reasons]


def test_who_is_kept_meanwhile_is_not_sent_away_once_it_is_known_who_they_are(ward: Harness) -> None:
    say(ward, REMOVE, "ann")
    say(ward, KEEP, "ben", "cem")
    handle = f"wards/{ward.number('ann')}"
    ward.identifying.confirm(handle, "una", Actor("sam"), ward.now)
    ward.later(days=93)
    ward.settle(full=True)
    ward.control()
    assert removal(ward).state is TicketState.CANCELLED
    say(ward, KEEP, "ann", at=2)
    ward.identifying.confirm(handle, "ann", Actor("sam"), ward.now)
    ward.later()
    ward.settle()
    assert removal(ward).state is TicketState.CANCELLED


def test_a_review_that_somebody_reopens_is_asked_anew(ward: Harness) -> None:
    say(ward, KEEP, "ann", "cem")
    say(ward, REMOVE, "ben")
    assert reviews(ward)[0].state is TicketState.VERIFIED
    ward.later()
    ward.desk.reopen(reviews(ward)[0].id, Actor("sam"), "that was too quick", ward.now)
    shown = look(ward)
    assert (names(shown), shown.answers, shown.review.completed_at) == (["Ann", "Ben", "Cem"], {}, None)
    assert shown.review.due_at == reviews(ward)[0].due_at
    ward.later()
    ward.control()
    assert reviews(ward)[0].state is TicketState.OPEN
    say(ward, KEEP, "ann", "ben", "cem")
    assert reviews(ward)[0].state is TicketState.VERIFIED
    assert removal(ward).state is TicketState.CANCELLED
    assert problems(ward) == []


def test_a_ticket_about_own_rows_that_somebody_reopens_asks_about_them_alone(ward: Harness) -> None:
    say(ward, KEEP, "dee", at=1)
    assert [one.state for one in reviews(ward)] == [TicketState.OPEN, TicketState.VERIFIED]
    say(ward, KEEP, "ann")
    ward.later()
    ward.desk.reopen(reviews(ward)[1].id, Actor("sam"), "ask again", ward.now)
    assert (names(look(ward, 1)), names(look(ward))) == (["Dee"], ["Ben", "Cem"])
    say(ward, KEEP, "dee", at=1)
    assert reviews(ward)[1].state is TicketState.VERIFIED
