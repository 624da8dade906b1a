"""People are asked for statements, answer by their link, and are asked again by the rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from builders import facts, rules
from harness import Harness
from worker.app.acts.attesting import Attesting
from worker.app.acts.statements import StatementAnswer, StatementList
from worker.app.refused import Refused
from worker.domain.controls.others import DEVICE, DUTIES, POLICY, TRAINING
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.statements import (
    Assurance,
    AttestAnswer,
    Attestation,
    ImportedRow,
    ItemAnswer,
    Statement,
    StatementRule,
    text_hash,
)
from worker.domain.controls.switch import ControlSwitch, Mode, Where
from worker.domain.evidence.actor import Actor
from worker.domain.model import GroupKey, Member
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState
from worker.ports import BadConfig
from worker.storage.sql.tables import ticket as ticket_table

ASKS = ControlSwitch(Mode.TICKET)
TEXT = "# Policy\n\nBe kind."
POLICY_3 = StatementRule(
    Statement.POLICY, POLICY.id, ASKS, "messaging", "3", texts={"en": TEXT}, every=timedelta(days=365)
)
DUTIES_2 = StatementRule(
    Statement.DUTIES,
    DUTIES.id,
    ASKS,
    "",
    "2",
    texts={"en": "# Duties"},
    only_admins=True,
    for_each_group=True,
)
COURSE = StatementRule(Statement.TRAINING, TRAINING.id, ASKS, "MSG-101", "1", every=timedelta(days=365))
PHONE = StatementRule(Statement.DEVICE, DEVICE.id, ASKS, "", "1", items=("screen_lock", "not_shared"))
Made = Callable[..., Harness]


@pytest.fixture
def asked(start: Made) -> Made:
    """A company that asks for these statements, whose first run was released."""

    def make(*rules: StatementRule) -> Harness:
        harness = start(controls=ControlPolicy(statements=rules, daily_max=10))
        harness.control()
        harness.decide()
        harness.control()
        return harness

    return make


def rule_anew(harness: Harness, *rules: StatementRule) -> None:
    """The worker is started again with other rules."""
    policy = replace(harness.app.rules.controls, statements=rules)
    harness.start(replace(harness.app.rules, controls=policy))


def attesting(harness: Harness) -> Attesting:
    return harness.app.attesting


def tickets(harness: Harness, person: str = "") -> list[Ticket]:
    found = harness.tickets(TicketKind.ATTEST)
    return [one for one in found if not person or (one.person and one.person.person_id == person)]


def token(harness: Harness, ticket: Ticket) -> str:
    return harness.link(ticket.id).rpartition("/")[2]


def _times(harness: Harness, person: str) -> dict[str, int]:
    """The days that somebody has for each of their tickets, by occasion."""
    return {one.occasion: (one.due_at - one.opened_at).days for one in tickets(harness, person)}


def say(
    harness: Harness, ticket: Ticket, answer: AttestAnswer = AttestAnswer.ACCEPTED, **more: object
) -> Ticket:
    said = StatementAnswer(answer, **({"text_sha256": text_hash(TEXT)} | more))  # type: ignore[arg-type]
    [after] = attesting(harness).answer(token(harness, ticket), {ticket.id: said}, harness.now)
    return after


def said(harness: Harness) -> list[Attestation]:
    with harness.store.begin() as uow:
        return uow.attestations.page(0, 100)


def counts(harness: Harness, control: str) -> tuple[int, int, int, int]:
    [one] = [one.counts for one in harness.app.controls.report(harness.now) if one.control == control]
    return one.subjects, one.passed, one.failed, one.declined


class TestAsking:
    def test_everybody_in_a_group_is_asked_once(self, asked: Made) -> None:
        harness = asked(POLICY_3)
        assert sorted(one.person_name for one in tickets(harness)) == ["Ann", "Ben", "Cem", "Dee"]
        assert {one.occasion for one in tickets(harness)} == {"policy:messaging@3"}
        assert {one.assignee.email for one in tickets(harness) if one.assignee} == {
            f"{name}@corp.example" for name in ("ann", "ben", "cem", "dee")
        }
        harness.control()
        assert len(tickets(harness)) == 4

    def test_the_first_run_is_held_and_counted(self, start: Made) -> None:
        harness = start(controls=ControlPolicy(statements=(POLICY_3,)))
        harness.control()
        [plan] = harness.plans()
        assert plan.size == 4
        assert [one.name for one in plan.cohorts[0].subjects] == ["Ann", "Ben", "Cem", "Dee"]
        harness.decide(release=False)
        harness.control()
        assert not tickets(harness)

    def test_a_held_plan_has_a_row_for_each_statement_of_a_person(self, start: Made) -> None:
        rules = (POLICY_3, replace(POLICY_3, subject="photos"))
        harness = start(controls=ControlPolicy(statements=rules))
        harness.control()
        [part] = harness.plans()[0].cohorts
        assert part.findings == 8
        assert [(one.name, one.subject, one.found) for one in part.subjects] == [
            (name, name.casefold(), found)
            for name in ("Ann", "Ben", "Cem", "Dee")
            for found in ("messaging", "photos")
        ]

    def test_a_person_who_is_erased_is_in_no_held_plan(self, start: Made) -> None:
        rules = (POLICY_3, replace(POLICY_3, subject="photos"))
        harness = start(controls=ControlPolicy(statements=rules))
        harness.control()
        ann = harness.person("ann").key
        with harness.store.begin() as uow:
            uow.people.erase(ann)
        [part] = harness.plans()[0].cohorts
        assert [one.name for one in part.subjects] == ["Ben", "Ben", "Cem", "Cem", "Dee", "Dee"]
        assert part.findings == 8

    def test_report_alone_asks_nobody(self, start: Made) -> None:
        harness = start(controls=ControlPolicy(statements=(replace(POLICY_3, switch=ControlSwitch()),)))
        harness.control()
        assert not harness.plans()
        assert not tickets(harness)
        assert counts(harness, POLICY.id) == (4, 0, 4, 0)

    def test_admins_are_asked_for_each_of_their_groups(self, asked: Made) -> None:
        harness = asked(DUTIES_2)
        [one] = tickets(harness)
        assert (one.person_name, one.occasion) == ("Dee", "duties:2@wards/ward-7")
        harness.group("ward-8", "ann", admins=["dee"])
        harness.inventory()
        harness.reconcile()
        harness.control()
        assert len(tickets(harness)) == 2

    def test_an_admins_ticket_stays_in_its_group_and_as_it_is_until_it_is_answered(self, asked: Made) -> None:
        harness = asked(DUTIES_2)
        [before] = tickets(harness)
        for _ in range(3):
            harness.later(hours=1)
            harness.control()
            harness.verify()
        assert tickets(harness) == [before]
        assert before.group == GroupKey("wards", "ward-7")

        say(harness, before, text_sha256=text_hash("# Duties"))
        harness.control()
        assert [one.group for one in said(harness)] == [before.group]
        assert tickets(harness)[0].state is TicketState.VERIFIED
        assert counts(harness, DUTIES_2.control) == (1, 1, 0, 0)
        harness.group("ward-8", "ann", admins=["dee"])
        harness.inventory()
        harness.reconcile()
        harness.control()
        assert counts(harness, DUTIES_2.control) == (2, 1, 1, 0)

    @pytest.mark.parametrize("lost", [{"group_source": None, "group_id": ""}, {"group_id": ""}])
    def test_an_admins_ticket_that_an_older_release_wrote_stays_as_it_is(
        self, asked: Made, lost: dict[str, str | None]
    ) -> None:
        """Before migration 0044, nothing but its occasion said in which group; a rolling upgrade writes such rows."""
        harness = asked(DUTIES_2)
        before = tickets(harness)
        with harness.engine.begin() as connection:
            connection.execute(sa.update(ticket_table).values(lost))
        assert [one.group for one in tickets(harness)] != [GroupKey("wards", "ward-7")]
        harness.control()
        assert tickets(harness) == before

    def test_an_admins_ticket_is_one_of_the_groups(self, asked: Made) -> None:
        harness = asked(DUTIES_2)
        harness.group("ward-8", "ann", admins=["dee"])
        harness.settle()
        harness.control()
        with harness.store.reading() as uow:
            found = {
                key: [one.occasion for one in uow.tickets.of_group(GroupKey("wards", key))]
                for key in ("ward-7", "ward-8")
            }
        assert found == {"ward-7": ["duties:2@wards/ward-7"], "ward-8": ["duties:2@wards/ward-8"]}

    def test_an_admin_who_declines_is_not_asked_again(self, asked: Made) -> None:
        harness = asked(DUTIES_2)
        say(harness, tickets(harness)[0], AttestAnswer.DECLINED, text_sha256=text_hash("# Duties"))
        harness.later(hours=1)
        harness.control()
        assert tickets(harness)[0].state is TicketState.VERIFIED
        assert counts(harness, DUTIES_2.control)[3] == 1

    def test_a_rule_for_some_groups_asks_their_people_alone(self, start: Made) -> None:
        here = replace(POLICY_3, switch=ControlSwitch(Mode.TICKET, Where(groups=("Ward 8",))))
        harness = start(controls=ControlPolicy(statements=(here,)))
        harness.group("ward-8", "eve")
        harness.inventory()
        harness.reconcile()
        harness.control()
        harness.decide()
        harness.control()
        assert [one.person_name for one in tickets(harness)] == ["Eve"]

    def test_no_more_than_the_days_share_is_opened(self, start: Made) -> None:
        harness = start(controls=ControlPolicy(statements=(POLICY_3,), per_day=3))
        harness.control()
        harness.decide()
        harness.control()
        harness.control()
        assert len(tickets(harness)) == 3
        harness.later(days=1)
        harness.control()
        assert len(tickets(harness)) == 4

    def test_a_joiners_time_runs_from_the_first_day(self, asked: Made) -> None:
        harness = asked(replace(POLICY_3, joiner_due=timedelta(days=7)))
        harness.hire("zoe")
        harness.wards.add_member("ward-7", harness.member("zoe"))
        harness.settle()
        first_day = harness.now
        harness.later(days=2)
        harness.control()
        [one] = tickets(harness, "zoe")
        assert one.due_at == first_day + timedelta(days=7)
        assert tickets(harness, "ann")[0].due_at - tickets(harness, "ann")[0].opened_at == timedelta(days=14)

    def test_a_new_group_is_told_within_three_days(self, asked: Made) -> None:
        harness = asked(replace(POLICY_3, switch=ControlSwitch(Mode.TICKET, Where(("ward*",)))), PHONE)
        harness.group("ward-8", "eve", admins=["dee"])
        harness.group("theatre-1", "fay")
        harness.settle()
        harness.control()
        assert _times(harness, "eve") == {
            "policy:messaging@3": 3,
            PHONE.occasion(harness.now.date(), None): 14,
        }
        assert _times(harness, "fay") == {PHONE.occasion(harness.now.date(), None): 14}, (
            "the policy isn't for them"
        )
        assert _times(harness, "ann")["policy:messaging@3"] == 14, "their group was there at first"

    def test_who_comes_to_it_later_has_the_usual_time(self, asked: Made) -> None:
        harness = asked(POLICY_3)
        harness.group("ward-8", "eve", admins=["dee"])
        harness.settle()
        harness.control()
        harness.later(days=3, seconds=1)
        harness.wards.add_member("ward-8", harness.member("fay"))
        harness.settle()
        harness.control()
        assert _times(harness, "fay") == {"policy:messaging@3": 14}

    def test_less_time_stays_less_in_a_new_group(self, asked: Made) -> None:
        harness = asked(replace(POLICY_3, due=timedelta(days=2)))
        harness.group("ward-8", "eve", admins=["dee"])
        harness.settle()
        harness.control()
        assert _times(harness, "eve") == {"policy:messaging@3": 2}

    def test_whoever_leaves_is_not_asked_any_more(self, asked: Made) -> None:
        harness = asked(POLICY_3)
        harness.leave("ann")
        harness.settle()
        harness.control()
        assert tickets(harness, "ann")[0].state is TicketState.CANCELLED
        assert tickets(harness, "ben")[0].state is TicketState.OPEN

    def test_a_removed_member_is_not_asked_any_more(self, asked: Made) -> None:
        harness = asked(POLICY_3)
        harness.drop("ward-7", "ann")
        harness.inventory()
        harness.control()
        assert tickets(harness, "ann")[0].state is TicketState.CANCELLED


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


class TestAskingAgain:
    def test_a_material_version_asks_everybody_again(self, asked: Made) -> None:
        harness = asked(POLICY_3)
        say(harness, tickets(harness, "ann")[0])
        rule_anew(harness, replace(POLICY_3, version="4", texts={"en": TEXT + "\n\nAnd fair."}))
        harness.later(minutes=2)
        harness.control()
        assert [(one.occasion, one.state.value) for one in tickets(harness, "ann")] == [
            ("policy:messaging@3", "verified"),
            ("policy:messaging@4", "open"),
        ]
        assert tickets(harness, "ben")[0].state is TicketState.CANCELLED

    def test_a_version_that_is_not_material_asks_nobody_who_accepted(self, asked: Made) -> None:
        harness = asked(POLICY_3)
        say(harness, tickets(harness, "ann")[0])
        rule_anew(harness, replace(POLICY_3, version="4", texts={"en": TEXT + "."}, is_material=False))
        harness.later(minutes=2)
        harness.control()
        assert len(tickets(harness, "ann")) == 1

    def test_a_text_that_changed_under_its_version_asks_nobody(self, asked: Made) -> None:
        harness = asked(POLICY_3)
        rule_anew(harness, replace(POLICY_3, texts={"en": TEXT + "?"}))
        harness.hire("zoe")
        harness.wards.add_member("ward-7", harness.member("zoe"))
        harness.settle()
        report = harness.control()
        assert "policy:messaging changed" in report.troubles[0]
        assert not tickets(harness, "zoe")

    def test_a_changed_text_is_said_by_its_rule(self, asked: Made) -> None:
        harness = asked(POLICY_3)
        assert not attesting(harness).changed_texts()
        rule_anew(harness, replace(POLICY_3, texts={"en": TEXT + "?"}))
        assert "its version is still 3" in attesting(harness).changed_texts()[0]

    def test_a_policy_that_is_gone_is_not_asked_for(self, asked: Made) -> None:
        harness = asked(POLICY_3)
        ticket = tickets(harness, "ann")[0]
        rule_anew(harness, PHONE)
        assert not attesting(harness).look(token(harness, ticket), harness.now).due
        harness.control()
        assert harness.ticket(ticket.id).state is TicketState.CANCELLED

    def test_it_is_asked_again_after_its_time(self, asked: Made) -> None:
        harness = asked(POLICY_3)
        ticket = tickets(harness, "ann")[0]
        say(harness, ticket)
        harness.later(days=364)
        harness.control()
        assert harness.ticket(ticket.id).state is TicketState.VERIFIED
        harness.later(days=2)
        harness.control()
        assert harness.ticket(ticket.id).state is TicketState.OPEN
        assert "answer" not in harness.ticket(ticket.id).details

    def test_whoever_comes_back_is_asked_again(self, asked: Made) -> None:
        harness = asked(POLICY_3)
        say(harness, tickets(harness, "ann")[0])
        harness.later(days=1)
        harness.leave("ann")
        harness.settle()
        harness.later(days=1)
        harness.corp.enable("ann")
        harness.settle()
        harness.control()
        assert tickets(harness, "ann")[0].state is TicketState.OPEN


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

    def test_a_row_is_kept_once_and_one_of_nobody_is_said(self, asked: Made) -> None:
        harness = asked(COURSE)
        self.take(harness, self.rows("ann"))
        kept, problems = self.take(harness, self.rows("ann", "nobody-here"))
        assert kept == 0
        assert problems[0].startswith("Line 3: 'nobody-here@corp.example'")
        other = [replace(self.rows("ben")[0], subject="ANOTHER")]
        assert self.take(harness, other) == (0, ())

    def test_a_list_without_a_rule_is_refused(self, asked: Made) -> None:
        with pytest.raises(Refused, match="asks for training"):
            self.take(asked(POLICY_3), self.rows("ann"))

    def test_each_run_reads_the_configured_lists(self, start: Made) -> None:
        harness = start(controls=ControlPolicy(statements=(COURSE,)))
        rows = self.rows("ann", "ben")
        lists = (StatementList(Statement.TRAINING, "lms.csv", lambda: rows),)
        harness.start(replace(harness.app.rules, statement_lists=lists))
        report = harness.control()
        assert report.counts["taken_from_lists"] == 2
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


def test_people_without_an_address_are_asked_too_and_count_by_themselves(start: Made) -> None:
    harness = start(controls=ControlPolicy(statements=(POLICY_3, PHONE), daily_max=1))
    for name in ("ann", "ben"):
        harness.corp.change(name, email=None, phones=(harness.number(name),))
    harness.settle()
    harness.control()
    harness.decide()
    harness.control()
    assert sorted(one.person_name for one in tickets(harness)) == ["Ann", "Ben", "Cem", "Dee"]


def test_a_person_with_two_accounts_is_asked_once(found: Made) -> None:
    harness = found(directories=("corp", "entra"), controls=ControlPolicy(statements=(POLICY_3,)))
    harness.hire("ann", employee_id="7")
    harness.directories[1].put(
        facts("ann-2", employee_id="7", email="ann@corp.example", phones=("+447700900777",))
    )
    harness.group("ward-7", "ann")
    harness.wards.add_member("ward-7", Member("+447700900777", "Ann", phone="+447700900777"))
    harness.settle()
    harness.control()
    harness.decide()
    harness.control()
    [one] = tickets(harness)
    say(harness, one)
    harness.later(days=1)
    harness.control()
    assert len(tickets(harness)) == 1


def test_a_list_that_cannot_be_read_is_a_trouble_and_the_rest_goes_on(start: Made) -> None:
    def broken() -> list[ImportedRow]:
        raise BadConfig("lms.csv can't be read.", remedy="Check the path.")

    harness = start(controls=ControlPolicy(statements=(COURSE,)))
    lists = (StatementList(Statement.TRAINING, "lms.csv", broken),)
    harness.start(replace(harness.app.rules, statement_lists=lists))
    assert "lms.csv can't be read" in harness.control().troubles[0]
    assert len(harness.plans()) == 1


def test_a_company_with_no_one_who_answers_tells_the_channel(start: Made) -> None:
    harness = start(controls=ControlPolicy(statements=(POLICY_3,)), rules=rules(accountable=""))
    harness.control()
    harness.decide()
    harness.control()
    say(harness, tickets(harness, "ann")[0], AttestAnswer.DECLINED)
    after = say(harness, tickets(harness, "ben")[0], AttestAnswer.EXCEPTION)
    assert after.assignee is None
    harness.later(minutes=2)
    assert "Ann declined: messaging" in harness.titles()


def test_an_erased_persons_statement_stays_counted(asked: Made) -> None:
    harness = asked(POLICY_3)
    say(harness, tickets(harness, "ann")[0], words="private", initials="AA")
    ann = harness.person("ann").key
    with harness.store.begin() as uow:
        uow.people.erase(ann)
    [one] = said(harness)
    assert (one.person, one.reason, one.initials, one.version) == (None, "", "", "3")
