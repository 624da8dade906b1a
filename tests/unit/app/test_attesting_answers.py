"""People answer for statements by their link, and other systems say what they know."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from attested import COURSE, PHONE, POLICY_3, TEXT, Made, asking, attesting, counts, said, say, tickets, token
from harness import Harness
from worker.app.acts.statements import StatementAnswer, StatementList
from worker.app.refused import Refused
from worker.app.tell.signed_links import LinkDead
from worker.domain.controls.others import DEVICE, POLICY, TRAINING
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.statements import (
    Assurance,
    AttestAnswer,
    ImportedRow,
    ItemAnswer,
    Statement,
    text_hash,
)
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.ticket import AssigneeWhy, Grade, TicketState

POLICY_4 = replace(POLICY_3, subject="photos")
YES = StatementAnswer(AttestAnswer.ACCEPTED, text_hash(TEXT))
EXCEPTION = StatementAnswer(AttestAnswer.EXCEPTION, text_hash(TEXT))


@pytest.fixture
def asked(start: Made) -> Made:
    return asking(start)


class TestAnswering:
    def test_acceptance_by_link_is_grade_c(self, asked: Made) -> None:
        harness = asked(POLICY_3)
        after = say(harness, tickets(harness, "ann")[0])
        assert (after.state, after.grade) == (TicketState.VERIFIED, Grade.C)
        assert after.details["answer"] == "accepted"
        [one] = said(harness)
        assert (one.language, one.text_sha256, one.version) == ("en", text_hash(TEXT), "3")
        assert one.expires_at == harness.now + timedelta(days=365)
        assert counts(harness, POLICY.id) == (4, 1, 3, 0)

    def test_acceptance_after_signing_in_is_grade_b(self, asked: Made) -> None:
        harness = asked(POLICY_3)
        ticket = tickets(harness, "ann")[0]
        words = StatementAnswer(AttestAnswer.ACCEPTED, text_hash(TEXT))
        [after] = attesting(harness).answer(
            token(harness, ticket), {ticket.id: words}, harness.now, Assurance.SIGNED_IN
        )
        assert after.grade is Grade.B

    def test_another_text_than_the_one_shown_is_refused(self, asked: Made) -> None:
        harness = asked(POLICY_3)
        with pytest.raises(Refused, match="text has changed"):
            say(harness, tickets(harness, "ann")[0], text_sha256=text_hash(TEXT + "!"))
        assert not said(harness)

    def test_a_decline_is_kept_told_and_never_asked_again(self, asked: Made) -> None:
        harness = asked(POLICY_3)
        harness.deliver()
        after = say(harness, tickets(harness, "ann")[0], AttestAnswer.DECLINED, words="not on  my phone")
        assert (after.state, after.details["answer"]) == (TicketState.VERIFIED, "declined")
        harness.later(days=30)
        harness.control()
        assert len(tickets(harness, "ann")) == 1
        assert tickets(harness, "ann")[0].state is TicketState.VERIFIED
        assert counts(harness, POLICY.id) == (4, 0, 4, 1)
        assert "Ann declined: messaging" in harness.titles()

    def test_an_exception_goes_to_the_accountable_person(self, asked: Made) -> None:
        harness = asked(POLICY_3)
        after = say(harness, tickets(harness, "ann")[0], AttestAnswer.EXCEPTION)
        assert after.state is TicketState.OPEN
        assert after.assignee is not None
        assert after.assignee.email == "it-security@example.org"

    def test_whoever_is_given_the_ticket_does_not_answer_it(self, asked: Made) -> None:
        harness = asked(POLICY_3, PHONE)
        policy, _ = tickets(harness, "ann")
        say(harness, policy, AttestAnswer.EXCEPTION)
        theirs = token(harness, policy)
        harness.later()
        found = attesting(harness).look(theirs, harness.now)
        assert (found.is_theirs, found.due, found.kept) == (False, (), ())
        assert not attesting(harness).answer(theirs, {policy.id: YES}, harness.now)
        harness.desk.assign(policy.id, "ben@corp.example", Actor("sam"), harness.now)
        assert not attesting(harness).answer(token(harness, policy), {policy.id: YES}, harness.now)
        harness.desk.assign(policy.id, "ann@corp.example", Actor("sam"), harness.now)
        assert say(harness, policy).state is TicketState.VERIFIED
        assert [one.answer for one in said(harness)] == [AttestAnswer.EXCEPTION, AttestAnswer.ACCEPTED]

    @pytest.mark.parametrize("at", [0, 1])
    def test_an_exception_is_taken_back_with_the_answers_beside_it(self, asked: Made, at: int) -> None:
        harness = asked(POLICY_3, POLICY_4)
        both = tickets(harness, "ann")
        link = token(harness, both[0])
        answers = {one.id: YES for one in both} | {both[at].id: EXCEPTION}
        attesting(harness).answer(link, answers, harness.now)
        found = attesting(harness).look(link, harness.now)
        assert ([one.ticket.id for one in found.answered], found.due) == ([one.id for one in both], ())
        attesting(harness).undo(link, harness.now)
        assert {one.state for one in tickets(harness, "ann")} == {TicketState.OPEN}
        assert {one.assignee and one.assignee.email for one in tickets(harness, "ann")} == {
            "ann@corp.example"
        }
        assert not said(harness)

    def test_the_link_of_an_exception_still_opens_what_else_is_due(self, asked: Made) -> None:
        harness = asked(POLICY_3, PHONE)
        policy, phone = tickets(harness, "ann")
        link = token(harness, policy)
        attesting(harness).answer(link, {policy.id: EXCEPTION}, harness.now)
        harness.later(minutes=2)
        assert [one.ticket.id for one in attesting(harness).look(link, harness.now).due] == [phone.id]
        harness.leave("ann")
        harness.settle()
        with pytest.raises(LinkDead):
            attesting(harness).look(link, harness.now)

    def test_the_link_of_an_exception_is_over_with_it_if_nothing_else_is_theirs(self, asked: Made) -> None:
        harness = asked(POLICY_3)
        [policy] = tickets(harness, "ann")
        link = token(harness, policy)
        say(harness, policy, AttestAnswer.EXCEPTION)
        assert attesting(harness).look(link, harness.now).answered
        harness.later(minutes=2)
        with pytest.raises(LinkDead):
            attesting(harness).look(link, harness.now)

    def test_an_answer_can_be_taken_back_for_a_minute(self, asked: Made) -> None:
        harness = asked(POLICY_3, PHONE)
        policy, _ = tickets(harness, "ann")
        say(harness, policy)
        seen = attesting(harness).look(token(harness, policy), harness.now)
        assert [one.ticket.id for one in seen.answered] == [policy.id]
        assert [one.label for one in said(harness)] == ["A-000001"]
        [undone] = attesting(harness).undo(token(harness, policy), harness.now)
        assert undone.state is TicketState.OPEN
        assert not said(harness)
        say(harness, policy)
        harness.later(minutes=2)
        with pytest.raises(Refused):
            attesting(harness).undo(token(harness, policy), harness.now)
        assert len(said(harness)) == 1

    def test_what_was_said_the_year_before_stays_when_another_answer_is_taken_back(self, asked: Made) -> None:
        harness = asked(POLICY_3)
        say(harness, tickets(harness, "ann")[0])
        harness.later(days=366)
        harness.control()
        [again] = tickets(harness, "ann")
        assert (again.state, again.reopened) == (TicketState.OPEN, 1)
        link = token(harness, again)
        harness.assigned.answer(link, Answer.OTHER, "on the ward", harness.now)
        assert harness.assigned.undo(link, harness.now).state is TicketState.OPEN
        assert [one.label for one in said(harness)] == ["A-000001"]

    def test_one_page_has_all_that_a_person_is_asked_for(self, asked: Made) -> None:
        harness = asked(POLICY_3, PHONE)
        first, second = tickets(harness, "ann")
        found = attesting(harness).look(token(harness, second), harness.now)
        assert [one.ticket.id for one in found.due] == [second.id, first.id]
        assert found.name == "Ann"

    def test_a_device_that_is_not_secured_does_not_pass(self, asked: Made) -> None:
        harness = asked(PHONE)
        yes_and_no = {"screen_lock": ItemAnswer.YES, "not_shared": ItemAnswer.CANNOT}
        say(harness, tickets(harness, "ann")[0], items=yes_and_no)
        say(harness, tickets(harness, "ben")[0], items=dict.fromkeys(PHONE.items, ItemAnswer.YES))
        assert counts(harness, DEVICE.id) == (4, 1, 3, 0)
        with pytest.raises(Refused, match="each of the questions"):
            say(harness, tickets(harness, "cem")[0], items={"screen_lock": ItemAnswer.YES})

    def test_initials_are_typed_where_they_are_asked_for(self, asked: Made) -> None:
        harness = asked(replace(POLICY_3, has_typed_name=True))
        ticket = tickets(harness, "ann")[0]
        with pytest.raises(Refused, match="initials"):
            say(harness, ticket)
        say(harness, ticket, initials="AA")
        assert said(harness)[0].initials == "AA"

    def test_nobody_else_can_say_so(self, asked: Made) -> None:
        harness = asked(POLICY_3)
        number = tickets(harness, "ann")[0].id
        with pytest.raises(Refused, match="only whoever is asked"):
            harness.desk.done(number, Actor("sam"), harness.now)
        with pytest.raises(Refused):
            harness.assigned.done(token(harness, tickets(harness, "ann")[0]), harness.now)


class TestOtherSystems:
    def rows(self, *people: str) -> list[ImportedRow]:
        return [ImportedRow(2 + at, f"{name}@corp.example", "MSG-101") for at, name in enumerate(people)]

    def take(self, harness: Harness, rows: list[ImportedRow]) -> tuple[int, tuple[str, ...]]:
        taken = attesting(harness).take(rows, Statement.TRAINING, "lms.csv", Actor("lms"), harness.now)
        return taken.kept, taken.problems

    def test_a_list_closes_tickets_with_grade_b(self, asked: Made) -> None:
        harness = asked(COURSE)
        assert self.take(harness, self.rows("ann")) == (1, ())
        harness.control()
        [one] = tickets(harness, "ann")
        assert (one.state, one.grade) == (TicketState.VERIFIED, Grade.B)
        assert counts(harness, TRAINING.id) == (4, 1, 3, 0)

    @pytest.mark.parametrize("has_passed", [False, True])
    def test_who_declines_by_a_list_is_not_reminded_and_a_pass_comes_first(
        self, asked: Made, has_passed: bool
    ) -> None:
        harness = asked(COURSE)
        [row] = self.rows("ann")
        rows = [row, replace(row, line=3, answer=AttestAnswer.DECLINED)]
        self.take(harness, rows if has_passed else rows[1:])
        harness.control()
        [one] = tickets(harness, "ann")
        said_so = AttestAnswer.ACCEPTED if has_passed else AttestAnswer.DECLINED
        assert (one.state, one.grade, one.details["answer"]) == (TicketState.VERIFIED, Grade.B, said_so)
        harness.deliver()
        told = [message.paragraphs[0].headline for message in harness.soc.sent]
        assert any("declined" in said for said in told) is not has_passed

    def test_an_exception_of_a_list_goes_to_the_accountable_person_once(self, asked: Made) -> None:
        harness = asked(COURSE)
        [row] = self.rows("ann")
        self.take(harness, [replace(row, answer=AttestAnswer.EXCEPTION)])
        harness.control()
        [one] = tickets(harness, "ann")
        assert (one.state, one.details["answer"]) == (TicketState.OPEN, AttestAnswer.EXCEPTION)
        assert one.assignee is not None
        assert one.assignee.why is AssigneeWhy.ACCOUNTABLE
        harness.control()
        assert tickets(harness, "ann") == [one]

    def test_a_row_is_kept_once_and_one_of_nobody_is_said(self, asked: Made) -> None:
        harness = asked(COURSE)
        self.take(harness, self.rows("ann"))
        kept, problems = self.take(harness, self.rows("ann", "nobody-here"))
        assert kept == 0
        assert problems[0].startswith("Line 3: 'nobody-here@corp.example'")
        other = [replace(self.rows("ben")[0], subject="ANOTHER")]
        assert self.take(harness, other) == (0, ())

    def test_capitals_of_a_course_make_no_difference_and_other_courses_are_counted(self, asked: Made) -> None:
        harness = asked(COURSE)
        [own], [other] = self.rows("ann"), self.rows("ben")
        rows = [replace(own, subject="msg-101"), replace(other, subject="MSG-102")]
        taken = attesting(harness).take(rows, Statement.TRAINING, "lms.csv", Actor("lms"), harness.now)
        assert (taken.kept, taken.problems, taken.others) == (1, (), {"MSG-102": 1})
        harness.control()
        assert [one.state for one in tickets(harness, "ann")] == [TicketState.VERIFIED]

    def test_a_row_that_is_not_clear_is_named_and_shows_nothing(self, asked: Made) -> None:
        harness = asked(COURSE)
        [to_come] = self.rows("ann")
        to_come = replace(to_come, on=harness.now.date() + timedelta(days=1))
        [no_answer] = self.rows("ben")
        assert self.take(harness, [to_come, replace(no_answer, line=3, answer=None)]) == (
            0,
            (
                f"Line 2: {to_come.on} is a day to come.",
                "Line 3: Its answer is none of accepted, declined and exception.",
            ),
        )
        assert counts(harness, TRAINING.id) == (4, 0, 4, 0)

    def test_a_device_passes_once_a_list_says_yes_to_each_item_that_is_asked(self, asked: Made) -> None:
        harness = asked(PHONE)
        yes, no = ItemAnswer.YES, ItemAnswer.NO
        said = [
            {"screen_lock": yes, "not_shared": yes, "auto_lock": no},  # of which the last is not asked
            {"screen_lock": yes},
            {},
            {"screen_lock": no},
        ]
        people = self.rows("ann", "ben", "cem", "dee")
        rows = [replace(row, subject="", items=items) for row, items in zip(people, said, strict=True)]
        taken = attesting(harness).take(rows, Statement.DEVICE, "mdm.csv", Actor("mdm"), harness.now)
        assert (taken.kept, taken.of_nobody) == (2, 0)
        assert taken.problems == (
            "Line 3: It says nothing of not_shared.",
            "Line 4: It says nothing of screen_lock, not_shared.",
        )
        assert counts(harness, DEVICE.id) == (4, 1, 3, 0)

    def test_a_list_without_a_rule_is_refused(self, asked: Made) -> None:
        with pytest.raises(Refused, match="asks for training"):
            self.take(asked(POLICY_3), self.rows("ann"))

    def test_each_run_reads_the_configured_lists(self, start: Made) -> None:
        harness = start(controls=ControlPolicy(statements=(COURSE,)))
        to_come = [replace(row, on=harness.now.date() + timedelta(days=1)) for row in self.rows("cem")]
        rows = [*self.rows("ann", "ben", "nobody-here"), *to_come]
        lists = (StatementList(Statement.TRAINING, "lms.csv", lambda: rows),)
        harness.start(replace(harness.app.rules, statement_lists=lists))
        report = harness.control()
        taken = [report.counts[name] for name in ("taken_from_lists", "rows_of_nobody", "rows_unclear")]
        assert taken == [2, 1, 1]
        assert "taken_from_lists" not in harness.control().counts
        assert counts(harness, TRAINING.id) == (4, 2, 2, 0)

    def test_what_an_import_says_ends(self, asked: Made) -> None:
        harness = asked(COURSE)
        first = replace(
            self.rows("ann")[0], on=harness.now.date(), until=harness.now.date() + timedelta(days=30)
        )
        self.take(harness, [first])
        assert counts(harness, TRAINING.id)[1] == 1
        harness.later(days=31)
        assert counts(harness, TRAINING.id)[1] == 0


def test_an_erased_persons_statement_stays_counted(asked: Made) -> None:
    harness = asked(POLICY_3)
    say(harness, tickets(harness, "ann")[0], words="private", initials="AA")
    ann = harness.person("ann").key
    with harness.store.begin() as uow:
        uow.people.erase(ann)
    [one] = said(harness)
    assert (one.person, one.reason, one.initials, one.version) == (None, "", "", "3")
