"""A private number is shown to a group only after its owner agreed."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from builders import facts
from consented import (
    NURSES,
    POLICY_1,
    RULE,
    TEXT,
    Made,
    additions,
    allow,
    asked,
    consenting_ward,
    counts,
    hire,
    more_wards,
    noted,
    removed,
    say,
    settle,
)
from worker.app.acts.statements import StatementAnswer
from worker.app.jobs.consenting import GROUPS_PAGE
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.statements import AttestAnswer, StatementRule, text_hash
from worker.domain.controls.switch import ControlSwitch, Mode, Where
from worker.domain.tickets.ticket import Grade, TicketState


@pytest.fixture
def ward(start: Made) -> Made:
    return consenting_ward(start)


class TestAsking:
    def test_whose_only_number_is_private_is_asked_before_a_group_is_shown_it(self, ward: Made) -> None:
        harness = ward()
        hire(harness, "zoe", "otherMobile")
        hire(harness, "yan", "mobile")
        hire(harness, "xia", "otherMobile", "mobile")
        harness.settle()
        harness.control()
        [plan] = harness.plans()
        assert [one.name for one in plan.cohorts[0].subjects] == ["Zoe"]
        assert not asked(harness)
        harness.decide()
        harness.control()
        [ticket] = asked(harness)
        assert (ticket.person_name, ticket.occasion) == ("Zoe", "consent")
        assert ticket.assignee is not None
        assert ticket.assignee.email == "zoe@corp.example"
        harness.control()
        assert len(asked(harness)) == 1

    def test_where_the_directory_does_not_say_nobody_is_asked_and_it_counts_as_unknown(
        self, ward: Made
    ) -> None:
        harness = ward()
        hire(harness, "yan", "otherMobile")
        hire(harness, "zoe")
        harness.settle()
        allow(harness)
        assert [one.person_name for one in asked(harness)] == ["Yan"]
        assert counts(harness) == (2, 0, 1, 0, 1)
        settle(harness)
        assert [one.person_name for one in additions(harness)] == ["Zoe"]

    def test_who_is_listed_already_is_not_about_to_be_shown(self, ward: Made) -> None:
        harness = ward()
        hire(harness, "zoe", "otherMobile")
        harness.wards.add_member("ward-7", harness.member("zoe"))
        harness.settle()
        allow(harness)
        assert not asked(harness)
        assert counts(harness) == (0, 0, 0, 0, 0)

    @pytest.mark.parametrize("messenger, count", [("teams", 0), ("WhatsApp", 1), ("signal", 1), ("other", 0)])
    def test_only_messengers_that_add_people_by_their_number_need_it(
        self, ward: Made, messenger: str, count: int
    ) -> None:
        harness = ward()
        harness.group("ward-7", "ann", "ben", "cem", admins=["dee"], messenger=messenger)
        hire(harness, "zoe", "otherMobile")
        harness.settle()
        allow(harness)
        assert len(asked(harness)) == count

    def test_a_rule_for_some_groups_asks_for_these_alone(self, ward: Made) -> None:
        here = replace(RULE, switch=ControlSwitch(Mode.TICKET, Where(groups=("Porters",))))
        harness = ward(here)
        harness.group("porters", "hal", admins=["gus"])
        harness.inventory()
        hire(harness, "zoe", "otherMobile")
        harness.hire("yan", department="Porters", phones_in=(("home",),))
        harness.settle()
        allow(harness)
        assert [one.person_name for one in asked(harness)] == ["Yan"]
        settle(harness)
        assert [one.person_name for one in additions(harness)] == ["Zoe"]

    def test_a_question_ends_when_it_is_not_needed_any_more(self, ward: Made) -> None:
        harness = ward()
        hire(harness, "zoe", "otherMobile")
        harness.settle()
        allow(harness)
        harness.corp.change("zoe", phones_in=(("mobile",),))
        settle(harness)
        harness.control()
        assert [one.state for one in asked(harness)] == [TicketState.CANCELLED]

    def test_a_question_stays_if_somebody_is_added_all_the_same(self, ward: Made) -> None:
        harness = ward()
        hire(harness, "zoe", "otherMobile")
        harness.settle()
        allow(harness)
        harness.wards.add_member("ward-7", harness.member("zoe"))
        settle(harness)
        harness.control()
        assert [one.state for one in asked(harness)] == [TicketState.OPEN]

    def test_of_one_person_with_two_accounts_one_is_asked_and_work_is_work_in_both(self, found: Made) -> None:
        policy = ControlPolicy(statements=(RULE,))
        harness = found(directories=("corp", "cloud"), joiners=(NURSES,), controls=policy)
        corp, cloud = harness.directories
        harness.hire("dee")
        cloud.put(facts("c-dee"))
        harness.group("ward-7", admins=["dee"])
        harness.settle()
        for name, attribute in (("zoe", "home"), ("yan", "mobile")):
            harness.hire(name, department="Nursing", employee_id=f"E-{name}", phones_in=(("otherMobile",),))
            [known] = [known for known in corp.people() if known.person_id == name]
            cloud.put(replace(known, person_id=f"c-{name}", phones_in=((attribute,),)))
        settle(harness)
        allow(harness)
        assert [one.person_name for one in asked(harness)] == ["Zoe"]

    def test_report_shows_it_and_asks_nobody(self, ward: Made) -> None:
        harness = ward(replace(RULE, switch=ControlSwitch()))
        hire(harness, "zoe", "otherMobile")
        settle(harness)
        allow(harness)
        assert counts(harness) == (1, 0, 1, 0, 0)
        assert not asked(harness)
        settle(harness)
        assert len(additions(harness)) == 1


class TestWhatIsNoted:
    @pytest.mark.parametrize("rules", [(), (POLICY_1,)])
    def test_it_is_forgotten_once_no_rule_asks_for_consent(
        self, ward: Made, rules: tuple[StatementRule, ...]
    ) -> None:
        harness = ward()
        hire(harness, "zoe", "otherMobile")
        harness.settle()
        allow(harness)
        assert noted(harness) == ["zoe"]
        harness.start(replace(harness.app.rules, controls=ControlPolicy(statements=rules)))
        harness.later()
        harness.control()
        assert noted(harness) == []

    def test_it_is_written_page_by_page(self, ward: Made) -> None:
        harness = ward()
        more_wards(harness, GROUPS_PAGE)
        hire(harness, "zoe", "otherMobile")
        harness.settle()
        written: list[int] = [0]
        sa.event.listen(harness.engine, "commit", lambda _connection: written.append(0))

        def see(*what: object) -> None:
            written[-1] += "INSERT INTO" in str(what[2]) and "consent_subject" in str(what[2])

        sa.event.listen(harness.engine, "before_cursor_execute", see)
        harness.control()
        assert [count for count in written if count] == [1, 1]
        assert noted(harness) == ["zoe"]


class TestTheGate:
    def test_an_addition_waits_for_the_answer_and_opens_then(self, ward: Made) -> None:
        harness = ward()
        hire(harness, "zoe", "otherMobile")
        harness.settle()
        assert len(additions(harness)) == 1  # nobody is asked yet, so nothing waits
        allow(harness)
        settle(harness)
        assert not additions(harness)
        after = say(harness)
        assert (after.state, after.grade) == (TicketState.VERIFIED, Grade.C)
        harness.reconcile()
        [addition] = additions(harness)
        assert addition.handle == harness.number("zoe")
        assert counts(harness) == (1, 1, 0, 0, 0)

    @pytest.mark.parametrize("is_rejected", [False, True])
    def test_nothing_waits_while_a_person_has_not_allowed_the_question(
        self, ward: Made, is_rejected: bool
    ) -> None:
        harness = ward()
        hire(harness, "zoe", "otherMobile")
        harness.settle()
        harness.control()
        if is_rejected:
            harness.decide(release=False)
            harness.control()
        settle(harness)
        assert len(additions(harness)) == 1

    def test_without_a_gate_people_are_asked_and_added(self, ward: Made) -> None:
        harness = ward(replace(RULE, is_gate=False))
        hire(harness, "zoe", "otherMobile")
        harness.settle()
        allow(harness)
        settle(harness)
        assert len(asked(harness)) == len(additions(harness)) == 1

    def test_only_additions_wait(self, ward: Made) -> None:
        harness = ward()
        hire(harness, "zoe", "otherMobile")
        harness.settle()
        allow(harness)
        harness.leave("ann")
        settle(harness)
        assert [one.person_name for one in removed(harness)] == ["Ann"]

    def test_a_decline_is_final_until_they_consent_or_have_a_number_for_work(self, ward: Made) -> None:
        harness = ward()
        hire(harness, "zoe", "otherMobile")
        harness.settle()
        allow(harness)
        say(harness, AttestAnswer.DECLINED)
        settle(harness)
        harness.control()
        assert not additions(harness)
        assert len(asked(harness)) == 1
        assert counts(harness) == (1, 0, 1, 1, 0)
        no_rules = replace(harness.app.rules, controls=ControlPolicy())
        rules = harness.app.rules
        harness.start(no_rules)
        settle(harness)
        assert not additions(harness)  # whether anybody is asked or not
        harness.start(rules)
        say(harness)
        harness.reconcile()
        assert len(additions(harness)) == 1
        say(harness, AttestAnswer.DECLINED)
        harness.reconcile()
        assert not additions(harness)
        harness.corp.change("zoe", phones_in=(("mobile",),))
        settle(harness)
        assert len(additions(harness)) == 1

    def test_an_answer_that_is_undone_was_none(self, ward: Made) -> None:
        harness = ward()
        hire(harness, "zoe", "otherMobile")
        harness.settle()
        allow(harness)
        say(harness)
        harness.reconcile()
        assert len(additions(harness)) == 1
        harness.app.attesting.undo(harness.link(asked(harness)[0].id).rpartition("/")[2], harness.now)
        harness.reconcile()
        assert not additions(harness)

    def test_who_has_both_is_added_by_the_number_for_work(self, ward: Made) -> None:
        harness = ward()
        work = "+447700900777"
        harness.hire(
            "zoe",
            department="Nursing",
            phones=(harness.number("zoe"), work),
            phones_in=(("otherMobile",), ("mobile",)),
        )
        harness.hire("yan", department="Nursing", phones_in=(("home",),))
        harness.settle()
        allow(harness)
        settle(harness)
        assert [one.handle for one in additions(harness)] == [work]


class TestPolicies:
    def test_who_is_to_be_added_accepts_the_policy_first(self, ward: Made) -> None:
        harness = ward(POLICY_1)
        hire(harness, "zoe")
        harness.settle()
        allow(harness)
        settle(harness)
        assert not additions(harness)
        mine = [one for one in asked(harness) if one.person_name == "Zoe"]
        assert len(mine) == 1
        assert len(asked(harness)) == 5  # the members, too
        said = StatementAnswer(AttestAnswer.ACCEPTED, text_hash(TEXT))
        token = harness.link(mine[0].id).rpartition("/")[2]
        harness.app.attesting.answer(token, {mine[0].id: said}, harness.now)
        harness.reconcile()
        assert len(additions(harness)) == 1

    def test_who_is_excused_is_added(self, ward: Made) -> None:
        harness = ward(POLICY_1)
        hire(harness, "zoe")
        harness.settle()
        allow(harness)
        [mine] = [one for one in asked(harness) if one.person_name == "Zoe"]
        with harness.store.begin() as uow:
            uow.tickets.update([replace(mine, state=TicketState.WAIVED)])
        settle(harness)
        assert len(additions(harness)) == 1

    def test_a_text_that_changed_keeps_nobody_waiting(self, ward: Made) -> None:
        harness = ward(POLICY_1)
        hire(harness, "zoe")
        harness.settle()
        allow(harness)
        other = replace(POLICY_1, texts={"en": "# Another"})
        harness.start(replace(harness.app.rules, controls=ControlPolicy(statements=(other,))))
        settle(harness)
        assert len(additions(harness)) == 1

    def test_the_texts_that_were_shown_are_looked_up_once(self, ward: Made) -> None:
        harness = ward(POLICY_1)
        more_wards(harness, GROUPS_PAGE)
        harness.settle()
        allow(harness)
        hire(harness, "zoe")
        looked: list[str] = []
        sa.event.listen(harness.engine, "before_cursor_execute", lambda *what: looked.append(what[2]))
        assert harness.reconcile().counts["groups"] == GROUPS_PAGE + 1
        assert len([one for one in looked if "FROM policy_text" in one]) == 1
        assert not additions(harness)

    def test_a_policy_for_other_groups_keeps_nobody_waiting(self, ward: Made) -> None:
        there = replace(POLICY_1, switch=ControlSwitch(Mode.TICKET, Where(groups=("Porters",))))
        harness = ward(there)
        harness.group("porters", "hal", admins=["gus"])
        harness.inventory()
        hire(harness, "zoe")
        harness.hire("yan", department="Porters")
        harness.settle()
        allow(harness)
        settle(harness)
        assert [one.person_name for one in additions(harness)] == ["Zoe"]
        assert sorted(one.person_name for one in asked(harness)) == ["Gus", "Hal", "Yan"]
