"""Holds on removals: by an approver's word, with a reason and an end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from builders import rules
from harness import Harness
from worker.app.refused import Refused
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState

KIM = Actor("kim", "kim")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WHY = "Ann exports her part first"


@pytest.fixture
def left(company: Harness) -> Harness:
    """Ann has left the company, and is in the ward's group."""
    company.leave("ann")
    company.settle()
    company.titles()
    return company


def hold(company: Harness, span: timedelta = DAY, number: int = 1) -> Ticket:
    return company.app.holds.hold(number, KIM, WHY, company.now + span, company.now)


def test_a_held_removal_waits_is_announced_and_is_in_the_journal(left: Harness) -> None:
    held = hold(left)
    assert (held.state, held.held_until) == (TicketState.BLOCKED, left.now + DAY)
    assert left.kinds()[-1] == events.TICKET_HELD
    assert left.journal()[-1].entry.reason == WHY
    titles = left.titles()
    assert len([one for one in titles if one.startswith("Not yet: ")]) == 2  # the assignee and the channel
    left.later(hours=23)
    left.settle(full=True)
    left.escalate()
    assert left.ticket().held_until == held.held_until
    assert left.ticket().state is TicketState.BLOCKED
    assert not left.titles()


def test_a_hold_ends_by_itself_though_the_worker_was_off(left: Harness) -> None:
    held = hold(left)
    assert held.held_until is not None
    left.later(days=3)
    left.reconcile()
    free = left.ticket()
    assert (free.state, free.held_until) == (TicketState.OPEN, None)
    assert free.clock_from == held.held_until  # overdue by then: it was not the ticket's fault
    assert free.due_at == held.held_until + DAY
    assert str(free.reason) == "the hold is over"
    assert "Can be done now: Remove Ann from Ward 7" in left.titles()


def test_whoever_is_gone_meanwhile_is_verified(left: Harness) -> None:
    hold(left)
    left.drop("ward-7", "ann")
    left.later()
    left.settle()
    assert left.ticket().state is TicketState.VERIFIED


def test_what_ends_a_held_removal_ends_the_hold_too_and_the_next_one_may_last_as_long(left: Harness) -> None:
    hold(left)
    left.drop("ward-7", "ann")
    left.later()
    left.settle()
    assert (left.ticket().state, left.ticket().held_until) == (TicketState.VERIFIED, None)
    left.later(days=30)
    left.wards.add_member("ward-7", left.member("ann"))
    left.settle()
    assert left.ticket().state is TicketState.OPEN
    assert hold(left, 3 * DAY).held_until == left.now + 3 * DAY
    left.desk.waive(1, KIM, "she stays", left.now)
    assert (left.ticket().state, left.ticket().held_until) == (TicketState.WAIVED, None)


def test_who_is_back_at_work_is_held_no_longer(left: Harness) -> None:
    hold(left)
    left.hire("ann")
    left.settle()
    assert (left.ticket().state, left.ticket().held_until) == (TicketState.CANCELLED, None)


def test_a_hold_that_is_over_is_looked_at_once_though_it_waits_for_an_admin(company: Harness) -> None:
    company.leave("dee")
    company.settle()
    [removal] = company.tickets(TicketKind.REMOVE_MEMBER)
    [new_admin] = company.tickets(TicketKind.REASSIGN_ADMIN)
    hold(company, HOUR, removal.id)
    company.later(hours=2)
    with company.store.reading() as uow:
        assert uow.tickets.homes_of_holds_over(company.now, 3 * DAY) == []
    hold(company, HOUR, removal.id)
    company.desk.waive(new_admin.id, KIM, "not needed", company.now)
    company.later(hours=2)
    with company.store.reading() as uow:
        assert uow.tickets.homes_of_holds_over(company.now, 3 * DAY) == [removal.group]


def test_a_hold_that_was_set_while_the_clock_was_ahead_is_over(left: Harness) -> None:
    at = left.now
    left.now = at + 60 * DAY
    hold(left, HOUR)
    left.now = at + HOUR
    left.settle()
    assert (left.ticket().state, left.ticket().held_until) == (TicketState.OPEN, None)
    with pytest.raises(Refused, match="too long"):
        hold(left, 61 * DAY)
    hold(left, 2 * DAY)
    left.settle(full=True)
    assert left.ticket().state is TicketState.BLOCKED


def test_a_person_ends_it_before_its_time(left: Harness) -> None:
    hold(left)
    left.later()
    free = left.app.holds.end(1, KIM, "she has it", left.now)
    assert (free.state, free.clock_from, free.held_until) == (TicketState.OPEN, left.now, None)
    assert left.kinds()[-1] == events.TICKET_HOLD_ENDED
    with pytest.raises(Refused, match="is not held"):
        left.app.holds.end(1, KIM, "again", left.now)


def test_holds_are_short_also_several_of_them(left: Harness) -> None:
    with pytest.raises(Refused, match="at most 3 days"):
        hold(left, timedelta(hours=73))
    hold(left, timedelta(hours=48))
    left.later(hours=47)
    hold(left, timedelta(hours=25))  # to the end of the 72nd hour
    left.later(hours=26)
    left.reconcile()
    with pytest.raises(Refused, match="too long"):
        hold(left, HOUR)


def test_what_can_not_be_held(left: Harness) -> None:
    for span in (timedelta(0), -HOUR):
        with pytest.raises(Refused, match="over already"):
            hold(left, span)
    for text in ("", "  "):
        with pytest.raises(Refused, match="reason is required"):
            left.app.holds.hold(1, KIM, text, left.now + HOUR, left.now)
        with pytest.raises(Refused, match="reason is required"):
            left.app.holds.end(1, KIM, text, left.now)
    left.desk.done(1, KIM, left.now)
    with pytest.raises(Refused, match="it is done, so there is nothing to hold"):
        hold(left)


def test_only_removals_of_leavers(company: Harness) -> None:
    company.leave("dee")
    company.settle()
    [new_admin] = company.tickets(TicketKind.REASSIGN_ADMIN)
    with pytest.raises(Refused, match="only the removal of somebody who left"):
        hold(company, number=new_admin.id)


def test_a_sensitive_group_is_exported_first(start: Callable[..., Harness]) -> None:
    company = start(sensitive=("ward-7",))
    company.leave("ann")
    company.settle()
    with pytest.raises(Refused, match="export the conversation first, within the ticket's time"):
        hold(company)


def test_a_held_last_admin_goes_on_waiting_for_another_admin(company: Harness) -> None:
    company.leave("dee")
    company.settle()
    [removal] = company.tickets(TicketKind.REMOVE_MEMBER)
    assert removal.blocked_by is not None
    hold(company, HOUR, removal.id)
    company.later(hours=2)
    company.reconcile()
    assert company.ticket(removal.id).blocked_by == removal.blocked_by
    hold(company, HOUR, removal.id)
    company.app.holds.end(removal.id, KIM, "no need", company.now)
    assert company.ticket(removal.id).state is TicketState.BLOCKED


def test_lengths_that_a_form_offers(start: Callable[..., Harness]) -> None:
    assert start().app.holds.hours() == [12, 24, 48, 72]
    assert start(rules=rules(hold_max=DAY)).app.holds.hours() == [12, 24]
