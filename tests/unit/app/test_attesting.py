"""People are asked for statements, and are asked again by the rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from attested import (
    COURSE,
    DUTIES_2,
    PHONE,
    POLICY_3,
    TEXT,
    Made,
    asking,
    attesting,
    counts,
    rule_anew,
    said,
    say,
    tickets,
    token,
)
from builders import facts, rules
from harness import Harness
from worker.app.acts.statements import StatementList
from worker.domain.controls.others import POLICY
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.statements import (
    AttestAnswer,
    ImportedRow,
    Statement,
    text_hash,
)
from worker.domain.controls.switch import ControlSwitch, Mode, Where
from worker.domain.model import GroupKey, Member
from worker.domain.tickets.ticket import TicketState
from worker.ports import BadConfig
from worker.storage.sql.tables import ticket as ticket_table


@pytest.fixture
def asked(start: Made) -> Made:
    return asking(start)


def _times(harness: Harness, person: str) -> dict[str, int]:
    """The days that somebody has for each of their tickets, by occasion."""
    return {one.occasion: (one.due_at - one.opened_at).days for one in tickets(harness, person)}


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
