"""Reviews that leave a group with an admin, and in which nobody answers for themself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from builders import rules
from harness import Harness
from reviewed import KEEP, REMOVE, RULE, answer, names, of, reviewed_ward, reviews, say, token
from worker.app.acts.reviewing import LastAdmin
from worker.app.refused import Refused
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.reviewing import ReviewRule
from worker.domain.evidence.actor import Actor
from worker.domain.model import Coverage, Group, Role
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState


@pytest.fixture
def ward(start: Callable[..., Harness]) -> Harness:
    return reviewed_ward(start)


# --- never without an admin -------------------------------------------------------------------------------


def two_admins(ward: Harness) -> None:
    """Dee is asked out by the review, and Ann is the other admin."""
    ward.wards.set_role("ward-7", ward.number("ann"), Role.ADMIN)
    ward.later()
    ward.settle()
    own = next(one for one in reviews(ward) if "/own" in one.occasion)
    answer(ward, own, {ward.number("dee"): REMOVE})
    ward.settle()


def removal(ward: Harness, person: str) -> Ticket:
    return next(
        one
        for one in ward.tickets(TicketKind.REMOVE_MEMBER)
        if one.person and one.person.person_id == person and one.is_live
    )


def test_a_creator_who_is_asked_out_is_no_admin_who_stays(ward: Harness) -> None:
    two_admins(ward)
    ward.assigned.answer(token(ward, removal(ward, "dee")), Answer.CREATOR, "", ward.now)
    [creator] = ward.tickets(TicketKind.CREATOR_MUST_LEAVE)
    assert creator.is_live
    whole = next(one for one in reviews(ward) if "/own" not in one.occasion)
    with pytest.raises(LastAdmin):
        answer(ward, whole, {ward.number("ann"): REMOVE})


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
    shown = answer(harness, ticket, {harness.number("eve"): KEEP})
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
    """Their row is still shown, and whoever has it is reminded."""
    ward.deliver()
    ward.drop("ward-7", "dee")
    ward.wards.mark("ward-7", Coverage.PARTIAL)
    ward.later()
    ward.settle()
    own = of(ward, "ward-7", own=True)
    ward.now = own.due_at - timedelta(days=1)
    ward.control()
    assert of(ward, "ward-7", own=True).state is TicketState.OPEN
    assert names(ward.app.reviewing.look(token(ward, own), ward.now)) == ["Dee"]
    assert len([one for one in ward.titles() if one.startswith("Still open")]) == 2


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


# --- a review that is opened again ------------------------------------------------------------------------


def waived_for_a_week(ward: Harness) -> None:
    """The review is waived, and its second ticket is not answered."""
    until = ward.now + timedelta(days=7)
    ward.desk.waive(
        of(ward, "ward-7", own=False).id, Actor("sam"), "after the holidays", ward.now, until=until
    )


def a_week_later(ward: Harness) -> None:
    ward.later(days=8)
    ward.settle(full=True)
    ward.control()
    assert of(ward, "ward-7", own=False).state is TicketState.OPEN


def test_an_own_row_without_an_answer_goes_on_when_the_waiver_of_its_review_is_over(ward: Harness) -> None:
    before = of(ward, "ward-7", own=True)
    waived_for_a_week(ward)
    a_week_later(ward)
    own = of(ward, "ward-7", own=True)
    assert (own.state, own.reopened, own.clock_from) == (TicketState.OPEN, 0, before.clock_from)
    assert names(ward.app.reviewing.look(token(ward, own), ward.now)) == ["Dee"]


def test_an_own_row_without_an_answer_goes_on_when_the_group_is_due_again_within_a_month(
    start: Callable[..., Harness],
) -> None:
    monthly = ReviewRule(every=timedelta(days=30), sample=0, full_every=100)
    ward = start(controls=ControlPolicy(review=(replace(RULE, review=monthly),)), has_links=True)
    ward.now = datetime(2026, 12, 1, 9, tzinfo=UTC)
    ward.settle(full=True)
    ward.control()
    ward.decide()
    ward.control()
    say(ward, KEEP, "ann", "ben", "cem")
    ward.now = datetime(2026, 12, 31, 12, tzinfo=UTC)
    ward.settle(full=True)
    ward.control()
    first, own, *second = reviews(ward)
    assert (first.state, own.state) == (TicketState.VERIFIED, TicketState.OPEN)
    assert [one.occasion for one in second] == ["review:2026-12-31", "review:2026-12-31/own"]


def test_a_waiver_of_the_own_row_waives_no_review(ward: Harness) -> None:
    ward.desk.waive(of(ward, "ward-7", own=True).id, Actor("sam"), "known for years", ward.now)
    ward.control()
    [counts] = [one.counts for one in ward.app.controls.report(ward.now) if one.control == "group.review"]
    assert (counts.failed, counts.waived) == (1, 0)


def test_an_own_row_that_is_waived_stays_so_when_its_review_is_opened_again(ward: Harness) -> None:
    ward.desk.waive(of(ward, "ward-7", own=True).id, Actor("sam"), "known for years", ward.now)
    waived_for_a_week(ward)
    a_week_later(ward)
    assert of(ward, "ward-7", own=True).state is TicketState.WAIVED


def test_the_ticket_of_an_own_row_asks_about_whoever_reviews_now(ward: Harness) -> None:
    """Ann is the admin by the time the review is opened again: she answers for Dee, and somebody else for her."""
    waived_for_a_week(ward)
    ward.wards.set_role("ward-7", ward.number("ann"), Role.ADMIN)
    ward.wards.set_role("ward-7", ward.number("dee"), Role.MEMBER)
    a_week_later(ward)
    own = of(ward, "ward-7", own=True)
    assert names(ward.app.reviewing.look(token(ward, own), ward.now)) == ["Ann"]
    assert "Dee" in names(ward.app.reviewing.look(token(ward, of(ward, "ward-7", own=False)), ward.now))
