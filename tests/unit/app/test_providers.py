"""What is agreed with messengers' providers is looked at once a year by the accountable person, who says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from builders import facts, rules
from harness import ACCOUNTABLE, Harness
from worker.app.acts.statements import StatementAnswer
from worker.app.refused import Refused
from worker.domain.controls.policy import ControlPolicy, ProviderRule
from worker.domain.controls.statements import COMPLETE, AttestAnswer, ItemAnswer
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.kinds import kind_of
from worker.domain.messages.sentences import ticket_title
from worker.domain.text.tongue import ENGLISH
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState

ASKS = ControlSwitch(Mode.TICKET)
NOTHING = ProviderRule("whatsapp", ASKS)
WHOLE = ProviderRule("whatsapp", ASKS, "C-7", "D-7", "24 h", "nightly", date(2026, 10, 1))
OLD = replace(WHOLE, checked_on=date(2025, 1, 1))
YES, NO = {COMPLETE: ItemAnswer.YES}, {COMPLETE: ItemAnswer.NO}


class Site:
    """A ward in WhatsApp; Una is accountable."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        harness.corp.put(facts("una", email=ACCOUNTABLE.upper()))
        harness.settle()
        self.configure(NOTHING)

    def configure(
        self, *entries: ProviderRule, mode: Mode = Mode.TICKET, accountable: str = ACCOUNTABLE
    ) -> None:
        controls = ControlPolicy(providers=entries, mode=mode)
        tickets = replace(rules(), accountable=accountable)
        self.harness.start(replace(self.harness.app.rules, controls=controls, tickets=tickets))

    def ask(self) -> Ticket:
        self.harness.control()
        self.harness.decide()
        self.harness.control()
        [ticket] = self.tickets()
        return ticket

    def tickets(self) -> list[Ticket]:
        return self.harness.tickets(TicketKind.ATTEST)

    def token(self) -> str:
        return self.harness.link(self.tickets()[-1].id).rpartition("/")[2]

    def say(self, items: dict[str, ItemAnswer] | None = None, words: str = "", **more: Any) -> Ticket:
        attesting, now = self.harness.app.attesting, self.harness.now
        [due] = attesting.look(self.token(), now).due
        given = {"text_sha256": due.text_sha256} | more
        said = StatementAnswer(
            AttestAnswer.ACCEPTED, items=YES if items is None else items, words=words, **given
        )
        return attesting.answer(self.token(), {due.ticket.id: said}, now)[0]

    def value(self) -> tuple[int, int, dict[str, int]]:
        reports = self.harness.app.controls.report(self.harness.now)
        one = next(one.counts for one in reports if one.control == "watch.provider")
        return one.passed, one.failed, dict(one.grades)


@pytest.fixture
def site(start: Callable[..., Harness]) -> Site:
    return Site(start())


def test_the_accountable_person_is_asked_once_a_year(site: Site) -> None:
    ticket = site.ask()
    assert (ticket.occasion, ticket.person_name) == ("provider:whatsapp@2026", "Una")
    assert ticket.assignee
    assert ticket.assignee.email.casefold() == ACCOUNTABLE
    assert ticket.due_at - ticket.opened_at == timedelta(days=30)
    assert ticket_title(ticket, ENGLISH) == "Please answer: provider of WhatsApp"
    assert "agreed with the provider of WhatsApp" in kind_of(ticket).why(ticket, "Europe/London", ENGLISH, {})
    site.harness.control()
    assert len(site.tickets()) == 1


def test_the_first_run_is_held(site: Site) -> None:
    site.harness.control()
    [plan] = site.harness.plans()
    assert [(one.found, one.wanted) for one in plan.cohorts[0].subjects] == [("whatsapp", "")]
    assert not site.tickets()


def test_whoever_looked_makes_it_pass_for_a_year(site: Site) -> None:
    site.ask()
    after = site.say()
    assert (after.state, after.grade) == (TicketState.VERIFIED, Grade.C)
    assert site.value() == (1, 0, {"C": 1})
    site.harness.later(days=364)
    site.harness.control()
    assert (site.value()[0], len(site.tickets())) == (1, 1)
    site.harness.later(days=2)
    site.harness.control()
    assert site.value() == (0, 1, {})
    assert [one.occasion for one in site.tickets()] == ["provider:whatsapp@2026", "provider:whatsapp@2027"]


def test_what_is_missing_is_written_down_and_told(site: Site) -> None:
    site.ask()
    with pytest.raises(Refused, match="what is missing"):
        site.say(NO, "  ")
    after = site.say(NO, "no contract")
    assert after.state is TicketState.VERIFIED
    assert site.value() == (0, 1, {})
    site.harness.later()
    site.harness.control()
    assert [one.state for one in site.tickets()] == [TicketState.VERIFIED], "not asked again for a year"
    titles = site.harness.titles()
    assert "Una answered, and something is not as it should be: provider of WhatsApp" in titles
    [part] = [
        part
        for message in site.harness.soc.sent
        for part in message.paragraphs
        if "Una answered" in part.headline
    ]
    assert part.text.startswith("See to what is missing")
    assert ("Says", "no contract") in part.facts


def test_another_configuration_is_looked_at_anew(site: Site) -> None:
    site.ask()
    site.say(NO, "no contract")
    site.configure(replace(NOTHING, contract="C-7"))
    site.harness.control()
    assert [one.state for one in site.tickets()] == [TicketState.OPEN]
    site.say()
    assert site.value()[0] == 1
    site.configure(replace(NOTHING, contract=""))
    assert site.value()[0] == 0


def test_what_changed_since_the_page_was_opened_is_not_answered(site: Site) -> None:
    site.ask()
    with pytest.raises(Refused, match="text has changed"):
        site.say(text_sha256="0" * 64)
    with pytest.raises(Refused, match="Choose"):
        site.say({COMPLETE: ItemAnswer.ELSEWHERE})
    assert site.value()[0] == 0


def test_the_configurations_own_day_goes_on_counting(site: Site) -> None:
    site.configure(WHOLE)
    site.harness.control()
    assert not site.harness.plans()
    assert site.value() == (1, 0, {"C": 1})
    site.configure(OLD)
    site.harness.control()
    assert [one.state for one in site.tickets()] == [TicketState.OPEN], "its first run found nothing to hold"
    site.configure(WHOLE)
    site.harness.control()
    assert [one.state for one in site.tickets()] == [TicketState.CANCELLED]


def test_it_can_be_taken_back(site: Site) -> None:
    site.ask()
    site.say()
    attesting = site.harness.app.attesting
    assert len(attesting.look(site.token(), site.harness.now).answered) == 1
    attesting.undo(site.token(), site.harness.now)
    assert site.value()[0] == 0
    assert site.tickets()[0].state is TicketState.OPEN


def test_another_accountable_person_need_not_look_again(site: Site) -> None:
    site.ask()
    site.say()
    site.configure(NOTHING, accountable="tom@corp.example")
    site.harness.control()
    assert (site.value()[0], len(site.tickets())) == (1, 1)


@pytest.mark.parametrize("mode, count", [(Mode.TICKET, 1), (Mode.REPORT, 0)])
def test_a_messenger_about_which_nothing_is_configured_goes_by_the_mode_of_all(
    site: Site, mode: Mode, count: int
) -> None:
    site.configure(mode=mode)
    site.harness.control()
    assert len(site.harness.plans()) == count
    assert site.value() == (0, 1, {})


@pytest.mark.parametrize("accountable", ["", "nobody@corp.example"])
def test_without_an_accountable_person_nobody_is_asked(site: Site, accountable: str) -> None:
    site.configure(NOTHING, accountable=accountable)
    site.harness.control()
    assert not site.harness.plans()
    assert site.value() == (0, 1, {})


def test_its_own_time_replaces_the_thirty_days(site: Site) -> None:
    site.configure(replace(NOTHING, switch=replace(ASKS, due=timedelta(days=3))))
    ticket = site.ask()
    assert ticket.due_at - ticket.opened_at == timedelta(days=3)
