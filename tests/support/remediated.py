"""A ward whose member has left, and a rule by which a machine may remove them; what tests look at then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from harness import Harness
from worker.domain.model import Role
from worker.domain.reconcile.remediation import RemediationRule
from worker.domain.tickets.ticket import Ticket, TicketKind
from worker.ports import Capabilities
from worker.ports.state.remediations import ActState

Found = Callable[..., Harness]
REMOVE, REASSIGN = TicketKind.REMOVE_MEMBER, TicketKind.REASSIGN_ADMIN
CAN = Capabilities(sees_all_groups=True, can_remove=True, can_change_admin=True)
RULE = RemediationRule("rooms", frozenset({"wards"}), ("Ward *",), frozenset({REMOVE, REASSIGN}), 20)
LEAVER = "ann"


def begin(harness: Harness, *rules: RemediationRule, can: Capabilities = CAN) -> Harness:
    harness.wards.can = can
    harness.start(replace(harness.app.rules, remediate=rules or (RULE,)))
    return harness


@pytest.fixture
def ward(start: Found) -> Harness:
    """A ward's group of four with an admin who stays, and a member who has left; its ticket is open."""
    harness = begin(start())
    harness.wards.set_role("ward-7", harness.number("ben"), Role.ADMIN)
    leaves(harness)
    return harness


def leaves(harness: Harness, person: str = LEAVER) -> None:
    harness.leave(person)
    harness.settle()


def ticket_of(harness: Harness, kind: TicketKind = REMOVE) -> Ticket:
    [ticket] = harness.tickets(kind)
    return ticket


def acts(harness: Harness, kind: TicketKind = REMOVE) -> list[ActState]:
    number = ticket_of(harness, kind).id
    with harness.store.reading() as uow:
        return [act.state for act in uow.remediations.of_ticket(number)]


def is_in(harness: Harness, person: str = LEAVER) -> bool:
    return harness.wards.has_member("ward-7", harness.number(person))


def look(harness: Harness) -> None:
    """A later read, and what follows from it."""
    harness.later()
    harness.inventory()
    harness.reconcile()
    harness.verify()
