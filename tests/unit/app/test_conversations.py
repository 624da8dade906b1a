"""Reviews of leavers' conversations: asked for once a leaving, of the role, and closed by a checklist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from harness import Harness
from worker.app.acts.sealing import NotTaken
from worker.app.jobs.conversations import AskForReviews
from worker.app.reads.leavings import reviews_wanted
from worker.app.refused import Refused
from worker.domain.controls import CATALOGUE
from worker.domain.controls.conversations import CheckAnswer, CheckItem, Checklist, ReviewResult
from worker.domain.controls.others import CONVERSATIONS
from worker.domain.controls.policy import ControlPolicy, ConversationsRule
from worker.domain.controls.seals import Measured
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.model import Standing
from worker.domain.reconcile.held_findings import HeldFindings
from worker.domain.tickets.ticket import AssigneeWhy, Grade, Ticket, TicketKind, TicketState

DAY = timedelta(days=1)
ROLE = "hr-leavers@example.org"
RULE = ConversationsRule(ControlSwitch(Mode.TICKET), ROLE, 14 * DAY, ("Finance",), "HR-17", "D-42")
DAY_ONE = date(2026, 11, 2)
COMPLETE = Checklist(
    answers=dict.fromkeys(CheckItem, CheckAnswer.DONE) | {CheckItem.TOLD: CheckAnswer.NOT_NEEDED},
    words={CheckItem.TOLD: "they asked for it"},
    begin=date(2026, 11, 1),
    end=date(2026, 11, 20),
    result=ReviewResult.NOTED,
    delete_on=date(2027, 1, 1),
)


@pytest.fixture
def company(start: Callable[..., Harness]) -> Harness:
    """The control had its first run, which found nobody; Ann is in Finance, and in the ward's group."""
    return begun(start)


def begun(start: Callable[..., Harness], **changes: Any) -> Harness:
    harness = start(controls=ControlPolicy(conversations=(replace(RULE, **changes),)))
    harness.hire("ann", department="Finance")
    harness.settle()
    harness.control()
    assert not harness.plans()
    return harness


def leaves(company: Harness, person: str, span: timedelta, **changes: Any) -> None:
    company.hire(person, **({"department": "Finance", "leave_at": company.now + span} | changes))
    company.settle()
    company.control()


def review(company: Harness) -> Ticket:
    [ticket] = company.tickets(TicketKind.REVIEW_CONVERSATIONS)
    return ticket


def token(company: Harness) -> str:
    return company.link(review(company).id).rpartition("/")[2]


def test_the_page_is_in_the_language_of_the_role_s_mailbox(company: Harness) -> None:
    company.hire("nia", email=ROLE, language="tr")
    leaves(company, "ann", 10 * DAY)
    assert company.app.conversations.look(token(company), company.now).language == "tr"


def test_the_role_is_asked_once_a_leaving(company: Harness) -> None:
    leaves(company, "ann", 10 * DAY)
    ticket = review(company)
    assert ticket.assignee is not None
    assert (ticket.assignee.email, ticket.assignee.why) == (ROLE, AssigneeWhy.ROLE)
    assert ticket.due_at - ticket.opened_at == 5 * DAY
    assert (ticket.details["policy_ref"], ticket.details["dpia_ref"]) == ("HR-17", "D-42")
    assert "Review the work conversations of Ann" in company.titles()
    leaves(company, "ann", 12 * DAY)  # two days later than said before: the same leaving
    assert review(company).id == ticket.id


def test_whom_it_is_for(company: Harness) -> None:
    leaves(company, "ben", 10 * DAY, department="Wards")
    leaves(company, "cem", 20 * DAY)
    leaves(company, "dee", -DAY)
    assert not company.tickets(TicketKind.REVIEW_CONVERSATIONS)


def test_never_the_leaver_and_never_an_admin_of_their_groups(company: Harness) -> None:
    leaves(company, "ann", 10 * DAY, email=ROLE)
    assert review(company).assignee is not None
    assert review(company).assignee == replace(review(company).assignee, why=AssigneeWhy.ACCOUNTABLE)  # type: ignore[type-var]


def test_an_admin_of_their_group_may_not_review(start: Callable[..., Harness]) -> None:
    harness = begun(start, to="dee@example.org")
    harness.hire("dee", email="dee@example.org")
    leaves(harness, "ann", 10 * DAY)
    assigned = review(harness).assignee
    assert assigned is not None
    assert assigned.why is AssigneeWhy.ACCOUNTABLE


def test_nobody_is_asked_rather_than_the_wrong_one(start: Callable[..., Harness]) -> None:
    harness = begun(start, to="dee@example.org")
    harness.hire("dee", email="it-security@example.org")
    leaves(harness, "ann", 10 * DAY, email="dee@example.org")
    assert review(harness).assignee is None


def test_a_leaving_taken_back_ends_it_and_the_leaving_itself_does_not(company: Harness) -> None:
    leaves(company, "ann", 10 * DAY)
    company.later(days=11)
    company.settle()
    company.control()
    assert review(company).state is TicketState.OPEN
    company.hire("ann", department="Finance", leave_at=None)
    company.settle()
    company.control()
    assert review(company).state is TicketState.CANCELLED
    assert str(review(company).reason) == "the person stays"


def test_a_leaving_that_is_true_after_all_goes_on_with_the_same_review(company: Harness) -> None:
    last_day = company.now + 10 * DAY
    for leave_at in (last_day, None, last_day):
        company.hire("ann", department="Finance", leave_at=leave_at)
        company.settle()
        company.control()
    assert (review(company).state, review(company).reopened) == (TicketState.OPEN, 1)
    assert str(review(company).reason).startswith("needed after all: ")
    assigned = review(company).assignee
    assert assigned is not None
    assert assigned.email == ROLE


def test_a_rule_that_is_gone_ends_it(company: Harness) -> None:
    leaves(company, "ann", 10 * DAY)
    leaves(company, "ann", 10 * DAY, department="Wards")
    assert str(review(company).reason) == "it is not asked for any more"


@pytest.mark.parametrize("department", ["Leavers", None])
def test_a_department_that_changes_once_they_have_left_does_not_end_it(
    company: Harness, department: str | None
) -> None:
    leaves(company, "ann", 10 * DAY)
    company.later(days=11)
    leaves(company, "ann", -DAY, department=department, enabled=False)
    assert company.standing("ann") is Standing.LEFT
    assert review(company).state is TicketState.OPEN


def test_a_department_that_nobody_shows_any_more_does_not_end_it(company: Harness) -> None:
    leaves(company, "ann", 10 * DAY)
    leaves(company, "ann", 10 * DAY, department=None)
    assert company.standing("ann") is Standing.LEAVING
    assert review(company).state is TicketState.OPEN


def test_saved_in_parts_closed_when_complete_and_confirmed_by_a_second_person(company: Harness) -> None:
    leaves(company, "ann", 10 * DAY)
    acts, link = company.app.conversations, token(company)
    part = Checklist(
        answers={CheckItem.PURPOSE: CheckAnswer.DONE}, words={CheckItem.PURPOSE: " case  file 7 "}
    )
    acts.save(link, part, company.now)
    shown = acts.look(link, company.now)
    assert shown.checklist.words == {CheckItem.PURPOSE: "case file 7"}
    assert [(one.name, one.admins) for one in shown.groups] == [("Ward 7", ("Dee",))]
    assert company.kinds()[-1] == events.TICKET_NOTED
    done = acts.save(link, COMPLETE, company.now)
    assert (done.state, done.grade, done.verified_by) == (TicketState.VERIFIED, Grade.C, "checklist")
    company.later(minutes=2)
    assert acts.look(link, company.now).undo_until is None
    with pytest.raises(Refused, match="nothing to review"):
        acts.save(link, COMPLETE, company.now)
    with pytest.raises(Refused, match="may be you"):
        company.desk.done(done.id, Actor(ROLE), company.now)
    assert company.desk.done(done.id, Actor("kim"), company.now).grade is Grade.B
    company.desk.reopen(done.id, Actor("kim"), "again", company.now)
    with pytest.raises(Refused, match="only whoever is asked"):
        company.desk.done(done.id, Actor("kim"), company.now)


def test_two_people_who_fill_it_in_at_once_keep_what_each_of_them_said(company: Harness) -> None:
    leaves(company, "ann", 10 * DAY)
    acts, link = company.app.conversations, token(company)
    first, second = CheckItem.PURPOSE, CheckItem.TOLD
    begun = Checklist({first: CheckAnswer.DONE}, {first: "file 7", second: "by phone"}, begin=DAY_ONE)
    acts.save(link, begun, company.now)
    of_kim = of_sam = acts.look(link, company.now).checklist
    kim = replace(
        of_kim, answers={first: CheckAnswer.NOT_NEEDED}, words={first: "agreed"}, result=ReviewResult.NOTED
    )
    acts.save(link, kim, company.now, of_kim)
    sam = replace(of_sam, answers={**of_sam.answers, second: CheckAnswer.DONE}, begin=DAY_ONE + DAY)
    acts.save(link, sam, company.now, of_sam)
    assert acts.look(link, company.now).checklist == Checklist(
        {first: CheckAnswer.NOT_NEEDED, second: CheckAnswer.DONE},
        {first: "agreed"},
        begin=DAY_ONE + DAY,
        result=ReviewResult.NOTED,
    )


def test_taken_back_within_a_minute_with_what_was_said(company: Harness) -> None:
    leaves(company, "ann", 10 * DAY)
    acts, link = company.app.conversations, token(company)
    acts.save(link, COMPLETE, company.now)
    assert acts.look(link, company.now).undo_until is not None
    company.assigned.undo(link, company.now)
    shown = acts.look(link, company.now)
    assert (shown.ticket.state, shown.checklist) == (TicketState.OPEN, COMPLETE)


# --- files that the reviewer seals by the link ------------------------------------------------------------


def exported(company: Harness) -> Measured:
    measuring = company.app.sealing.measuring("chat.txt", company.now)
    measuring.take(b"03/11/2026, 09:00 - Dee: the rota\n")
    return measuring.end()


def test_the_reviewer_seals_a_file_by_the_link(company: Harness) -> None:
    leaves(company, "ann", 10 * DAY)
    acts, link = company.app.sealing, token(company)
    acts.check_link(link, company.now)
    seal = acts.seal_by_link(link, exported(company), company.now, "by Dee", "Legal").seal
    assert (seal.ticket, seal.made_by, seal.how) == (review(company).id, ROLE, "by Dee")
    assert [(one.giver, one.taker) for one in seal.custody] == [(ROLE, "Legal")]


def revoke(company: Harness) -> None:
    company.assigned.revoke(review(company).id, Actor("kim"), company.now)


def pass_on(company: Harness) -> None:
    company.desk.assign(review(company).id, "ben@example.org", Actor("kim"), company.now)


def waive(company: Harness) -> None:
    company.desk.waive(review(company).id, Actor("kim"), "agreed", company.now)


@pytest.mark.parametrize(
    "meanwhile, why",
    [
        (revoke, "The link was ended"),
        (pass_on, "The link was ended"),
        (waive, "nothing to review any more"),
        (lambda company: company.later(days=60), "The link was ended"),
    ],
    ids=["revoked", "somebody else's", "over", "expired"],
)
def test_a_file_is_refused_if_the_link_ends_while_it_is_received(
    company: Harness, meanwhile: Callable[[Harness], object], why: str
) -> None:
    leaves(company, "ann", 10 * DAY)
    acts, link = company.app.sealing, token(company)
    acts.check_link(link, company.now)
    meanwhile(company)
    with pytest.raises(NotTaken, match=why):
        acts.seal_by_link(link, exported(company), company.now)
    with company.store.reading() as uow:
        assert not uow.seals.page(0, 9)


def test_a_ticket_of_another_kind_takes_no_files_by_its_link(company: Harness) -> None:
    company.leave("ann")
    company.settle()
    [other] = company.tickets(TicketKind.REMOVE_MEMBER)
    with pytest.raises(NotTaken):
        company.app.sealing.check_link(company.link(other.id).rpartition("/")[2], company.now)


# --- how many are asked for -------------------------------------------------------------------------------


def test_the_first_run_is_held_and_reports_count_what_is_still_to_be_asked(
    start: Callable[..., Harness],
) -> None:
    harness = start(controls=ControlPolicy(conversations=(RULE,)))
    leaves(harness, "ann", 10 * DAY)
    [plan] = harness.plans()
    assert [(cohort.id, cohort.size) for cohort in plan.cohorts] == [(CONVERSATIONS.id, 1)]
    at = list(CATALOGUE).index(CONVERSATIONS.id)
    assert harness.app.controls.report(harness.now)[at].counts.failed == 1
    harness.decide()
    harness.control()
    assert review(harness).is_live
    assert harness.app.controls.report(harness.now)[at].counts.failed == 1


def test_without_a_rule_nothing_is_held_and_nothing_is_asked_for(company: Harness) -> None:
    company.hire("ann", department="Finance", leave_at=company.now + 10 * DAY)
    company.settle()
    job = AskForReviews(None, company.rules, company.app.rules.teller)
    with company.store.begin() as uow:
        assert job.held(uow, company.now) == HeldFindings(0, ())
        assert job.open(uow, 9, 9, Counter(), company.now) == []


def test_no_more_are_asked_for_than_are_left_of_the_day(company: Harness) -> None:
    for person in ("ann", "ben"):
        company.hire(person, department="Finance", leave_at=company.now + 10 * DAY)
    company.settle()
    job = AskForReviews(RULE, company.rules, company.app.rules.teller)
    with company.store.begin() as uow:
        assert len(job.open(uow, 1, 9, Counter(), company.now)) == 1


def test_so_many_a_day(start: Callable[..., Harness]) -> None:
    harness = start(controls=ControlPolicy(conversations=(RULE,), daily_max=1))
    harness.control()
    for person in ("ann", "ben", "cem"):
        harness.hire(person, department="Finance", leave_at=harness.now + 10 * DAY)
    harness.settle()
    harness.control()
    assert len(harness.tickets(TicketKind.REVIEW_CONVERSATIONS)) == 1
    harness.later(days=1)
    harness.control()
    assert len(harness.tickets(TicketKind.REVIEW_CONVERSATIONS)) == 2


def test_many_are_looked_up_by_as_many_queries_as_one(company: Harness) -> None:
    def wanted() -> None:
        with company.store.reading() as uow:
            assert list(reviews_wanted(uow, RULE, company.now))

    def looked_up(*people: str) -> tuple[int, int, int]:
        """Queries about people while reviews of these are found, about admins while they are asked for, and after."""
        for person in people:
            company.hire(person, department="Finance", leave_at=company.now + 10 * DAY)
        company.settle()
        before = queries(company, wanted, *PEOPLE)
        admins = queries(company, company.control, "membership AS theirs")
        return before, admins, queries(company, company.control, *PEOPLE)

    looked_up("ann")  # whose review goes on from now on
    assert looked_up("ben") == looked_up("cem", "eve")
    assert len(company.tickets(TicketKind.REVIEW_CONVERSATIONS)) == 4


PEOPLE = ("FROM person", "FROM ticket")


def queries(company: Harness, work: Callable[[], object], *words: str) -> int:
    """How many statements with one of these words some work needs."""
    sent: list[str] = []

    def note(*what: Any) -> None:
        sent.append(what[2])

    sa.event.listen(company.engine, "before_cursor_execute", note)
    work()
    sa.event.remove(company.engine, "before_cursor_execute", note)
    return sum(any(word in one for word in words) for one in sent)


def test_what_was_written_is_erased_with_the_person(company: Harness) -> None:
    leaves(company, "ann", 10 * DAY)
    company.app.conversations.save(token(company), COMPLETE, company.now)
    company.later(days=11)
    company.drop("ward-7", "ann")
    company.settle()
    company.later()
    company.settle()
    company.desk.erase("ann", Actor("kim"), "asked to", company.now)
    [ticket] = company.tickets(TicketKind.REVIEW_CONVERSATIONS)
    assert "they asked for it" not in str(ticket.details)
    assert ticket.details["checklist"]["items"]["told"]["answer"] == "not_needed"
