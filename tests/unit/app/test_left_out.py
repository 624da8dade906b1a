"""Groups that the configuration leaves out: nobody reads them, so nobody knows what is true of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

import pytest

from fakes.inventory import FakeInventory
from harness import Harness
from worker.domain.controls.policy import ClassRule, ControlPolicy
from worker.domain.controls.switch import ControlSwitch, Mode
from worker.domain.evidence.actor import Actor
from worker.domain.model import Coverage, Roster
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState
from worker.ports import Capabilities, SnapshotEnd

CLASS = ClassRule(ControlSwitch(Mode.TICKET), "patient", ("teams",), ("Ward*",), move_to="teams")


@pytest.fixture
def ward(start: Callable[..., Harness]) -> Harness:
    """Ward 7 may not be in its messenger: a ticket asks to close it. There are groups enough beside it."""
    harness = start(controls=ControlPolicy(classes=(CLASS,)))
    for number in range(9):
        harness.group(f"other-{number}", "una", admins=["tom"])
    harness.settle()
    harness.control()
    harness.decide()
    harness.control()
    return harness


def sees(harness: Harness, *, all_groups: bool) -> None:
    harness.wards.can = Capabilities(sees_all_groups=all_groups)
    harness.start(harness.app.rules)


def goes(harness: Harness) -> None:
    harness.wards.omit("ward-7")
    checks(harness)


def is_left_out(harness: Harness) -> None:
    takes = {"wards": lambda group_id, _name: group_id != "ward-7"}
    harness.start(replace(harness.app.rules, takes=takes))
    goes(harness)


def is_read_again(harness: Harness) -> None:
    harness.wards.mend()
    harness.start(replace(harness.app.rules, takes={"wards": lambda _id, _name: True}))
    checks(harness)


def checks(harness: Harness) -> None:
    harness.later()
    harness.settle(full=True)
    harness.control()
    harness.verify()


def closing(harness: Harness) -> Ticket:
    [ticket] = harness.tickets(TicketKind.CLOSE_GROUP)
    return ticket


def test_a_complete_list_without_the_group_proves_that_it_was_closed(ward: Harness) -> None:
    goes(ward)
    assert (closing(ward).state, closing(ward).grade) == (TicketState.VERIFIED, Grade.A)


def test_a_group_that_is_listed_without_its_members_is_not_proven_to_be_closed(ward: Harness) -> None:
    ward.desk.done(closing(ward).id, Actor("sam"), ward.now)
    ward.wards.shrink("ward-7", 0)
    ward.wards.mark("ward-7", Coverage.PARTIAL)
    ward.later()
    [trouble] = ward.inventory().troubles
    assert "the group ward-7 shows none" in trouble
    ward.reconcile()
    ward.control()
    ward.verify()
    assert (closing(ward).state, closing(ward).grade) == (TicketState.OPEN, None), "it is still listed"
    ward.wards.mend()
    goes(ward)
    assert (closing(ward).state, closing(ward).grade) == (TicketState.VERIFIED, Grade.A)


@pytest.mark.parametrize("all_groups", [True, False])
@pytest.mark.parametrize("is_claimed", [True, False])
def test_leaving_a_group_out_does_not_prove_that_it_was_closed(
    ward: Harness, all_groups: bool, is_claimed: bool
) -> None:
    sees(ward, all_groups=all_groups)
    if is_claimed:
        ward.desk.done(closing(ward).id, Actor("sam"), ward.now)
    is_left_out(ward)
    ticket = closing(ward)
    assert (ticket.state, ticket.grade) == (TicketState.CANCELLED, Grade.C if is_claimed else None)
    assert ticket.reason == "the group is no longer in the inventory"
    is_read_again(ward)
    assert closing(ward).state is TicketState.OPEN


class Switched(FakeInventory):
    """A source whose settings may switch off what it reads beside other groups."""

    is_off = False

    def changes(
        self, cursor: str | None, groups: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        for item in super().changes(cursor, groups):
            if isinstance(item, SnapshotEnd) and self.is_off:
                yield replace(item, left_out=lambda group_id: group_id == "ward-7")
            else:
                yield item


@pytest.mark.parametrize("all_groups", [True, False])
@pytest.mark.parametrize("was_unseen", [True, False])
def test_what_the_source_s_settings_switch_off_is_left_out(
    start: Callable[..., Harness], all_groups: bool, was_unseen: bool
) -> None:
    """Its tickets are cancelled, and none are opened; also if it was off before that was known."""
    harness = start(inventory_type=Switched)
    source = harness.wards
    assert isinstance(source, Switched)
    for number in range(9):
        harness.group(f"other-{number}", "una", admins=["tom"])
    harness.leave("ann")
    sees(harness, all_groups=False if was_unseen else all_groups)
    harness.settle()
    source.omit("ward-7")
    if was_unseen:
        harness.later()
        harness.settle()
    [asked] = harness.tickets(TicketKind.REMOVE_MEMBER)
    assert asked.is_live

    source.is_off = True
    sees(harness, all_groups=all_groups)
    harness.leave("ben")
    harness.later()
    harness.settle(full=True)
    [ticket] = harness.tickets(TicketKind.REMOVE_MEMBER)
    assert (ticket.state, ticket.reason) == (TicketState.CANCELLED, "the group is no longer in the inventory")

    source.is_off = False
    source.mend()
    harness.later()
    harness.settle(full=True)
    assert [one.state for one in harness.tickets(TicketKind.REMOVE_MEMBER)] == [TicketState.OPEN] * 2


def test_a_group_that_was_left_out_can_be_proven_to_be_closed_later(ward: Harness) -> None:
    is_left_out(ward)
    is_read_again(ward)
    goes(ward)
    assert closing(ward).state is TicketState.VERIFIED
