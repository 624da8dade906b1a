"""Consent that is taken back takes the person out of the groups that it let them into."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from consented import Made, additions, allow, asked, consenting_ward, counts, hire, removed, say, settle
from harness import ACCOUNTABLE, Harness
from worker.app.acts.statements import StatementAnswer
from worker.app.refused import Refused
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.statements import AttestAnswer
from worker.domain.evidence.actor import Actor
from worker.domain.kinds import removals
from worker.domain.tickets.ticket import Grade, TicketKind, TicketState


@pytest.fixture
def ward(start: Made) -> Made:
    return consenting_ward(start)


class TestTakingBack:
    @pytest.fixture
    def agreed(self, ward: Made) -> Harness:
        """Zoe consented and was added to the ward."""
        harness = ward()
        hire(harness, "zoe", "otherMobile")
        harness.settle()
        allow(harness)
        say(harness)
        harness.wards.add_member("ward-7", harness.member("zoe"))
        settle(harness)
        return harness

    def test_groups_that_show_the_number_take_them_out(self, agreed: Harness) -> None:
        agreed.group("porters", "zoe", admins=["gus"])
        agreed.group("team", "zoe", admins=["gus"], messenger="teams")
        agreed.settle()
        after = say(agreed, AttestAnswer.DECLINED)
        assert (after.state, after.details["answer"]) == (TicketState.VERIFIED, "declined")
        agreed.reconcile()
        found = removed(agreed)
        assert [one.home.group_id for one in found] == ["porters", "ward-7"]
        assert {one.details[removals.CONSENT] for one in found} == {after.label}
        assert {str(one.reason) for one in found} == {"Zoe took back the consent to show a private number"}
        agreed.reconcile()
        agreed.reconcile(full=True)
        assert len(removed(agreed)) == 2
        assert counts(agreed) == (1, 0, 1, 1, 0)

    @pytest.mark.parametrize("has_left", [True, False])
    @pytest.mark.parametrize("named", ["soc@example.org", ""])
    def test_whoever_is_accountable_by_then_is_told_and_nobody_who_was_before(
        self, agreed: Harness, named: str, *, has_left: bool
    ) -> None:
        agreed.hire("zoltan", email=ACCOUNTABLE)
        agreed.settle()
        if has_left:
            agreed.leave("zoltan")
        if named or not has_left:
            tickets = replace(agreed.app.rules.tickets, accountable=named)
            agreed.start(replace(agreed.app.rules, tickets=tickets))
        agreed.later()
        agreed.settle()
        agreed.deliver()
        before = len(agreed.soc.sent)
        after = say(agreed, AttestAnswer.DECLINED)
        agreed.deliver()
        assert after.accountable == ACCOUNTABLE, "who it was when the ticket was closed stays in it"
        assert [one.to.address for one in agreed.soc.sent[before:]] == [named]

    def test_a_waived_leaving_does_not_keep_the_number_there(self, agreed: Harness) -> None:
        """The waiver is not of the consent; nor does each read of the group end what each night asks for."""
        say(agreed, AttestAnswer.DECLINED)
        agreed.reconcile()
        agreed.later()
        agreed.leave("zoe")
        agreed.settle()
        [left] = removed(agreed)
        agreed.desk.waive(left.id, Actor("sam"), "helps out as a volunteer", agreed.now)
        for who in ("gus", "hal"):
            agreed.later(days=1)
            agreed.settle(full=True)
            agreed.wards.add_member("ward-7", agreed.member(who))
            agreed.settle()
            [again] = removed(agreed)
            assert (again.reopened, removals.CONSENT in again.details) == (1, True)

    def test_only_groups_that_show_the_number_are_looked_at(self, agreed: Harness) -> None:
        agreed.group("porters", admins=["gus"])
        agreed.wards.add_member(
            "porters", replace(agreed.member("zoe"), phone=None, email="zoe@corp.example")
        )
        agreed.settle()
        say(agreed, AttestAnswer.DECLINED)
        looked: list[tuple[str, tuple[object, ...]]] = []
        sa.event.listen(
            agreed.engine, "before_cursor_execute", lambda *what: looked.append((what[2], what[3]))
        )
        agreed.reconcile()
        members_of = [values for query, values in looked if "FROM membership" in query]
        pages_alone = {values for values in members_of if len(values) == 2 and values[0] == "wards"}
        assert pages_alone == {("wards", '["ward-7"]')}
        assert [one.home.group_id for one in removed(agreed)] == ["ward-7"]

    def test_the_removal_is_proven_by_the_roster_and_comes_back_with_them(self, agreed: Harness) -> None:
        say(agreed, AttestAnswer.DECLINED)
        agreed.reconcile()
        agreed.later()
        agreed.drop("ward-7", "zoe")
        settle(agreed)
        [removal] = agreed.tickets(TicketKind.REMOVE_MEMBER)
        assert (removal.state, removal.grade) == (TicketState.VERIFIED, Grade.A)
        assert not additions(agreed)
        agreed.wards.add_member("ward-7", agreed.member("zoe"))
        settle(agreed)
        assert len(removed(agreed)) == 1

    def test_consent_that_is_given_again_ends_it(self, agreed: Harness) -> None:
        say(agreed, AttestAnswer.DECLINED)
        agreed.reconcile()
        assert len(removed(agreed)) == 1
        agreed.later()
        say(agreed)
        agreed.reconcile()
        assert not removed(agreed)
        assert counts(agreed) == (1, 1, 0, 0, 0)

    def test_a_number_that_is_for_work_by_now_ends_it(self, agreed: Harness) -> None:
        say(agreed, AttestAnswer.DECLINED)
        agreed.reconcile()
        agreed.corp.change("zoe", phones_in=(("mobile",),))
        settle(agreed)
        assert not removed(agreed)
        [over] = agreed.tickets(TicketKind.REMOVE_MEMBER)
        assert over.reason == "the number is for work now"

    def test_a_number_that_is_somebody_else_s_by_now_ends_it(self, agreed: Harness) -> None:
        say(agreed, AttestAnswer.DECLINED)
        agreed.reconcile()
        handle = f"wards/{agreed.number('zoe')}"
        agreed.identifying.confirm(handle, "gus", Actor("sam"), agreed.now)
        settle(agreed)
        assert not removed(agreed)
        agreed.identifying.confirm(handle, "zoe", Actor("sam"), agreed.now)
        settle(agreed)
        assert len(removed(agreed)) == 1

    def test_the_last_admin_stays_until_there_is_another(self, agreed: Harness) -> None:
        agreed.group("porters", "hal", admins=["zoe"])
        agreed.settle()
        say(agreed, AttestAnswer.DECLINED)
        agreed.reconcile()
        assert [one.home.group_id for one in removed(agreed)] == ["ward-7"]
        agreed.group("porters", "hal", admins=["zoe", "gus"])
        settle(agreed)
        agreed.reconcile(full=True)
        assert sorted(one.home.group_id for one in removed(agreed)) == ["porters", "ward-7"]

    def test_it_holds_though_nobody_is_asked_any_more(self, agreed: Harness) -> None:
        say(agreed, AttestAnswer.DECLINED)
        agreed.start(replace(agreed.app.rules, controls=ControlPolicy()))
        agreed.reconcile()
        assert len(removed(agreed)) == 1

    def test_a_sensitive_group_has_less_time(self, ward: Made) -> None:
        harness = ward(sensitive=("ward-7",))
        hire(harness, "zoe", "otherMobile")
        harness.settle()
        allow(harness)
        say(harness)
        harness.wards.add_member("ward-7", harness.member("zoe"))
        settle(harness)
        say(harness, AttestAnswer.DECLINED)
        harness.reconcile()
        [removal] = removed(harness)
        assert removal.is_sensitive
        assert removal.due_at - harness.now <= timedelta(hours=4)

    def test_the_same_answer_again_changes_nothing(self, agreed: Harness) -> None:
        [ticket] = asked(agreed)
        token, before = agreed.link(ticket.id).rpartition("/")[2], agreed.kinds()
        said = StatementAnswer(AttestAnswer.ACCEPTED, "")
        assert agreed.app.attesting.answer(token, {ticket.id: said}, agreed.now) == []
        assert agreed.kinds() == before

    def test_there_is_no_exception_to_ask_for(self, agreed: Harness) -> None:
        with pytest.raises(Refused, match="yes or no"):
            say(agreed, AttestAnswer.EXCEPTION)

    def test_a_first_refusal_takes_nobody_out(self, ward: Made) -> None:
        harness = ward()
        hire(harness, "zoe", "otherMobile")
        harness.group("porters", "zoe", admins=["gus"])
        harness.settle()
        allow(harness)
        say(harness, AttestAnswer.DECLINED)
        harness.reconcile()
        assert not removed(harness)

    def test_the_accountable_person_is_told_of_it_without_being_sent_to_talk(self, agreed: Harness) -> None:
        say(agreed, AttestAnswer.DECLINED)
        agreed.later(minutes=2)
        told = [line for line in agreed.titles() if "does not consent" in line]
        assert told == ["Zoe does not consent to show a private number in groups"]

    def test_both_answers_are_kept(self, agreed: Harness) -> None:
        say(agreed, AttestAnswer.DECLINED)
        with agreed.store.reading() as uow:
            found = uow.attestations.page(0, 10)
        assert [one.answer for one in found] == [AttestAnswer.ACCEPTED, AttestAnswer.DECLINED]


def test_who_left_a_group_by_themself_is_not_asked_and_may_come_back_by_a_new_consent(ward: Made) -> None:
    harness = ward()
    hire(harness, "zoe", "otherMobile")
    harness.settle()
    allow(harness)
    say(harness)
    harness.wards.add_member("ward-7", harness.member("zoe"))
    settle(harness)
    harness.drop("ward-7", "zoe")
    settle(harness)
    harness.control()
    assert not additions(harness)
    say(harness, AttestAnswer.DECLINED)
    harness.later()
    say(harness)
    harness.reconcile()
    assert len(additions(harness)) == 1
