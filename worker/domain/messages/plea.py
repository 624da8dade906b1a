"""A text that an assignee can send to the person who left, if only that person can do what a ticket asks. Pure."""

from __future__ import annotations

from worker.domain.kinds import kind_of
from worker.domain.messengers import messenger
from worker.domain.text.tongue import Tongue
from worker.domain.tickets.ticket import Ticket


def plea(ticket: Ticket, candidate: str, tongue: Tongue) -> str:
    """Ask the person who left, in their language; empty for a kind that never asks them.

    `candidate` is the name of a possible next admin; it may be empty.
    """
    text = kind_of(ticket).plea
    if text is None:
        return ""
    app = messenger(ticket.messenger).name
    names = {"person": ticket.person_name, "group": ticket.group_name, "candidate": candidate}
    flat = {name: " ".join(value.split()) for name, value in names.items()}
    return tongue.say(text(bool(candidate)), **flat, messenger=app)
