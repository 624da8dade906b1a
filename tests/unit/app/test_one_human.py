"""Accounts of several directories that are one human: who joins, who is added, who manages and owns."""

from __future__ import annotations

from builders import facts
from harness import Harness
from hybrid import CANCELLED, CORP, OPEN, TENANT, Start, company, hybrid, in_tenant, leave, states
from worker.domain.people.joiners import Placement
from worker.domain.tickets.ticket import TicketKind, TicketState

__all__ = ["company", "hybrid"]


def test_accounts_that_are_joined_later_are_one_human_from_then_on(company: Harness) -> None:
    company.corp.put(facts("zoe", phones=(company.number("zoe"),), email="zoe@corp.example"))
    company.directories[TENANT].put(facts("cloud-zoe", email="z@elsewhere.example"))
    company.wards.add_member("ward-7", company.member("zoe"))
    company.settle()
    company.later()
    company.directories[TENANT].disable("cloud-zoe")
    company.settle()
    assert states(company) == []

    company.directories[TENANT].change("cloud-zoe", employee_id="E-zoe")
    company.corp.change("zoe", employee_id="E-zoe")
    company.settle()
    assert states(company) == [OPEN]

    company.directories[TENANT].change("cloud-zoe", employee_id=None)
    company.settle()
    assert states(company) == [CANCELLED]


def test_a_number_that_too_many_have_joins_nobody(company: Harness) -> None:
    for person_id in ("ann", "ben", "cem", "dee"):
        company.corp.change(person_id, employee_id="N/A", immutable_id=None, email=f"{person_id}@one.example")
        cloud = in_tenant(company, person_id, employee_id="N/A", immutable_id=None, phones=(), email=None)
        company.directories[TENANT].put(cloud)
    company.settle()

    leave(company, TENANT, "ann")
    company.settle(full=True)

    assert states(company) == []


def test_a_joiner_whom_both_directories_bring_is_added_once(hybrid: Start) -> None:
    rule = Placement((("department", ("Nursing",)),), ("Ward-7",))
    company = hybrid(joiners=(rule,))
    company.directories[TENANT].put(in_tenant(company, "zoe", department="Nursing"))
    company.settle()
    company.later()
    company.hire("zoe", department="Nursing", immutable_id="guid-zoe")
    company.settle()
    company.settle(full=True)
    (ticket,) = company.tickets()
    assert (ticket.kind, ticket.state) == (TicketKind.ADD_MEMBER, OPEN)

    company.later()
    company.wards.add_member("ward-7", company.member("zoe"))
    company.settle()
    assert states(company) == [TicketState.VERIFIED]

    company.later()
    company.corp.change("zoe", department="Theatre")
    company.settle()
    assert states(company) == [TicketState.VERIFIED]  # the other directory still places her here

    company.directories[TENANT].change("cloud-zoe", department="Theatre")
    company.settle()
    company.settle(full=True)
    assert states(company) == [TicketState.VERIFIED, OPEN]


def test_somebody_in_the_group_is_not_to_be_added_whichever_account_the_rule_speaks_of(
    hybrid: Start,
) -> None:
    rule = Placement((("department", ("Nursing",)),), ("Ward-7",))
    company = hybrid(joiners=(rule,))
    company.directories[TENANT].put(in_tenant(company, "zoe"))  # the cloud knows no departments
    company.wards.add_member("ward-7", company.member("zoe"))
    company.settle()
    company.later()
    company.corp.put(facts("zoe", department="Nursing", immutable_id="guid-zoe"))  # and here is no number
    company.settle()
    company.settle(full=True)
    assert states(company) == []

    company.later()
    company.corp.change("zoe", department="Theatre")
    company.settle()
    (ticket,) = company.tickets()
    assert (ticket.kind, ticket.state) == (TicketKind.REMOVE_MEMBER, OPEN)
    company.settle(full=True)
    assert states(company) == [OPEN]


def test_a_joiner_who_left_in_the_other_directory_is_not_to_be_added(hybrid: Start) -> None:
    rule = Placement((("department", ("Nursing",)),), ("Ward-7",))
    company = hybrid(joiners=(rule,))
    company.hire("zoe", department="Nursing", immutable_id="guid-zoe")
    company.directories[TENANT].put(in_tenant(company, "zoe", enabled=False))
    company.settle()

    assert states(company) == []


def test_the_manager_and_the_owner_are_humans_too(hybrid: Start) -> None:
    company = hybrid()
    company.corp.change("ann", manager_id="p1")
    company.group("ward-9", "ann", owner_email="p2@corp.example")
    company.settle()
    leave(company, TENANT, "p2")
    leave(company, CORP, "ann")

    by_group = {ticket.home.group_id: ticket.assignee for ticket in company.tickets()}
    assert by_group["ward-9"] is not None
    assert by_group["ward-9"].email == "p1@corp.example"  # the owner's cloud account is disabled
