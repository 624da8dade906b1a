"""What somebody who left keeps, by tickets and rosters."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import NOW, WARD, ticket
from worker.domain.kinds.keeps import KeptGroup, kept_by, since_details
from worker.domain.model import GroupKey
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState

DAY = timedelta(days=1)
WARD_8 = GroupKey("wards", "ward-8")
LIVE = ticket(details=since_details(NOW - DAY))
OVER = replace(LIVE, state=TicketState.VERIFIED, verified_at=NOW, verified_by="wards", grade=Grade.A)
STILL_IN = KeptGroup(WARD, "Ward 7 nights", "whatsapp", NOW - 3 * DAY)


def test_a_proven_removal_says_until_when_and_since_when() -> None:
    assert kept_by([OVER], []) == [
        KeptGroup(WARD, "Ward 7 nights", "whatsapp", from_at=NOW - DAY, until_at=NOW, ticket=OVER)
    ]


def test_who_is_still_in_keeps_on_reading() -> None:
    [one] = kept_by([LIVE], [STILL_IN])
    assert (one.from_at, one.until_at, one.ticket) == (NOW - 3 * DAY, None, LIVE)
    assert kept_by([], [STILL_IN]) == [STILL_IN]


def test_a_claim_proves_nothing() -> None:
    done = replace(LIVE, state=TicketState.DONE, done_at=NOW, grade=Grade.C)
    assert [one.until_at for one in kept_by([done], [])] == [None]


def test_what_was_there_at_the_first_reading_has_no_beginning() -> None:
    assert since_details(None) == {}
    assert [one.from_at for one in kept_by([replace(OVER, details={})], [])] == [None]


def test_two_handles_are_one_time_that_ends_with_the_last() -> None:
    other = replace(
        OVER, id=2, handle="+447700900002", verified_at=NOW + DAY, details=since_details(NOW - 2 * DAY)
    )
    [one] = kept_by([OVER, other], [])
    assert (one.from_at, one.until_at) == (NOW - 2 * DAY, NOW + DAY)
    [one] = kept_by([OVER, replace(LIVE, id=2, handle="+447700900002")], [STILL_IN, STILL_IN])
    assert (one.from_at, one.until_at) == (NOW - 3 * DAY, None)


def test_an_earlier_leaving_is_a_time_of_its_own() -> None:
    before = replace(OVER, id=2, occasion="earlier", verified_at=NOW - 90 * DAY)
    found = kept_by([before, LIVE], [STILL_IN])
    assert [one.until_at for one in found] == [None, NOW - 90 * DAY]


def test_groups_that_still_list_the_person_come_first_then_the_newest() -> None:
    older = replace(OVER, id=2, group=WARD_8, verified_at=NOW - DAY)
    elsewhere = replace(STILL_IN, group=GroupKey("wards", "ward-9"))
    assert [one.group for one in kept_by([older, OVER], [elsewhere])] == [elsewhere.group, WARD, WARD_8]


@pytest.mark.parametrize(
    "other",
    [
        replace(LIVE, state=TicketState.CANCELLED),
        ticket(TicketKind.REASSIGN_ADMIN),
    ],
)
def test_other_tickets_say_nothing(other: Ticket) -> None:
    assert kept_by([other], []) == []


WAIVED = replace(LIVE, state=TicketState.WAIVED, waived_until=NOW + DAY)


def test_a_waived_removal_says_that_they_were_in_and_not_until_when() -> None:
    [one] = kept_by([WAIVED], [])
    assert (one.group, one.until_at, one.ticket, one.is_open) == (WARD, None, WAIVED, False)
    [one] = kept_by([WAIVED], [STILL_IN])
    assert (one.ticket, one.is_open) == (WAIVED, True)


@pytest.mark.parametrize("tickets", [(WAIVED, replace(OVER, id=2)), (OVER, replace(WAIVED, id=2))])
def test_of_two_handles_the_proven_one_says_until_when(tickets: tuple[Ticket, ...]) -> None:
    assert [(one.until_at, one.is_open) for one in kept_by(tickets, [])] == [(NOW, False)]


def test_two_handles_that_were_waived_are_out_together() -> None:
    assert [one.is_open for one in kept_by([WAIVED, replace(WAIVED, id=2)], [])] == [False]
    assert [one.is_open for one in kept_by([WAIVED, replace(LIVE, id=2)], [])] == [True]


@pytest.mark.parametrize("order", [1, -1])
def test_a_group_that_lists_them_belongs_to_the_removal_that_is_asked_for(order: int) -> None:
    before = replace(WAIVED, id=2, occasion="earlier")
    found = kept_by([before, LIVE][::order], [STILL_IN])
    assert [(one.ticket, one.is_open) for one in found] == [(LIVE, True), (before, False)]


def test_groups_that_may_still_be_read_come_first() -> None:
    there = replace(LIVE, id=2, group=WARD_8)
    first, *_ = kept_by([WAIVED, OVER, there], [])
    assert first.group == WARD_8
