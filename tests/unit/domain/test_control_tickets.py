"""The ticket of a failing control, and how well an inventory proves."""

from __future__ import annotations

import pytest

from builders import ticket
from worker.app.reads.witness import Witness
from worker.domain.groups.capabilities import Capabilities
from worker.domain.kinds.controlled import ticket_for
from worker.domain.tickets.ticket import Grade, TicketKind, TicketState

FEW = "group.admins_few"


@pytest.mark.parametrize("state, is_found", [
    (TicketState.OPEN, True),
    (TicketState.DONE, True),
    (TicketState.WAIVED, True),
    (TicketState.VERIFIED, False),
    (TicketState.CANCELLED, False),
])  # fmt: skip
def test_a_failure_has_its_live_or_waived_ticket(state: TicketState, is_found: bool) -> None:
    other, asked = ticket(TicketKind.CLOSE_GROUP), ticket(TicketKind.ADD_ADMIN, id=2, state=state)

    assert ticket_for(FEW, [other, asked]) == (asked if is_found else None)


def test_of_a_live_one_and_a_waived_one_it_has_the_live_one() -> None:
    waived, asked = (
        ticket(TicketKind.ADD_ADMIN, id=number, state=state)
        for number, state in enumerate((TicketState.WAIVED, TicketState.OPEN), 1)
    )
    assert ticket_for(FEW, [waived, asked]) == asked


@pytest.mark.parametrize("is_kept, grade", [(True, Grade.B), (False, Grade.A)])
def test_a_list_that_people_keep_proves_less(is_kept: bool, grade: Grade) -> None:
    assert Witness("any", Capabilities(is_kept_by_people=is_kept)).grade is grade
