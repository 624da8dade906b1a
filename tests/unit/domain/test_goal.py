"""Where a group is to move to, as reconciling knows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import NOW, WARD, ticket
from worker.domain.groups.case import GroupView
from worker.domain.model import Coverage, RegisterFacts
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState

CLOSING = ticket(TicketKind.CLOSE_GROUP, handle="", person=None, details={"move_to": "teams"})
DORMANT = replace(CLOSING, id=2, details={})


@pytest.mark.parametrize(
    "said, tickets, goal",
    [
        (None, (), ""),
        (RegisterFacts(), (DORMANT,), ""),
        (None, (DORMANT, CLOSING), "teams"),
        (None, (replace(CLOSING, state=TicketState.CANCELLED),), ""),
        (RegisterFacts(move_to="Signal"), (CLOSING,), "signal"),
        (RegisterFacts(move_to="WhatsApp"), (CLOSING,), ""),
    ],
)
def test_the_registers_word_comes_before_a_live_ticket(
    said: RegisterFacts | None, tickets: tuple[Ticket, ...], goal: str
) -> None:
    view = GroupView(WARD, "Ward 7", "whatsapp", NOW, Coverage.FULL, (), registered=said, tickets=tickets)
    assert view.goal == goal
