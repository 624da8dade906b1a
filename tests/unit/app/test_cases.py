"""A leaver's case is told once nothing of it is open: to the accountable person, and to owners of sensitive groups."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from builders import rules
from harness import Harness
from worker.domain.controls.policy import ControlPolicy, HandOverRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import Paragraph
from worker.domain.reconcile.rules import HandOver

DAY = timedelta(days=1)
ASKS = ControlSwitch(Mode.TICKET)
OVER = "Ann is out of all groups"


@pytest.fixture
def company(start: Callable[..., Harness]) -> Harness:
    return begun(start, ControlPolicy(hand_over=(HandOverRule(ASKS),)))


def begun(
    start: Callable[..., Harness], controls: ControlPolicy, accountable: str = "sec@example.org"
) -> Harness:
    """Ann is in ward 7, and in the sensitive hall, which the matron owns."""
    harness = start(
        controls=controls,
        sensitive=("hall",),
        rules=rules(hand_over=HandOver(14 * DAY, 7 * DAY, 7 * DAY), accountable=accountable),
    )
    harness.group("hall", "ann", "ben", admins=["dee"], owner_email="matron@example.org")
    harness.settle()
    harness.control()
    harness.leave("ann")
    harness.settle()
    harness.control()
    harness.titles()
    return harness


def out(company: Harness, *groups: str) -> None:
    for group in groups:
        company.drop(group, "ann")
    company.later()
    company.settle()
    company.control()


def told(company: Harness) -> list[tuple[str, Paragraph]]:
    """What was told of leavers' cases since the last time, with to whom."""
    before = len(company.soc.sent)
    company.deliver()
    return [
        (message.to.address, paragraph)
        for message in company.soc.sent[before:]
        for paragraph in message.paragraphs
        if paragraph.headline.startswith("Ann")
    ]


def test_told_when_nothing_is_open_and_once(company: Harness) -> None:
    out(company, "ward-7")
    assert not told(company)
    out(company, "hall")
    [(first, case), (second, risk)] = sorted(told(company), reverse=True)
    assert (first, second) == ("sec@example.org", "matron@example.org")
    assert case.headline == OVER
    assert "Removed from 2 groups." in case.text
    assert "These groups are sensitive:" in case.text
    assert case.facts[0] == ("The messenger itself shows it (A)", "2")
    assert case.facts[1][0] == "Hall"
    assert case.facts[1][1].startswith("read from not known to ")
    assert risk.headline == "Ann left, and could read Hall"
    company.control()
    company.later(days=1)
    company.control()
    assert not told(company)


def test_a_removal_that_was_waived_while_they_went_holds_nothing_up(company: Harness) -> None:
    ticket = next(one for one in company.tickets() if one.group_name == "Ward 7")
    company.desk.waive(ticket.id, Actor("sam"), "until Friday", company.now, company.now + 3 * DAY)
    out(company, "hall")
    assert not told(company)
    out(company, "ward-7")
    assert {paragraph.headline for _, paragraph in told(company)} >= {OVER}


def test_without_an_accountable_person_the_channel_is_told(start: Callable[..., Harness]) -> None:
    company = begun(start, ControlPolicy(hand_over=(HandOverRule(ASKS),)), accountable="")
    out(company, "ward-7", "hall")
    assert sorted(address for address, _ in told(company)) == ["", "matron@example.org"]


def test_the_owner_who_is_accountable_is_told_once(start: Callable[..., Harness]) -> None:
    company = begun(start, ControlPolicy(hand_over=(HandOverRule(ASKS),)), accountable="matron@example.org")
    out(company, "ward-7", "hall")
    assert [paragraph.headline for _, paragraph in told(company)] == [OVER]


def test_not_while_a_group_lists_them_without_a_ticket(company: Harness) -> None:
    out(company, "ward-7", "hall")
    told(company)
    company.later(days=1)
    company.group("attic", "ben", admins=["dee"])
    company.settle()
    number = next(one.id for one in company.tickets() if one.group and one.group.group_id == "ward-7")
    company.desk.reopen(number, Actor("kim"), "she is in again", company.now)
    company.control()
    assert not told(company)


@pytest.mark.parametrize("controls", [ControlPolicy(), ControlPolicy(hand_over=(HandOverRule(),))])
def test_only_where_it_is_asked_for(start: Callable[..., Harness], controls: ControlPolicy) -> None:
    company = begun(start, controls)
    out(company, "ward-7", "hall")
    assert not told(company)


def test_what_was_over_long_ago_is_not_told(company: Harness) -> None:
    company.drop("ward-7", "ann")
    company.drop("hall", "ann")
    company.later()
    company.settle()
    company.later(days=8)
    company.control()
    assert not told(company)


def test_whoever_was_forgotten_is_not_told_of(company: Harness) -> None:
    company.drop("ward-7", "ann")
    company.drop("hall", "ann")
    company.later()
    company.settle()
    company.desk.erase("ann", Actor("kim"), "asked to", company.now)
    company.control()
    assert not told(company)
