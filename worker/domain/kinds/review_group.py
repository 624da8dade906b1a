"""Ask somebody who knows a group whether its members belong in it."""

from __future__ import annotations

from dataclasses import replace

from worker.domain.controls.group import roster_fresh
from worker.domain.kinds import controlled
from worker.domain.kinds.kind import Choice, InControls, Sees
from worker.domain.text.tongue import N_
from worker.domain.tickets.answers import Answer
from worker.domain.tickets.help import Help
from worker.domain.tickets.ticket import Ticket, TicketKind


def _steps(_ticket: Ticket, _aid: Help | None) -> tuple[str, ...]:
    return (
        N_("Open the page of this ticket."),
        N_("Say of each member who is shown whether they belong in the group."),
    )


def looks_at_all(ticket: Ticket) -> bool:
    """Whether a review has to show everybody, since the list itself may be wrong."""
    return any(fault["control"] == roster_fresh.CONTROL.id for fault in controlled.faults_of(ticket))


_ASKED = controlled.kind(
    code=TicketKind.REVIEW_GROUP,
    word=N_("review"),
    title=N_("Look through the members of {group}"),
    steps=_steps,
    found=InControls(controlled.ADMIN_FIRST),
    choice=Choice.ROWS,
    sees=Sees.STATEMENT,
)
KIND = replace(_ASKED, answers=(*_ASKED.answers, Answer.NOT_NEEDED))
