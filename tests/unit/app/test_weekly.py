"""Once a week the accountable person is told what is open, by whoever has it; `check` says if they have left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from builders import rules
from harness import Harness
from worker.domain.controls.policy import AdminsRule, ControlPolicy
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import Paragraph
from worker.domain.messages.weekly import Load, Loads, weekly_paragraph

HEADLINE = "open tickets, by who has them"


@pytest.fixture
def company(start: Callable[..., Harness]) -> Harness:
    """Ann and Ben left ward 7; one of the tickets is with nobody, and both are overdue on Friday."""
    harness = start(controls=ControlPolicy(admins=(AdminsRule(),)))
    harness.leave("ann", "ben")
    harness.settle()
    harness.titles()
    return harness


def told(company: Harness) -> list[Paragraph]:
    before = len(company.soc.sent)
    company.control()
    company.deliver()
    found = [one for message in company.soc.sent[before:] for one in message.paragraphs]
    return [one for one in found if one.headline.endswith(HEADLINE)]


def test_told_once_a_week_on_mondays(company: Harness) -> None:
    assert not told(company)  # they were opened on a Tuesday
    company.later(days=6)
    [first] = told(company)
    assert first.headline == "2 open tickets, by who has them"
    assert first.text == "2 of them are overdue."
    assert first.facts == (("Dee", "2 open, 2 overdue"),)
    company.later(days=6)
    assert not told(company)
    company.later(days=1)
    assert len(told(company)) == 1


def test_nothing_is_told_of_nothing(company: Harness) -> None:
    for number in (1, 2):
        company.desk.waive(number, Actor("kim"), "agreed", company.now)
    company.later(days=7)
    assert not told(company)


def test_without_an_accountable_person_nobody_is_told(start: Callable[..., Harness]) -> None:
    harness = start(controls=ControlPolicy(admins=(AdminsRule(),)), rules=rules(accountable=""))
    harness.leave("ann", "ben")
    harness.settle()
    harness.later(days=7)
    assert not told(harness)
    assert harness.app.controls.accountable_left() == ""


def test_one_who_has_left_is_told_nothing(start: Callable[..., Harness]) -> None:
    harness = start(
        controls=ControlPolicy(admins=(AdminsRule(),)), rules=rules(accountable="Eve@corp.example")
    )
    harness.leave("ann", "ben", "eve")
    harness.settle()
    harness.later(days=7)
    assert not told(harness)


def test_whoever_has_most_overdue_comes_first_and_the_rest_is_counted() -> None:
    said = weekly_paragraph(Loads(9, 1, 5, (Load("Dee", 3, 1), Load("", 2, 0))))
    assert said.text == "1 of them is overdue."
    assert said.facts == (("Dee", "3 open, 1 overdue"), ("nobody", "2 open, 0 overdue"), ("Others", "3"))


def test_an_accountable_person_who_left_is_said(company: Harness) -> None:
    assert company.app.controls.accountable_left() == ""
    company.hire("zoe", email="it-security@example.org")
    company.settle()
    assert company.app.controls.accountable_left() == ""
    company.leave("zoe")
    company.later()
    company.settle()
    assert "it-security@example.org, who has left" in company.app.controls.accountable_left()


def test_tickets_that_nobody_has_are_counted(start: Callable[..., Harness]) -> None:
    harness = start(rules=rules(accountable=""))
    harness.group("hall", "eve")
    harness.settle()
    harness.leave("eve")
    harness.later()
    harness.settle()
    harness.later(days=2)
    with harness.store.reading() as uow:
        loads = uow.overview.loads(harness.now, harness.now, 9)
    assert Load("", 1, 1) in loads.first
    assert timedelta(0) < harness.now - harness.ticket().due_at


@pytest.mark.parametrize("ahead", [7, 21])
@pytest.mark.parametrize("is_new_process", [False, True])
def test_a_week_that_a_wrong_clock_told_of_is_told_of_when_it_comes(
    company: Harness, ahead: int, is_new_process: bool
) -> None:
    company.later(days=6)
    assert len(told(company)) == 1
    company.now += timedelta(days=ahead)
    assert len(told(company)) == 1
    company.now -= timedelta(days=ahead)
    if is_new_process:
        company.start(company.app.rules)
    assert not told(company), "this week's was told"

    for _ in range(4):
        company.later(days=6, hours=18)
        assert not told(company)
        company.later(hours=6)
        assert [len(told(company)) for _ in range(2)] == [1, 0]


def test_a_clock_that_goes_back_by_an_hour_after_each_run_tells_once(company: Harness) -> None:
    company.later(days=6)
    company.now = company.now.replace(hour=8)
    found = 0
    for _ in range(4):
        found += len(told(company))
        company.later(hours=1)
        found += len(told(company))
        company.later(hours=-1)
        company.start(company.app.rules)
        company.later(minutes=20)

    assert found == 1
