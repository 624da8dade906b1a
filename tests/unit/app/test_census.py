"""The census: managers are asked which work groups there are, and name them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import facts, key
from counted import WARD_9, YEARLY, Made, answer, asking, candidates, counts, ticket_of, tickets, token
from worker.app.acts.statements import StatementAnswer
from worker.app.refused import Refused
from worker.domain.controls.census import CensusRow
from worker.domain.controls.policy import ControlPolicy
from worker.domain.controls.statements import AttestAnswer
from worker.domain.controls.switch import ControlSwitch
from worker.domain.tickets.ticket import Grade, TicketState


@pytest.fixture
def asked(start: Made) -> Made:
    return asking(start)


class TestAsking:
    def test_whoever_has_people_under_them_is_asked_once_a_year(self, asked: Made) -> None:
        harness = asked()
        year = f"{harness.now:%Y}"
        found = sorted((one.person_name, one.occasion) for one in tickets(harness))
        assert found == [("Ann", f"census:{year}"), ("Ben", f"census:{year}")]
        harness.control()
        assert len(tickets(harness)) == 2

    def test_one_person_with_two_accounts_is_asked_once(self, found: Made) -> None:
        harness = found(controls=ControlPolicy(statements=(YEARLY,)), directories=("corp", "cloud"))
        cloud = harness.directories[1]
        cloud.put(facts("ann-2", email="ann@corp.example"))
        cloud.put(facts("ben-2", email="ben@corp.example", manager_id="ann-2"))
        harness.hire("ann")
        harness.hire("ben", manager_id="ann")
        harness.settle()
        harness.control()
        assert [one.name for one in harness.plans()[0].cohorts[0].subjects] == ["Ann-2"]

    def test_nobody_is_asked_for_people_who_left(self, start: Made) -> None:
        harness = start(controls=ControlPolicy(statements=(YEARLY,)))
        harness.hire("ben", manager_id="ann")
        harness.poll()
        harness.leave("ben")
        harness.poll()
        harness.control()
        assert not harness.plans()
        assert counts(harness) == (0, 0, 0, 0)

    def test_who_has_nobody_under_them_any_more_is_not_asked_any_more(self, asked: Made) -> None:
        harness = asked()
        harness.hire("dee")
        harness.poll()
        harness.control()
        assert ticket_of(harness, "Ben").state is TicketState.CANCELLED
        assert ticket_of(harness, "Ann").state is TicketState.OPEN

    def test_report_alone_asks_nobody(self, start: Made) -> None:
        harness = start(controls=ControlPolicy(statements=(replace(YEARLY, switch=ControlSwitch()),)))
        harness.hire("ben", manager_id="ann")
        harness.poll()
        harness.control()
        assert not harness.plans()
        assert counts(harness) == (1, 0, 1, 0)


class TestAnswering:
    def test_what_is_named_is_kept_and_the_ticket_is_closed_by_their_word(self, asked: Made) -> None:
        harness = asked()
        [after] = answer(harness, "Ann", WARD_9, CensusRow("Porters", "signal"))
        assert (after.state, after.grade) == (TicketState.VERIFIED, Grade.C)
        assert [(one.name, one.messenger, one.named_by) for one in candidates(harness)] == [
            ("Ward 9 nights", "whatsapp", 1), ("Porters", "signal", 1),
        ]  # fmt: skip
        first = candidates(harness)[0]
        assert (first.admins, first.members, first.last_named_at) == (("Dee",), 12, harness.now)
        [said] = first.mentions
        assert (said.name, said.email, said.admin, said.members) == ("Ann", "ann@corp.example", "Dee", 12)
        assert counts(harness) == (2, 1, 1, 0)

    def test_none_is_an_answer(self, asked: Made) -> None:
        harness = asked()
        [after] = answer(harness, "Ann")
        assert after.state is TicketState.VERIFIED
        assert not candidates(harness)
        assert counts(harness) == (2, 1, 1, 0)

    def test_declining_is_kept_and_asked_again_only_the_next_time(self, asked: Made) -> None:
        harness = asked()
        [after] = answer(harness, "Ann", said=AttestAnswer.DECLINED)
        assert after.details["answer"] == "declined"
        assert counts(harness) == (2, 0, 2, 1)
        harness.later(days=30)
        harness.control()
        assert len(tickets(harness)) == 2
        harness.later(days=340)
        harness.control()
        assert [one.person_name for one in tickets(harness)].count("Ann") == 2
        assert counts(harness) == (2, 0, 2, 0)

    def test_whoever_answered_is_asked_again_after_a_year(self, asked: Made) -> None:
        harness = asked()
        answer(harness, "Ann")
        harness.later(days=366)
        harness.control()
        year = harness.now.year
        assert [one.occasion for one in tickets(harness) if one.person_name == "Ann"] == [
            f"census:{year - 1}", f"census:{year}",
        ]  # fmt: skip

    def test_twice_in_one_year_it_is_the_same_ticket(self, asked: Made) -> None:
        harness = asked(replace(YEARLY, every=timedelta(days=30)))
        answer(harness, "Ann")
        harness.later(days=31)
        harness.control()
        assert ticket_of(harness, "Ann").state is TicketState.OPEN
        assert len(tickets(harness)) == 2

    def test_the_same_name_of_two_people_is_one_candidate(self, asked: Made) -> None:
        harness = asked()
        answer(harness, "Ann", WARD_9)
        answer(harness, "Ben", CensusRow("WARD 9  Nights", "whatsapp"))
        [one] = candidates(harness)
        assert (one.name, one.named_by, one.anonymous) == ("Ward 9 nights", 2, 0)

    def test_it_can_be_taken_back_for_a_minute_with_what_it_named(self, asked: Made) -> None:
        harness = asked()
        answer(harness, "Ann", CensusRow("Porters"), has_more=True)
        assert ticket_of(harness, "Ann").state is TicketState.OPEN
        harness.later(seconds=5)
        answer(harness, "Ann", WARD_9)
        assert len(candidates(harness)) == 2
        harness.app.attesting.undo(token(harness, ticket_of(harness, "Ann")), harness.now)
        assert [one.name for one in candidates(harness)] == ["Porters"]
        assert ticket_of(harness, "Ann").state is TicketState.OPEN

    def test_the_page_says_what_was_named_and_what_is_known(self, asked: Made) -> None:
        harness = asked()
        answer(harness, "Ann", WARD_9, has_more=True)
        answer(harness, "Ann", WARD_9, has_more=True)
        [due] = harness.app.attesting.look(token(harness, ticket_of(harness, "Ann")), harness.now).due
        assert due.named == (WARD_9,)
        assert due.known == ("Ward 7",)

    @pytest.mark.parametrize(
        "said",
        [
            StatementAnswer(AttestAnswer.ACCEPTED, ""),
            StatementAnswer(AttestAnswer.ACCEPTED, "", groups=(WARD_9,), is_none=True),
            StatementAnswer(AttestAnswer.ACCEPTED, "", groups=(CensusRow("", "whatsapp", "Dee"),)),
            StatementAnswer(AttestAnswer.ACCEPTED, "", groups=(CensusRow("…!?"),)),
        ],
    )
    def test_an_answer_that_says_nothing_is_refused(self, asked: Made, said: StatementAnswer) -> None:
        harness = asked()
        ticket = ticket_of(harness, "Ann")
        with pytest.raises(Refused):
            harness.app.attesting.answer(token(harness, ticket), {ticket.id: said}, harness.now)
        assert ticket_of(harness, "Ann").state is TicketState.OPEN
        assert not candidates(harness)

    def test_an_erased_person_leaves_a_count(self, asked: Made) -> None:
        harness = asked()
        answer(harness, "Ann", WARD_9)
        answer(harness, "Ben", CensusRow("Ward 9 nights", "whatsapp", "ask dee"))
        with harness.store.begin() as uow:
            uow.people.erase(key("ann"))
            uow.people.erase(key("dee"))
        [one] = candidates(harness)
        assert (one.named_by, one.anonymous) == (1, 1)
        assert [said.admin for said in one.mentions] == ["", ""]
