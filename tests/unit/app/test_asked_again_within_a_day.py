"""Who need not be asked for some hours, and then has to be, is asked again by the same ticket."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from attested import COURSE, DUTIES_2, PHONE, POLICY_3, Made, asking, said, tickets, token
from counted import YEARLY
from harness import Harness
from worker.app.acts.statements import StatementAnswer
from worker.domain.controls.statements import AttestAnswer, ItemAnswer, StatementRule
from worker.domain.model import Role
from worker.domain.tickets.ticket import Ticket, TicketState

OF_GROUPS = (POLICY_3, DUTIES_2, COURSE, PHONE)
Away = Callable[[Harness], None]


def run(harness: Harness) -> None:
    harness.settle()
    assert not harness.control().troubles


def left(harness: Harness) -> None:
    harness.leave("dee")
    run(harness)


def taken_out(harness: Harness) -> None:
    harness.drop("ward-7", "dee")
    run(harness)


def back(harness: Harness) -> None:
    """Dee is here, and in the group, after one hour more."""
    harness.later(hours=1)
    harness.hire("dee")
    harness.wards.add_member("ward-7", harness.member("dee", Role.ADMIN))
    run(harness)


def answer(harness: Harness, ticket: Ticket) -> Ticket:
    attesting, link = harness.app.attesting, token(harness, ticket)
    [due] = attesting.look(link, harness.now).due
    items = dict.fromkeys(due.rule.items, ItemAnswer.YES)
    given = StatementAnswer(AttestAnswer.ACCEPTED, due.text_sha256, items=items, is_none=True)
    [after] = attesting.answer(link, {ticket.id: given}, harness.now)
    return after


@pytest.fixture
def asked(start: Made) -> Made:
    """Dee, who is an admin of Ward 7 and Ben's manager, is asked by a rule; it is morning."""

    def managed(**wishes: object) -> Harness:
        harness = start(**wishes)
        harness.hire("ben", manager_id="dee")
        harness.settle()
        harness.now = harness.now.replace(hour=8) + timedelta(days=1)
        return harness

    return asking(managed)


def name(one: object) -> str:
    return one.statement.value if isinstance(one, StatementRule) else getattr(one, "__name__", "")


@pytest.mark.parametrize("away, rule", [
    *((left, rule) for rule in (*OF_GROUPS, YEARLY)), *((taken_out, rule) for rule in OF_GROUPS),
], ids=name)  # fmt: skip
def test_who_is_back_on_the_same_day_is_asked_by_the_same_ticket(
    asked: Made, away: Away, rule: StatementRule
) -> None:
    harness = asked(rule)
    [before] = tickets(harness, "dee")
    for _ in range(2):
        away(harness)
        assert harness.ticket(before.id).state is TicketState.CANCELLED
        back(harness)
        [again] = tickets(harness, "dee")
        assert (again.id, again.occasion, again.state) == (before.id, before.occasion, TicketState.OPEN)
        assert again.clock_from == harness.now
    assert answer(harness, again).state is TicketState.VERIFIED


@pytest.mark.parametrize("rule", [*OF_GROUPS, YEARLY], ids=name)
def test_who_answered_and_is_back_after_leaving_on_the_same_day_is_asked_by_the_same_ticket(
    asked: Made, rule: StatementRule
) -> None:
    harness = asked(rule)
    [before] = tickets(harness, "dee")
    assert answer(harness, before).state is TicketState.VERIFIED
    harness.later(hours=1)
    left(harness)
    back(harness)
    [again] = tickets(harness, "dee")
    assert (again.id, again.state, "answer" in again.details) == (before.id, TicketState.OPEN, False)
    assert answer(harness, again).state is TicketState.VERIFIED
    assert len(said(harness)) == 2


@pytest.mark.parametrize("rule", OF_GROUPS, ids=name)
def test_who_answered_and_is_back_in_the_group_on_the_same_day_is_not_asked_again(
    asked: Made, rule: StatementRule
) -> None:
    harness = asked(rule)
    [before] = tickets(harness, "dee")
    after = answer(harness, before)
    taken_out(harness)
    back(harness)
    assert tickets(harness, "dee") == [after]


@pytest.mark.parametrize("away", [left, taken_out], ids=name)
@pytest.mark.parametrize("rule, count", [
    (COURSE, 2), (PHONE, 2), (POLICY_3, 1), (DUTIES_2, 1),
], ids=name)  # fmt: skip
def test_who_is_back_on_the_next_day_has_one_live_ticket(
    asked: Made, rule: StatementRule, count: int, away: Away
) -> None:
    """What is asked of a day has a ticket of each day; a version of a text has one."""
    harness = asked(rule)
    away(harness)
    harness.later(days=1)
    for _ in range(2):
        back(harness)
        *before, now = tickets(harness, "dee")
        assert (len(before) + 1, now.state) == (count, TicketState.OPEN)
        assert all(one.state is TicketState.CANCELLED for one in before)
        away(harness)
