"""Somebody said once who a member is; then the same member is shown by another name."""

from __future__ import annotations

import pytest

from harness import Harness
from worker.domain.evidence.actor import Actor
from worker.domain.model import Member
from worker.domain.tickets.ticket import TicketKind, TicketState

CHOSEN = ("Night nurse", "Ann B.")
TYPED = ("ANN LEE", "Ann\u200e  Lee")
BUSINESS = "GB.13491208655302741918"


@pytest.mark.parametrize("name", CHOSEN)
def test_an_account_by_another_name_is_still_the_leavers(company: Harness, name: str) -> None:
    _goes_on(company, Member("U0A1", "Ann", native_id="U0A1"), Member("U0A1", name, native_id="U0A1"))


def test_an_account_by_another_username_is_still_the_leavers(company: Harness) -> None:
    before, after = (
        Member(BUSINESS, username=name, business_id=BUSINESS, native_id=BUSINESS)
        for name in ("@ann", "@night")
    )
    _goes_on(company, before, after)


@pytest.mark.parametrize("name", TYPED)
def test_a_name_typed_in_other_letters_is_still_the_leavers(company: Harness, name: str) -> None:
    _goes_on(company, Member("name:ann lee", "Ann Lee"), Member("name:ann lee", name))


def _goes_on(company: Harness, before: Member, after: Member) -> None:
    company.wards.replace_member("ward-7", company.number("ann"), before)
    company.settle()
    company.identifying.confirm(before.handle, "ann", Actor("dee"), company.now)
    company.leave("ann")
    company.settle()
    company.later()
    company.wards.replace_member("ward-7", before.handle, after)
    company.settle()
    assert [one.state for one in company.tickets(TicketKind.REMOVE_MEMBER)] == [TicketState.OPEN]
    assert [one.state for one in company.tickets(TicketKind.IDENTIFY_MEMBER)] == [TicketState.VERIFIED]
