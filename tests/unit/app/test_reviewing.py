"""Reviews of groups: live rows, own rows to another, silence changes nothing, removals are asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from builders import rules
from harness import Harness
from worker.app.acts.reviewing import LastAdmin, ReviewShown
from worker.app.refused import Refused
from worker.domain.controls.policy import ControlPolicy, ReviewSection
from worker.domain.controls.reviewing import ReviewRule, RowAnswer, RowReason
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence.actor import Actor
from worker.domain.model import Coverage, Group, Role
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState

RULE = ReviewSection(ControlSwitch(Mode.TICKET), ReviewRule(sample=0, full_every=100))
KEEP, REMOVE, UNSURE = RowAnswer.KEEP, RowAnswer.REMOVE, RowAnswer.UNSURE


@pytest.fixture
def ward(start: Callable[..., Harness]) -> Harness:
    """Ward 7 with Ann, Ben and Cem, whose admin is Dee; its first review is asked for."""
    harness = start(controls=ControlPolicy(review=(RULE,)), has_links=True)
    harness.control()
    harness.decide()
    harness.control()
    return harness


def reviews(harness: Harness) -> list[Ticket]:
    return harness.tickets(TicketKind.REVIEW_GROUP)


def token(harness: Harness, ticket: Ticket) -> str:
    return harness.link(ticket.id).rpartition("/")[2]


def look(harness: Harness, at: int = 0) -> ReviewShown:
    return harness.app.reviewing.look(token(harness, reviews(harness)[at]), harness.now)


def names(shown: ReviewShown) -> list[str]:
    return [row.member.name for row in shown.left]


def say(harness: Harness, answer: RowAnswer, *people: str, at: int = 0) -> ReviewShown:
    said = {harness.number(one): answer for one in people}
    return harness.app.reviewing.answer(token(harness, reviews(harness)[at]), said, harness.now)


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


def test_an_answer_to_a_row_that_is_not_shown_is_left_out(ward: Harness) -> None:
    with pytest.raises(Refused, match="Choose"):
        say(ward, KEEP, "dee", "una")


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


def test_a_group_that_nobody_needs_goes_to_whoever_answers_for_it(ward: Harness) -> None:
    ticket = ward.app.reviewing.not_needed(token(ward, reviews(ward)[0]), ward.now)
    assert ticket.assignee is not None
    assert ticket.assignee.email == "it-security@example.org"
    assert ticket.details["not_needed"]
    assert len(ward.wards.members("ward-7")) == 4


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
    chosen = {row.member.handle: KEEP for row in first[:2]}
    ward.app.reviewing.answer(link, chosen, ward.now, shown_at)
    rest = {row.member.handle: KEEP for row in first[2:]}
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
    harness.app.reviewing.answer(link, {row.member.handle: KEEP for row in page}, harness.now)
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
    with pytest.raises(Refused, match="over"):
        ward.app.reviewing.not_needed(link, ward.now)


def test_without_anybody_who_answers_it_is_nobodys(start: Callable[..., Harness]) -> None:
    harness = start(controls=ControlPolicy(review=(RULE,)), rules=rules(accountable=""))
    harness.control()
    harness.decide()
    harness.control()
    own = next(one for one in reviews(harness) if "/own" in one.occasion)
    assert own.assignee is None
    main = next(one for one in reviews(harness) if "/own" not in one.occasion)
    assert harness.app.reviewing.not_needed(token(harness, main), harness.now).assignee is None
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


# --- never without an admin -------------------------------------------------------------------------------


def two_admins(ward: Harness) -> None:
    """Dee is asked out by the review, and Ann is the other admin."""
    ward.wards.set_role("ward-7", ward.number("ann"), Role.ADMIN)
    ward.later()
    ward.settle()
    own = next(one for one in reviews(ward) if "/own" in one.occasion)
    ward.app.reviewing.answer(token(ward, own), {ward.number("dee"): REMOVE}, ward.now)
    ward.settle()


def removal(ward: Harness, person: str) -> Ticket:
    return next(
        one
        for one in ward.tickets(TicketKind.REMOVE_MEMBER)
        if one.person and one.person.person_id == person and one.is_live
    )


def test_the_other_admin_who_leaves_waits_for_a_new_admin(ward: Harness) -> None:
    two_admins(ward)
    assert removal(ward, "dee").state is TicketState.OPEN
    ward.leave("ann")
    ward.later()
    ward.settle()
    [new_admin] = ward.tickets(TicketKind.REASSIGN_ADMIN)
    assert new_admin.state is TicketState.OPEN  # Dee is still an admin, and is no proof
    assert removal(ward, "ann").blocked_by == new_admin.id
    assert removal(ward, "dee").blocked_by == new_admin.id
    ward.wards.set_role("ward-7", ward.number("ben"), Role.ADMIN)
    ward.later()
    ward.settle()
    assert ward.ticket(new_admin.id).state is TicketState.VERIFIED
    assert {removal(ward, one).state for one in ("ann", "dee")} == {TicketState.OPEN}
    assigned = removal(ward, "dee").assignee
    assert assigned is not None
    assert assigned.person == ward.person("ben").key


def test_the_other_admin_who_goes_by_themself_leaves_the_removal_waiting(ward: Harness) -> None:
    two_admins(ward)
    ward.drop("ward-7", "ann")
    ward.later()
    ward.settle()
    [new_admin] = ward.tickets(TicketKind.REASSIGN_ADMIN)
    assert removal(ward, "dee").blocked_by == new_admin.id


def test_a_leaver_is_no_longer_only_asked_out(ward: Harness) -> None:
    two_admins(ward)
    ward.leave("dee")
    ward.later()
    ward.settle()
    asked, left = ward.tickets(TicketKind.REMOVE_MEMBER)
    assert asked.state is TicketState.CANCELLED
    assert left.evidence is not None


def test_whoever_is_alone_in_a_group_does_not_review_it(start: Callable[..., Harness]) -> None:
    harness = start(controls=ControlPolicy(review=(RULE,)), has_links=True)
    harness.group("cell", admins=["eve"], owner_email="matron@example.org")
    harness.settle()
    harness.control()
    harness.decide()
    harness.control()
    [ticket] = [one for one in reviews(harness) if one.group and one.group.group_id == "cell"]
    assert ticket.assignee is not None
    assert ticket.assignee.email == "matron@example.org"
    shown = harness.app.reviewing.answer(token(harness, ticket), {harness.number("eve"): KEEP}, harness.now)
    assert (shown.ticket.state, shown.ticket.grade) == (TicketState.VERIFIED, Grade.B)


# --- nobody answers for themself, whoever they are called ------------------------------------------------


def asked(start: Callable[..., Harness], accountable: str, *groups: Callable[[Harness], None]) -> Harness:
    """A company whose reviews are asked for; `accountable` is somebody's e-mail address."""
    harness = start(
        controls=ControlPolicy(review=(RULE,)), rules=rules(accountable=accountable), has_links=True
    )
    for add in groups:
        add(harness)
    harness.settle()
    harness.control()
    harness.decide()
    harness.control()
    return harness


def of(harness: Harness, group: str, *, own: bool) -> Ticket:
    found = [one for one in reviews(harness) if one.home.group_id == group]
    return next(one for one in found if one.occasion.endswith("/own") is own)


def test_the_accountable_person_is_not_asked_about_themself(start: Callable[..., Harness]) -> None:
    """Dee is the only admin, so the reviewer, and nobody else is named: her row stays without an answer."""
    harness = asked(start, "DEE@corp.example")
    own = of(harness, "ward-7", own=True)
    assert own.assignee is None
    assert "nobody else is known who could answer for them" in own.reason
    with pytest.raises(Refused, match=r"asks whether Dee belongs in the group. .* somebody else"):
        harness.desk.assign(own.id, "Dee@corp.example", Actor("una"), harness.now, "she knows")
    assert of(harness, "ward-7", own=True).assignee is None
    harness.desk.assign(own.id, "una@corp.example", Actor("una"), harness.now)
    assert assignee(of(harness, "ward-7", own=True)) == "una@corp.example"


def assignee(ticket: Ticket) -> str:
    return ticket.assignee.email if ticket.assignee else ""


def test_whose_account_becomes_that_of_the_member_hands_the_row_on(start: Callable[..., Harness]) -> None:
    """The row's ticket was given to an address that turns out to be the member's own."""
    harness = asked(start, "it-security@example.org")
    own = of(harness, "ward-7", own=True)
    harness.desk.assign(own.id, "dee@new.example", Actor("una"), harness.now)
    harness.corp.change("dee", email="dee@new.example")
    harness.settle()
    own = of(harness, "ward-7", own=True)
    assert names(harness.app.reviewing.look(token(harness, own), harness.now)) == []
    harness.control()
    own = of(harness, "ward-7", own=True)
    assert assignee(own) == "it-security@example.org"
    assert names(harness.app.reviewing.look(token(harness, own), harness.now)) == ["Dee"]


def test_an_owner_who_left_is_not_asked_about_the_row(start: Callable[..., Harness]) -> None:
    """Una owned the group, and left before its review."""
    harness = start(controls=ControlPolicy(review=(RULE,)), has_links=True)
    harness.group("board", "ann", admins=["dee"], owner_email="una@corp.example")
    harness.settle()
    harness.leave("una")
    harness.later()
    harness.settle()
    harness.control()
    harness.decide()
    harness.control()
    assert assignee(of(harness, "board", own=True)) == "it-security@example.org"


def test_the_page_is_in_the_language_of_whom_it_was_given_to(start: Callable[..., Harness]) -> None:
    """Two accounts have the address of the admin's account, and another language."""
    harness = start(controls=ControlPolicy(review=(RULE,)), has_links=True)
    harness.corp.change("dee", language="ar")
    harness.hire("aaa", "zzz", email="dee@corp.example", language="tr", phones=())
    harness.settle()
    harness.control()
    harness.decide()
    harness.control()
    whole = of(harness, "ward-7", own=False)
    assert whole.assignee is not None
    assert whole.assignee.person == harness.person("dee").key
    assert harness.app.reviewing.look(token(harness, whole), harness.now).language == "ar"


def test_a_row_whose_reviewer_left_goes_to_somebody_who_is_there(start: Callable[..., Harness]) -> None:
    def add(harness: Harness) -> None:
        harness.group("board", "ann", admins=["dee"], owner_email="una@corp.example")

    harness = asked(start, "it-security@example.org", add)
    assert assignee(of(harness, "board", own=True)) == "una@corp.example"
    harness.leave("una")
    harness.later()
    harness.settle()
    harness.control()
    own = of(harness, "board", own=True)
    assert assignee(own) == "it-security@example.org"
    assert own.state is TicketState.OPEN


def test_the_ticket_of_a_row_ends_with_the_membership(ward: Harness) -> None:
    ward.drop("ward-7", "dee")
    ward.later()
    ward.settle()
    ward.control()
    own = of(ward, "ward-7", own=True)
    assert own.state is TicketState.CANCELLED
    assert own.reason == "whom it asks about is not in the group any more"


def test_a_reviewer_who_is_alone_in_the_group_by_now_hands_the_review_on(ward: Harness) -> None:
    for name in ("ann", "ben", "cem"):
        ward.drop("ward-7", name)
    ward.later()
    ward.settle()
    ward.control()
    whole = of(ward, "ward-7", own=False)
    assert assignee(whole) == "it-security@example.org"
    assert names(ward.app.reviewing.look(token(ward, whole), ward.now)) == ["Dee"]


def test_a_member_whom_a_partial_list_leaves_out_may_still_be_there(ward: Harness) -> None:
    """Their row is not shown, so nobody is reminded of it; the ticket stays."""
    ward.deliver()
    ward.drop("ward-7", "dee")
    ward.wards.mark("ward-7", Coverage.PARTIAL)
    ward.later()
    ward.settle()
    own = of(ward, "ward-7", own=True)
    ward.now = own.due_at - timedelta(days=1)
    ward.control()
    assert of(ward, "ward-7", own=True).state is TicketState.OPEN
    reminded = [one for one in ward.titles() if one.startswith("Still open")]
    assert len(reminded) == 1, "of the others' rows alone"


def test_a_review_that_is_needed_again_asks_about_the_own_row_again(ward: Harness) -> None:
    """The group went, and came back: both tickets are open again, and no second one of a kind is made."""
    ward.group("ward-8", "ann", admins=["dee"])
    ward.inventory()
    members = ward.wards.members("ward-7")
    ward.wards.remove_group("ward-7")
    ward.later()
    ward.settle()
    ward.control()
    assert not [one for one in reviews(ward) if one.home.group_id == "ward-7" and one.is_live]
    ward.wards.add_group(Group("ward-7", "Ward 7"), members)
    ward.later()
    ward.settle()
    ward.control()
    assert [one.state for one in reviews(ward) if one.home.group_id == "ward-7"] == [TicketState.OPEN] * 2
    assert names(ward.app.reviewing.look(token(ward, of(ward, "ward-7", own=True)), ward.now)) == ["Dee"]


def test_another_admin_answers_if_nobody_else_may(start: Callable[..., Harness]) -> None:
    def add(harness: Harness) -> None:
        harness.group("board", "ann", admins=["dee", "eve"])

    harness = asked(start, "dee@corp.example", add)
    own = of(harness, "board", own=True)
    assert own.assignee is not None
    assert own.assignee.email == "eve@corp.example"
    assert names(harness.app.reviewing.look(token(harness, own), harness.now)) == ["Dee"]


def test_a_reviewer_who_is_known_by_an_address_alone_is_not_asked_about_themself(
    start: Callable[..., Harness],
) -> None:
    """Nobody is an admin: Ben, who is accountable and a member, reviews the group. Nobody is left for his row."""

    def add(harness: Harness) -> None:
        harness.group("board", "ann", "ben")

    harness = asked(start, "Ben@corp.example", add)
    whole = of(harness, "board", own=False)
    assert names(harness.app.reviewing.look(token(harness, whole), harness.now)) == ["Ann"]
    assert of(harness, "board", own=True).assignee is None


def test_the_accountable_person_alone_in_a_group_does_not_review_it(start: Callable[..., Harness]) -> None:
    def add(harness: Harness) -> None:
        harness.group("cell", admins=["eve"])

    harness = asked(start, "eve@corp.example", add)
    assert of(harness, "cell", own=False).assignee is None
