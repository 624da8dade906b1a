"""`whosleft tickets done`: what it says will prove the claim."""

from __future__ import annotations

import pytest

from builders import ticket
from worker.cli.tickets import proof_line
from worker.domain.tickets.ticket import TicketKind, TicketState


@pytest.mark.parametrize(
    "kind, state, said",
    [
        (TicketKind.REMOVE_MEMBER, TicketState.DONE, "A roster taken from now on will prove it."),
        (TicketKind.FIX_PROFILE, TicketState.DONE, "What is read from now on will prove it."),
        (TicketKind.CLOSE_GROUP, TicketState.DONE, "What is read from now on will prove it."),
        (TicketKind.HANDLE_REPORT, TicketState.VERIFIED, "A second person has confirmed it."),
        (TicketKind.REVIEW_CONVERSATIONS, TicketState.VERIFIED, "A second person has confirmed it."),
    ],
)
def test_it_names_what_will_prove_the_claim(kind: TicketKind, state: TicketState, said: str) -> None:
    assert proof_line(ticket(kind, state=state)) == said
