"""Members who are shown with one person's number and another one's address: only one of the two has left."""

from __future__ import annotations

import pytest

from harness import Harness
from worker.domain.evidence.actor import Actor
from worker.domain.model import Member
from worker.domain.tickets.ticket import TicketKind, TicketState

ACCOUNT = "U-7"  # of a messenger in which everybody types their own number


def shown(h: Harness, number_of: str, address_of: str) -> Member:
    email = f"{address_of}@corp.example"
    return Member(ACCOUNT, "Somebody", phone=h.number(number_of), email=email)


def found(h: Harness) -> list[tuple[TicketKind, TicketState]]:
    return [(one.kind, one.state) for one in h.tickets() if one.handle == ACCOUNT]


ASKED = (TicketKind.IDENTIFY_MEMBER, TicketState.OPEN)


@pytest.mark.parametrize("leaver", ["ann", "ben"])
@pytest.mark.parametrize("is_before", [True, False])
def test_it_is_a_question_whoever_of_the_two_left_and_whenever(
    company: Harness, leaver: str, *, is_before: bool
) -> None:
    company.group("nights", admins=["dee"])
    if not is_before:
        company.leave(leaver)
        company.settle()
        company.later()
    company.wards.add_member("nights", shown(company, "ann", "ben"))
    company.settle()
    company.later()
    company.leave(leaver)
    company.settle()
    assert found(company) == [ASKED]

    company.corp.enable(leaver)
    company.later()
    company.settle()
    assert found(company) == [(TicketKind.IDENTIFY_MEMBER, TicketState.VERIFIED)]


def test_a_colleague_who_takes_a_leavers_number_over_is_not_asked_out(company: Harness) -> None:
    company.group("nights", admins=["dee"])
    company.wards.add_member("nights", shown(company, "ben", "ben"))
    company.leave("ann")
    company.settle()
    company.later()
    company.wards.replace_member("nights", ACCOUNT, shown(company, "ann", "ben"))
    company.settle()
    assert found(company) == [ASKED]


def test_a_leaver_who_shows_a_colleagues_number_is_asked_about(company: Harness) -> None:
    company.group("nights", admins=["dee"])
    company.wards.add_member("nights", shown(company, "ann", "ann"))
    company.leave("ann")
    company.settle()
    assert found(company) == [(TicketKind.REMOVE_MEMBER, TicketState.OPEN)]
    company.later()
    company.wards.replace_member("nights", ACCOUNT, shown(company, "ben", "ann"))
    company.settle()
    assert found(company)[1:] == [ASKED]

    company.identifying.confirm(ACCOUNT, "ann", Actor("sam"), company.now)
    company.settle()
    assert [one for one in found(company) if one[0] is TicketKind.REMOVE_MEMBER][-1][1] is TicketState.OPEN
