"""A list that calls everybody a member, where the messenger always has an admin, tells nobody's role."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness import Harness
from worker.domain.groups.untold_roles import NO_ADMIN
from worker.domain.model import Role
from worker.domain.tickets.ticket import TicketKind, TicketState

ADMINS, REMOVAL = TicketKind.REASSIGN_ADMIN, TicketKind.REMOVE_MEMBER


def lose_roles(harness: Harness, group_id: str = "ward-7", role: Role = Role.MEMBER) -> None:
    for member in harness.wards.members(group_id):
        harness.wards.set_role(group_id, member.handle, role)


def states(harness: Harness) -> dict[TicketKind, TicketState]:
    return {one.kind: one.state for one in harness.tickets()}


@pytest.fixture
def orphaned(company: Harness) -> Harness:
    """The only admin has left: their removal waits until the group has another admin."""
    company.leave("dee")
    company.settle()
    assert states(company) == {ADMINS: TicketState.OPEN, REMOVAL: TicketState.BLOCKED}
    company.later()
    return company


@pytest.mark.parametrize("role", [Role.MEMBER, Role.UNKNOWN])
def test_the_last_admin_s_removal_goes_on_waiting(orphaned: Harness, role: Role) -> None:
    lose_roles(orphaned, role=role)
    for _ in range(2):
        orphaned.settle()
        assert states(orphaned) == {ADMINS: TicketState.OPEN, REMOVAL: TicketState.BLOCKED}
        orphaned.later()


def test_an_admin_by_a_later_list_frees_it(orphaned: Harness) -> None:
    lose_roles(orphaned)
    orphaned.settle()
    orphaned.later()
    orphaned.wards.set_role("ward-7", orphaned.number("ann"), Role.ADMIN)
    orphaned.settle()
    assert states(orphaned) == {ADMINS: TicketState.VERIFIED, REMOVAL: TicketState.OPEN}


def test_no_group_is_said_to_have_lost_its_admins(company: Harness) -> None:
    company.group("ward-8", "ann", "eve", admins=["ben"])
    company.settle()
    company.later()
    for group_id in ("ward-7", "ward-8"):
        lose_roles(company, group_id)
    company.settle()
    assert company.tickets() == []
    with company.store.begin() as uow:
        row = uow.rosters.group(company.wards.key("ward-8"))
    assert row is not None
    assert row.warning == NO_ADMIN


@pytest.mark.parametrize("kept_by_people, messenger", [(True, "whatsapp"), (False, "signal")])
def test_where_a_group_may_be_without_an_admin_its_list_is_believed(
    company: Harness, kept_by_people: bool, messenger: str
) -> None:
    if kept_by_people:
        company.wards.can = replace(company.wards.can, is_kept_by_people=True)
    company.group("ward-8", "ann", "eve", admins=["ben"], messenger=messenger)
    company.settle()
    company.later()
    lose_roles(company, "ward-8")
    company.settle()
    assert states(company) == {ADMINS: TicketState.OPEN}


@pytest.mark.parametrize("role", [Role.MEMBER, Role.UNKNOWN])
def test_no_new_admin_is_asked_for_where_there_was_another_one(company: Harness, role: Role) -> None:
    company.wards.set_role("ward-7", company.number("ann"), Role.ADMIN)
    company.leave("dee")
    company.settle()
    for _ in range(2):
        assert states(company) == {REMOVAL: TicketState.OPEN}
        company.later()
        lose_roles(company, role=role)
        company.settle()


@pytest.mark.parametrize("role", [Role.MEMBER, Role.UNKNOWN])
def test_a_claim_that_there_is_a_new_admin_is_neither_proven_nor_untrue(
    orphaned: Harness, role: Role
) -> None:
    with orphaned.store.begin() as uow:
        [ticket] = [one for one in uow.tickets.page(list(TicketState), 0, 9) if one.kind is ADMINS]
        uow.tickets.update([replace(ticket, state=TicketState.DONE, done_at=orphaned.now, done_by="ann")])
    orphaned.later()
    lose_roles(orphaned, role=role)
    orphaned.settle()
    assert states(orphaned) == {ADMINS: TicketState.DONE, REMOVAL: TicketState.BLOCKED}


def test_nor_is_a_proven_one_needed_again(orphaned: Harness) -> None:
    orphaned.wards.set_role("ward-7", orphaned.number("ann"), Role.ADMIN)
    orphaned.settle()
    orphaned.later()
    lose_roles(orphaned)
    orphaned.settle()
    assert states(orphaned) == {ADMINS: TicketState.VERIFIED, REMOVAL: TicketState.OPEN}
