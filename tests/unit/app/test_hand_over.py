"""Admins hand over before their last day, once the control's tickets are allowed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from audit_checks import problems
from builders import rules
from harness import TIMEZONE, Harness
from worker.domain.controls import CATALOGUE
from worker.domain.controls.control import CheckValue
from worker.domain.controls.group import admins_few
from worker.domain.controls.group.hand_over import CONTROL
from worker.domain.controls.policy import AdminsRule, ControlPolicy, HandOverRule
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.escalation.calendar import last_day
from worker.domain.evidence.actor import Actor
from worker.domain.kinds import kind_of
from worker.domain.model import Role
from worker.domain.reconcile.rules import HandOver
from worker.domain.text.tongue import ENGLISH
from worker.domain.tickets.ticket import AssigneeWhy, Ticket, TicketKind, TicketState
from worker.ports.state.leases import LeaseLost

ASKS = ControlSwitch(Mode.TICKET)
WEEK, DAY = timedelta(days=7), timedelta(days=1)
REASSIGN = TicketKind.REASSIGN_ADMIN
POLICY = ControlPolicy(hand_over=(HandOverRule(ASKS),))
RULES = rules(hand_over=HandOver(2 * WEEK, WEEK, WEEK))


@pytest.fixture
def company(start: Callable[..., Harness]) -> Harness:
    """The control had its first run, which found nothing."""
    harness = start(controls=POLICY, rules=RULES)
    harness.control()
    assert not harness.plans()
    return harness


def leaves(company: Harness, person: str, span: timedelta, **changes: Any) -> None:
    company.hire(person, leave_at=company.now + span, **changes)
    company.settle()


def early(company: Harness) -> Ticket:
    [ticket] = company.tickets(REASSIGN)
    return ticket


def test_the_sole_admin_hands_over_before_the_last_day(company: Harness) -> None:
    leaves(company, "dee", 10 * DAY)
    ticket = early(company)
    assert ticket.assignee is not None
    assert ticket.assignee.why is AssigneeWhy.ADMIN
    assert ticket.assignee.person == company.person("dee").key
    assert ticket.due_at - ticket.opened_at == WEEK
    [paragraph] = company.soc.sent[-1].paragraphs if company.titles() else []
    assert "The last day of Dee, who is an admin here, is" in paragraph.text
    assert paragraph.steps  # she has the button herself


def test_a_last_day_that_came_near_in_a_run_that_was_undone_is_not_missed(company: Harness) -> None:
    leaves(company, "dee", 20 * DAY)
    assert not company.tickets()
    company.later(days=7)
    old = company.store.leases.acquire("reconcile", "a", company.now, WEEK)
    assert company.store.leases.acquire("reconcile", "b", company.now + WEEK, WEEK)
    with pytest.raises(LeaseLost):
        company.reconciler.run_once(company.now, old)
    company.reconcile()
    assert early(company).is_early


def test_it_goes_on_when_they_have_left(company: Harness) -> None:
    leaves(company, "dee", 3 * DAY)
    ticket = early(company)
    assert ticket.due_at - ticket.opened_at == 3 * DAY
    company.later(days=4)
    company.settle()
    assert early(company).id == ticket.id
    [removal] = company.tickets(TicketKind.REMOVE_MEMBER)
    assert removal.blocked_by == ticket.id


def test_another_admin_proves_it_and_one_who_leaves_too_does_not(company: Harness) -> None:
    leaves(company, "dee", 10 * DAY)
    company.hire("ann", leave_at=company.now + 5 * DAY)
    company.wards.set_role("ward-7", company.number("ann"), Role.ADMIN)
    company.later()
    company.settle()
    assert early(company).state is TicketState.OPEN
    company.wards.set_role("ward-7", company.number("ben"), Role.ADMIN)
    company.later()
    company.settle()
    assert early(company).state is TicketState.VERIFIED


def test_time_alone_opens_it(company: Harness) -> None:
    leaves(company, "dee", 20 * DAY)
    assert not company.tickets(REASSIGN)
    company.later(days=5)
    company.reconcile()
    assert not company.tickets(REASSIGN)
    company.later(days=1)
    company.reconcile()
    assert early(company).is_early


def test_a_last_day_that_moves_away_takes_it_back(company: Harness) -> None:
    leaves(company, "dee", 10 * DAY)
    leaves(company, "dee", 60 * DAY)
    assert early(company).state is TicketState.CANCELLED
    assert str(early(company).reason).startswith("the last day was moved to")


def _said(ticket: Ticket) -> str:
    return kind_of(ticket).why(ticket, TIMEZONE, ENGLISH, {"person": "Dee"})


@pytest.mark.parametrize("days, due", [(2, 2 * DAY), (13, WEEK)])
def test_a_last_day_that_moves_and_is_near_still_is_what_it_says_and_is_due_by(
    company: Harness, days: int, due: timedelta
) -> None:
    leaves(company, "dee", 10 * DAY)
    before = early(company)
    leaves(company, "dee", days * DAY)
    ends_at = company.person("dee").leaves_at
    assert ends_at is not None
    ticket = early(company)
    assert ENGLISH.day(last_day(ends_at, TIMEZONE)) in _said(ticket)
    assert (ticket.id, ticket.due_at) == (before.id, before.opened_at + due)
    assert "ticket.day_moved" in company.kinds()
    assert problems(company) == []


def test_a_last_day_of_today_leaves_a_day_for_it(company: Harness) -> None:
    leaves(company, "dee", 10 * DAY)
    company.later(days=2)
    leaves(company, "dee", timedelta(hours=3))
    assert early(company).due_at == company.now + DAY


def test_whoever_leaves_before_the_day_that_was_said_has_left_on_that_day_and_no_time_is_won(
    company: Harness,
) -> None:
    leaves(company, "dee", 8 * DAY)
    before = early(company)
    company.later(days=6, hours=12)
    company.leave("dee")
    company.settle()
    ticket = early(company)
    assert ticket.left_at == company.person("dee").left_at
    assert ENGLISH.day(company.now.date()) in _said(ticket)
    assert ticket.due_at == before.due_at


def test_the_day_of_another_admin_changes_nothing_of_it(company: Harness) -> None:
    leaves(company, "dee", 10 * DAY)
    before = early(company)
    company.wards.set_role("ward-7", company.number("ann"), Role.ADMIN)
    company.hire("ann", leave_at=company.now + 12 * DAY)
    company.later()
    company.settle()
    leaves(company, "ann", 13 * DAY)
    assert (early(company).left_at, early(company).due_at) == (before.left_at, before.due_at)


def test_whoever_stays_takes_it_back(company: Harness) -> None:
    leaves(company, "dee", 10 * DAY)
    company.hire("dee", leave_at=None)
    company.settle()
    assert early(company).state is TicketState.CANCELLED


def test_a_last_day_that_nobody_can_read_any_more_takes_nothing_back(company: Harness) -> None:
    leaves(company, "dee", 10 * DAY)
    before = early(company)
    company.hire("dee", leave_at=None, unread=("leave_at",))
    company.settle(full=True)

    assert (early(company).state, early(company).left_at) == (TicketState.OPEN, before.left_at)


def test_with_other_admins_nothing_is_asked(company: Harness) -> None:
    company.wards.set_role("ward-7", company.number("ann"), Role.ADMIN)
    leaves(company, "dee", 10 * DAY)
    assert not company.tickets()
    assert company.app.controls.report(company.now)[_place()].counts.passed == 1


def _place() -> int:
    return list(CATALOGUE).index(CONTROL.id)


def test_the_first_run_is_held(start: Callable[..., Harness]) -> None:
    company = start(controls=POLICY, rules=RULES)
    leaves(company, "dee", 10 * DAY)
    assert not company.tickets()
    company.control()
    [plan] = company.plans()
    assert [cohort.id for cohort in plan.cohorts] == [CONTROL.id]
    company.reconcile(full=True)
    assert not company.tickets()
    company.decide()
    company.reconcile(full=True)
    assert early(company).is_early


def test_what_was_rejected_is_not_opened(start: Callable[..., Harness]) -> None:
    company = start(controls=POLICY, rules=RULES)
    leaves(company, "dee", 10 * DAY)
    company.control()
    company.decide(release=False)
    company.reconcile(full=True)
    assert not company.tickets()


def test_without_a_section_it_is_off_though_a_leaver_s_group_needs_an_admin(
    start: Callable[..., Harness],
) -> None:
    harness = start()
    harness.leave("dee")
    harness.settle()
    assert [one.state for one in harness.tickets(REASSIGN)] == [TicketState.OPEN]
    report = harness.app.controls.report(harness.now)[_place()]
    assert (report.mode, report.counts.subjects) == (None, 0)
    assert report.tickets.live == 1


def test_a_report_opens_nothing(start: Callable[..., Harness]) -> None:
    company = start(controls=ControlPolicy(hand_over=(HandOverRule(),)))
    leaves(company, "dee", 10 * DAY)
    assert company.control().counts[CheckValue.FAIL.value] == 1
    assert not company.plans()
    assert not company.tickets()


def test_without_last_days_it_can_not_tell(company: Harness) -> None:
    counts = company.app.controls.report(company.now)[_place()].counts
    assert (counts.unknown, counts.unknown_why) == (1, {"no_last_day": 1})


def test_an_assignee_who_is_no_admin_is_told_whom_to_ask(company: Harness) -> None:
    leaves(company, "dee", 10 * DAY)
    company.titles()
    company.desk.assign(early(company).id, "ann@example.org", Actor("kim"), company.now)
    company.titles()
    [paragraph] = company.soc.sent[-1].paragraphs
    assert any("ask Dee" in step for step in paragraph.steps)


def test_a_first_release_of_both_asks_for_one_new_admin(start: Callable[..., Harness]) -> None:
    both = ControlPolicy(hand_over=POLICY.hand_over, admins=(AdminsRule(ASKS),))
    company = start(controls=both, rules=RULES)
    leaves(company, "dee", 10 * DAY)
    company.control()
    company.decide()
    company.control()
    assert not company.tickets(TicketKind.ADD_ADMIN)
    company.settle()
    company.control()
    assert [one.kind for one in company.tickets()] == [REASSIGN]


def test_who_rejects_the_hand_over_alone_has_an_admin_added(start: Callable[..., Harness]) -> None:
    both = ControlPolicy(hand_over=POLICY.hand_over, admins=(AdminsRule(ASKS),))
    company = start(controls=both, rules=RULES)
    leaves(company, "dee", 10 * DAY)
    company.control()
    company.decide(CONTROL.id, release=False)
    company.decide(admins_few.CONTROL.id)
    company.control()
    assert [one.kind for one in company.tickets()] == [TicketKind.ADD_ADMIN]
