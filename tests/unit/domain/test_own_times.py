"""A ticket with a time of its own is due at the instant that was meant, where its policy counts opening hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from attested import POLICY_3
from builders import DAY, HOUR, WARD, group, key, person, rules, ticket, view
from good_group import GOOD
from worker.domain.controls.policy import ReportsRule
from worker.domain.controls.reports import BadMessage, Tier
from worker.domain.escalation.calendar import BusinessCalendar, add, parse_days, parse_hours
from worker.domain.escalation.policy import STANDARD
from worker.domain.kinds.controlled import TIME_S
from worker.domain.kinds.handle_report import TIER
from worker.domain.model import Evidence, Standing
from worker.domain.people.leaving import episode_name
from worker.domain.reconcile.attesting import ToAsk, ask
from worker.domain.reconcile.following import with_last_days
from worker.domain.reconcile.reporting import joined
from worker.domain.reconcile.rules import HandOver
from worker.domain.tickets.ticket import Ticket, TicketKind

OFFICE = BusinessCalendar(parse_hours("09:00-17:30"), parse_days("mon-fri"), "Europe/London")
RULES = rules(policies=(replace(STANDARD, calendar=OFFICE),), hand_over=HandOver(14 * DAY, 7 * DAY, 7 * DAY))


def on(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """An instant of November 2026, which began on a Sunday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def opened(kind: TicketKind, at: datetime, **changes: object) -> Ticket:
    return ticket(kind, opened_at=at, clock_from=at, **changes)


def due_at(asked: Ticket, leaves_at: datetime) -> datetime:
    assert RULES.hand_over is not None
    time = RULES.hand_over.time(asked, OFFICE, leaves_at, asked.clock_from)
    return RULES.started(replace(asked, details={TIME_S: time.total_seconds()}), asked.clock_from).due_at


@pytest.mark.parametrize("at, leaves_at, due", [
    (on(2, 9), on(5), on(5, 9)),
    (on(2, 9), on(9), on(9, 9)),
    (on(2, 9), on(16), on(16, 9)),
    (on(2, 9), on(2, 17), on(3, 9)),
    (on(6, 18), on(7), on(10, 9)),
])  # fmt: skip
def test_an_admin_hands_over_by_the_end_of_the_last_day_or_has_a_day_from_the_next_opening(
    at: datetime, leaves_at: datetime, due: datetime
) -> None:
    assert due_at(opened(TicketKind.REASSIGN_ADMIN, at), leaves_at) == due


def test_the_longest_time_is_counted_in_the_policy_s_hours() -> None:
    asked = opened(TicketKind.REASSIGN_ADMIN, on(2, 9))
    assert due_at(asked, on(2) + 90 * DAY) == add(OFFICE, on(2, 9), 7 * DAY)


@pytest.mark.parametrize("waited", [timedelta(0), HOUR])
def test_a_last_day_that_is_moved_is_when_it_is_due_whatever_waited_for_proof(waited: timedelta) -> None:
    asked = opened(
        TicketKind.REASSIGN_ADMIN,
        on(2, 9),
        left_at=on(16),
        occasion=episode_name(key(), on(16)),
        waited_us=waited // timedelta(microseconds=1),
        details={TIME_S: (80 * HOUR).total_seconds()},
    )
    ann = replace(person(leave_at=on(9)), standing=Standing.LEAVING, evidence=Evidence.LEAVE_DATE)
    seen = group(view(ann), tickets=(asked,), handing_over=frozenset({key()}))
    [moved] = with_last_days(seen, RULES, on(3, 9))
    assert moved.due_at == on(9, 9)


@pytest.mark.parametrize("waited", [timedelta(0), HOUR])
def test_a_report_that_joins_an_earlier_one_makes_the_ticket_due_as_it_is(waited: timedelta) -> None:
    at = on(6, 16)
    first = RULES.started(opened(TicketKind.HANDLE_REPORT, at, details={TIME_S: 86400.0, TIER: "other"}), at)
    first = RULES.timed(replace(first, waited_us=waited // timedelta(microseconds=1)))
    report = BadMessage(WARD, "Ward 7 nights", Tier.PERSONAL_DATA, about_admin=False, at=at, receipt="r")
    now = on(6, 17)
    both = joined(first, report, GOOD, ReportsRule(), RULES, now)
    assert both.due_at == add(OFFICE, now, HOUR)
    assert timedelta(seconds=both.details[TIME_S]) == 2 * HOUR - waited
    assert RULES.timed(both).due_at == both.due_at


@pytest.mark.parametrize("now, due", [
    (on(4, 9), add(OFFICE, on(2, 9), 7 * DAY)),
    (on(30, 9), add(OFFICE, on(30, 9), 14 * DAY)),
])  # fmt: skip
def test_a_joiner_s_time_runs_from_the_first_day_in_opening_hours(now: datetime, due: datetime) -> None:
    rule = replace(POLICY_3, due=14 * DAY, joiner_due=7 * DAY)
    asked = ask(ToAsk(person(), joined_at=on(2, 9)), rule, RULES, now).ticket
    assert asked.due_at == due
