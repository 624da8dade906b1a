"""Reviews of groups: live rows, silence changes nothing, removals are asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from builders import rules
from harness import ACCOUNTABLE, Harness
from reviewed import KEEP, REMOVE, RULE, UNSURE, look, names, of, released, reviewed_ward, reviews, say, token
from worker.app.acts.review_answers import RowsChanged
from worker.app.acts.reviewing import LastAdmin
from worker.app.refused import Refused
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.reviewing import RowReason
from worker.domain.evidence.actor import Actor
from worker.domain.model import Coverage, Role
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import Grade, TicketKind, TicketState


@pytest.fixture
def ward(start: Callable[..., Harness]) -> Harness:
    return reviewed_ward(start)


def test_the_first_review_shows_everybody_but_the_reviewer(ward: Harness) -> None:
    own, whole = sorted(reviews(ward), key=lambda one: "/own" not in one.occasion)
    assert whole.occasion == "review:2026Q4"
    assert whole.assignee is not None
    assert whole.assignee.email == "dee@corp.example"
    assert names(look(ward)) == ["Ann", "Ben", "Cem"]
    assert own.occasion == "review:2026Q4/own"
    assert own.assignee is not None
    assert own.assignee.email == "it-security@example.org"
    assert names(look(ward, 1)) == ["Dee"]


def test_a_review_is_named_after_the_quarter_on_the_organisations_clock(
    start: Callable[..., Harness],
) -> None:
    harness = start(controls=ControlPolicy(review=(RULE,)), has_links=True)
    harness.now = datetime(2027, 6, 30, 23, 30, tzinfo=UTC)  # in London it is July
    harness.settle()
    released(harness)
    assert [one.occasion for one in reviews(harness)] == ["review:2027Q3", "review:2027Q3/own"]


def test_rows_are_live(ward: Harness) -> None:
    ward.drop("ward-7", "ann")
    ward.wards.add_member("ward-7", ward.member("eve"))
    ward.settle()
    assert names(look(ward)) == ["Ben", "Cem", "Eve"]


def test_answers_are_saved_in_parts_and_the_last_one_completes(ward: Harness) -> None:
    say(ward, KEEP, "ann")
    assert names(look(ward)) == ["Ben", "Cem"]
    assert reviews(ward)[0].state is TicketState.OPEN
    after = say(ward, KEEP, "ben", "cem").ticket
    assert (after.state, after.grade) == (TicketState.VERIFIED, Grade.C)
    assert not ward.tickets(TicketKind.REMOVE_MEMBER)
    with pytest.raises(Refused, match="over"):
        say(ward, KEEP, "ann")


def test_an_answer_to_a_row_that_is_not_shown_keeps_nothing(ward: Harness) -> None:
    with pytest.raises(RowsChanged):
        say(ward, KEEP, "ann", "dee")
    assert names(look(ward)) == ["Ann", "Ben", "Cem"]


def test_whoever_does_not_belong_is_asked_out_and_a_roster_proves_it(ward: Harness) -> None:
    say(ward, REMOVE, "ann")
    [removal] = ward.tickets(TicketKind.REMOVE_MEMBER)
    assert removal.occasion == "review:2026Q4"
    assert removal.person_name == "Ann"
    ward.later(hours=1)
    ward.settle(full=True)
    assert ward.ticket(removal.id).state is TicketState.OPEN, "nothing but a roster ends it"
    with ward.store.reading() as uow:
        assert uow.overview.exposure().people == 0, "nobody left"
    ward.drop("ward-7", "ann")
    ward.later(hours=1)
    ward.settle()
    assert (ward.ticket(removal.id).state, ward.ticket(removal.id).grade) == (TicketState.VERIFIED, Grade.A)


def test_somebody_who_leaves_then_has_the_leavers_ticket_alone(ward: Harness) -> None:
    say(ward, REMOVE, "ann")
    ward.leave("ann")
    ward.later()
    ward.settle()
    live = [one for one in ward.tickets(TicketKind.REMOVE_MEMBER) if one.is_live]
    assert [one.evidence is not None for one in live] == [True]


def test_a_creator_who_left_and_is_sent_away_has_one_ticket(ward: Harness) -> None:
    ward.drop("ward-7", "ann")
    ward.wards.add_member("ward-7", ward.member("ann", Role.CREATOR))
    ward.leave("ann")
    ward.later()
    ward.settle()
    say(ward, REMOVE, "ann")
    about_ann = [one for one in ward.tickets() if one.handle == ward.number("ann") and one.is_live]
    assert [one.kind for one in about_ann] == [TicketKind.CREATOR_MUST_LEAVE]


def test_silence_removes_nobody_and_approves_nothing(ward: Harness) -> None:
    ward.later(days=100)
    ward.settle()
    ward.escalate()
    ward.control()
    assert len(ward.wards.members("ward-7")) == 4
    assert not ward.tickets(TicketKind.REMOVE_MEMBER)
    [one] = [
        report.counts for report in ward.app.controls.report(ward.now) if report.control == "group.review"
    ]
    assert (one.passed, one.failed) == (0, 1)
    assert ward.app.reviewing is not None
    with ward.store.reading() as uow:
        [campaign] = [one for one in uow.reviews.campaigns() if "/own" not in one.occasion]
    assert campaign.not_reviewed == 1


def test_the_next_review_shows_what_is_new(ward: Harness) -> None:
    say(ward, KEEP, "ann", "ben")
    say(ward, UNSURE, "cem")
    ward.control()
    ward.later(days=91)
    ward.wards.add_member("ward-7", ward.member("eve"))
    ward.settle()
    ward.control()
    shown = look(ward, 2)
    assert reviews(ward)[2].occasion == "review:2027Q1"
    assert {row.member.name: row.reasons for row in shown.left} == {
        "Eve": (RowReason.JOINED, RowReason.NEVER),
        "Cem": (RowReason.UNSURE,),
    }
    assert [one.name for one in shown.rows.unchanged] == ["Ann", "Ben"]


def test_whoever_has_rows_left_is_reminded_three_times(ward: Harness) -> None:
    ward.deliver()
    say(ward, KEEP, "ann")
    due = reviews(ward)[0].due_at
    told = []
    for before in (8, 7, 6, 3, 1):
        ward.now = due - timedelta(days=before)
        ward.control()
        ward.control()
        told.append(len([one for one in ward.titles() if one.startswith("Still open: Look through")]))
    assert told == [0, 2, 0, 2, 2], "two reviews are open: the admin's, and that of the admin's own row"


@pytest.mark.parametrize("rests", ["acknowledge", "snooze"])
def test_a_review_that_rests_is_reminded_of_when_that_is_over(ward: Harness, rests: str) -> None:
    whole = of(ward, "ward-7", own=False)
    ward.now = whole.due_at - timedelta(days=7, hours=1)
    getattr(ward.desk, rests)(whole.id, Actor("dee"), now=ward.now, span=timedelta(hours=4))
    told = []
    for _ in range(2):
        ward.later(hours=2)
        ward.control()
        told.append(ward.titles().count("Still open: Look through the members of Ward 7"))
    assert told == [1, 1], "of the admin's own row first"


def test_whoever_has_none_left_is_not_reminded(ward: Harness) -> None:
    say(ward, KEEP, "ann", "ben", "cem")
    ward.deliver()
    ward.now = reviews(ward)[0].due_at - timedelta(days=1)
    ward.control()
    assert len([one for one in ward.titles() if one.startswith("Still open")]) == 1


def test_a_review_whose_last_rows_are_gone_is_completed(ward: Harness) -> None:
    say(ward, KEEP, "ann")
    for name in ("ben", "cem"):
        assert of(ward, "ward-7", own=False).state is TicketState.OPEN
        ward.wards.remove_member("ward-7", ward.number(name))
        ward.settle()
        ward.control()
        with ward.store.reading() as uow:
            assert [left for _, left in ward.app.reviewing.progress(uow, "review:2026Q4")] == [
                1 if name == "ben" else 0
            ]
    whole = of(ward, "ward-7", own=False)
    assert (whole.state, whole.grade) == (TicketState.VERIFIED, Grade.C)
    ward.deliver()
    ward.now = whole.due_at - timedelta(days=1)
    ward.control()
    assert len([one for one in ward.titles() if one.startswith("Still open")]) == 1, "that of the admin's row"


def test_whom_a_partial_list_leaves_out_is_still_to_be_answered_for(ward: Harness) -> None:
    say(ward, KEEP, "ann", "ben")
    ward.drop("ward-7", "cem")
    ward.wards.mark("ward-7", Coverage.PARTIAL)
    ward.later()
    ward.settle()
    ward.control()
    assert reviews(ward)[0].state is TicketState.OPEN
    assert names(look(ward)) == ["Cem"]
    assert say(ward, KEEP, "cem").ticket.state is TicketState.VERIFIED


def test_a_group_that_nobody_needs_goes_to_whoever_answers_for_it(ward: Harness) -> None:
    ward.titles()
    link = token(ward, reviews(ward)[0])
    ticket = ward.assigned.answer(link, Answer.NOT_NEEDED, "", ward.now)
    assert ticket.assignee is not None
    assert ticket.assignee.email == ACCOUNTABLE
    assert len(ward.wards.members("ward-7")) == 4
    ward.later()
    sent = len(ward.soc.sent)
    ward.deliver()
    [message] = ward.soc.sent[sent:]
    [told] = message.paragraphs
    assert (message.to.address, told.headline, told.text, bool(told.link)) == (
        ACCOUNTABLE,
        "Now with you: Look through the members of Ward 7",
        "Dee says that nobody needs this group any more.",
        True,
    )


def test_that_nobody_needs_a_group_can_be_taken_back_for_a_minute(ward: Harness) -> None:
    ward.titles()
    before, link = reviews(ward)[0], token(ward, reviews(ward)[0])
    ward.assigned.answer(link, Answer.NOT_NEEDED, "", ward.now)
    ward.assigned.undo(link, ward.later(seconds=30))
    assert reviews(ward)[0] == before
    sent = len(ward.soc.sent)
    ward.later()
    ward.deliver()
    assert not [one for one in ward.soc.sent[sent:] if one.to.address == ACCOUNTABLE]


def test_nobody_marks_a_review_as_done(ward: Harness) -> None:
    with pytest.raises(Refused):
        ward.desk.done(reviews(ward)[0].id, Actor("sam"), ward.now)
    with pytest.raises(Refused):
        ward.assigned.done(token(ward, reviews(ward)[0]), ward.now)


def test_kept_and_found_to_be_a_leaver(ward: Harness) -> None:
    say(ward, KEEP, "ann", "ben", "cem")
    ward.later(days=10)
    ward.leave("ann")
    ward.settle()
    with ward.store.reading() as uow:
        [campaign] = [one for one in uow.reviews.campaigns() if "/own" not in one.occasion]
        [(_, left)] = ward.app.reviewing.progress(uow, campaign.occasion)
    assert (campaign.kept, campaign.removed, campaign.not_reviewed, campaign.kept_then_left) == (3, 0, 0, 1)
    assert left == 0


def test_how_quickly_rows_are_answered_is_kept_of_the_campaign_alone(ward: Harness) -> None:
    link = token(ward, reviews(ward)[0])
    shown_at = ward.now
    ward.later(seconds=8)
    first = ward.app.reviewing.look(link, ward.now).page
    chosen = {row.member.mark: KEEP for row in first[:2]}
    ward.app.reviewing.answer(link, chosen, ward.now, shown_at)
    rest = {row.member.mark: KEEP for row in first[2:]}
    ward.app.reviewing.answer(link, rest, ward.now, shown_at - timedelta(hours=1))  # it lay open
    with ward.store.reading() as uow:
        [campaign] = [one for one in uow.reviews.campaigns() if "/own" not in one.occasion]
    assert (campaign.median_s, campaign.in_bulk) == (4, 0)


def test_a_median_of_many_and_what_is_answered_in_bulk(start: Callable[..., Harness]) -> None:
    temps = [f"temp{number:02d}" for number in range(12)]
    harness = start(controls=ControlPolicy(review=(RULE,)), has_links=True)
    harness.hire(*temps)
    harness.group("hall", *temps, admins=["dee"])
    harness.settle()
    harness.control()
    harness.decide()
    harness.control()
    with harness.store.begin() as uow:
        uow.reviews.pace("review:2026Q4", 3, 5)
        uow.reviews.pace("review:2026Q4", 3, 1)
        uow.reviews.pace("review:2026Q4", 9, 4)
        [campaign] = [one for one in uow.reviews.campaigns() if "/own" not in one.occasion]
    assert campaign.median_s == 3
    ticket = next(one for one in reviews(harness) if one.group and one.group.group_id == "hall")
    link = token(harness, ticket)
    page = harness.app.reviewing.look(link, harness.now).page
    harness.app.reviewing.answer(link, {row.member.mark: KEEP for row in page}, harness.now)
    with harness.store.reading() as uow:
        [campaign] = [one for one in uow.reviews.campaigns() if "/own" not in one.occasion]
    assert campaign.in_bulk == 12


def test_a_stale_list_is_no_list_to_review(start: Callable[..., Harness]) -> None:
    harness = start(controls=ControlPolicy(review=(RULE,)))
    harness.later(days=30)
    report = harness.control()
    assert (report.counts["fail"], report.counts["unknown"]) == (0, 1)


def test_the_page_has_fifty_rows_at_most(start: Callable[..., Harness]) -> None:
    harness = start(controls=ControlPolicy(review=(RULE,)))
    temps = [f"temp-{number}" for number in range(60)]
    harness.hire(*temps)
    harness.group("hall", *temps, admins=["dee"])
    harness.settle()
    harness.control()
    harness.decide()
    harness.control()
    at = next(
        at
        for at, one in enumerate(reviews(harness))
        if one.home.group_id == "hall" and "/own" not in one.occasion
    )
    shown = look(harness, at)
    assert (len(shown.left), len(shown.page)) == (60, 50)


def test_an_owner_who_is_no_admin_gives_better_evidence(start: Callable[..., Harness]) -> None:
    harness = start(controls=ControlPolicy(review=(RULE,)))
    harness.group("ward-9", "ann", owner_email="una@corp.example")
    harness.settle()
    harness.control()
    harness.decide()
    harness.control()
    at = next(at for at, one in enumerate(reviews(harness)) if one.home.group_id == "ward-9")
    assert say(harness, KEEP, "ann", at=at).ticket.grade is Grade.B


def test_a_group_that_is_gone_has_no_review_any_more(ward: Harness) -> None:
    link = token(ward, reviews(ward)[0])
    ward.group("ward-8", "ann", admins=["dee"])
    ward.inventory()
    ward.wards.remove_group("ward-7")
    ward.later()
    ward.settle()
    ward.control()
    assert {one.state for one in reviews(ward) if one.home.group_id == "ward-7"} == {TicketState.CANCELLED}
    with pytest.raises(Refused, match="cancelled"):
        ward.assigned.answer(link, Answer.NOT_NEEDED, "", ward.now)


def test_without_anybody_who_answers_it_is_nobodys(start: Callable[..., Harness]) -> None:
    harness = start(controls=ControlPolicy(review=(RULE,)), rules=rules(accountable=""))
    harness.control()
    harness.decide()
    harness.control()
    own = next(one for one in reviews(harness) if "/own" in one.occasion)
    assert own.assignee is None
    main = next(one for one in reviews(harness) if "/own" not in one.occasion)
    assert harness.assigned.answer(token(harness, main), Answer.NOT_NEEDED, "", harness.now).assignee is None
    harness.control()
    assert [one.assignee for one in reviews(harness)] == [None, None]


def test_a_row_that_a_ticket_asks_out_already_gets_no_second_one(ward: Harness) -> None:
    ward.leave("ann")
    ward.settle()
    say(ward, REMOVE, "ann")
    assert len(ward.tickets(TicketKind.REMOVE_MEMBER)) == 1


def test_a_ticket_without_a_review_has_none(ward: Harness) -> None:
    ward.leave("ann")
    ward.settle()
    [removal] = ward.tickets(TicketKind.REMOVE_MEMBER)
    with pytest.raises(Refused, match="no review"):
        ward.app.reviewing.look(token(ward, removal), ward.now)


def test_the_last_admin_is_not_sent_away(ward: Harness) -> None:
    """Invariant 3: neither alone, nor together with the other admin, nor after the other was asked out."""
    own = next(at for at, one in enumerate(reviews(ward)) if "/own" in one.occasion)
    with pytest.raises(LastAdmin, match="Dee would leave the group without an admin"):
        say(ward, REMOVE, "dee", at=own)
    assert names(look(ward, own)) == ["Dee"], "nothing of it was kept"
    ward.wards.add_member("ward-7", ward.member("eve", Role.ADMIN))
    ward.settle()
    say(ward, REMOVE, "dee", at=own)
    main = 1 - own
    with pytest.raises(LastAdmin):
        say(ward, REMOVE, "eve", at=main)
    assert [one.person_name for one in ward.tickets(TicketKind.REMOVE_MEMBER)] == ["Dee"]
