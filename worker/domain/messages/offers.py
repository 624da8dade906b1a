"""What a reader may do about a ticket where they read of it, and what they are offered. Pure."""

from __future__ import annotations

from enum import StrEnum

from worker.domain.kinds import kind_of
from worker.domain.kinds.kind import DONE_SAYS_IT
from worker.domain.messages.message import Offer, ReaderAct
from worker.domain.text.tongue import N_, Tongue
from worker.domain.tickets.ticket import Ticket, TicketState


class Involvement(StrEnum):
    """Somebody's part in one ticket."""

    ASSIGNEE = "assignee"
    OVERSEER = "overseer"  # the accountable person, and who was named an operator
    NOBODY = "nobody"


RIGHTS = {
    Involvement.ASSIGNEE: frozenset({ReaderAct.ACKNOWLEDGE, ReaderAct.DONE, ReaderAct.SNOOZE}),
    Involvement.OVERSEER: frozenset(ReaderAct),
    Involvement.NOBODY: frozenset[ReaderAct](),
}
LABELS = {
    ReaderAct.ACKNOWLEDGE: N_("I have it"),
    ReaderAct.DONE: N_("Done"),
    ReaderAct.ASSIGN: N_("Reassign"),
    ReaderAct.SNOOZE: N_("Snooze"),
    ReaderAct.WAIVE: N_("Waive"),
}
_POSSIBLE = {
    TicketState.OPEN: tuple(LABELS),
    TicketState.BLOCKED: (ReaderAct.ASSIGN, ReaderAct.WAIVE),
}


def possible(ticket: Ticket) -> tuple[ReaderAct, ...]:
    """The acts that the ticket's state and kind allow, in the order of their buttons.

    What needs an answer is answered on its page, since "done" would not say what the answer is.
    """
    needs_answer = kind_of(ticket).choice not in DONE_SAYS_IT
    acts = _POSSIBLE.get(ticket.state, ())
    return tuple(act for act in acts if not (needs_answer and act is ReaderAct.DONE))


def offers(ticket: Ticket, part: Involvement, tongue: Tongue) -> tuple[Offer, ...]:
    """What a reader with this part is offered, in their language."""
    return tuple(Offer(act, tongue.say(LABELS[act])) for act in possible(ticket) if act in RIGHTS[part])
