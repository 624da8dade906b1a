"""Ask the role that the policy names to review the work conversations of somebody who leaves."""

from __future__ import annotations

from collections.abc import Mapping

from worker.domain.controls.others import CONVERSATIONS
from worker.domain.escalation.calendar import last_day
from worker.domain.kinds.controlled import person_kind
from worker.domain.kinds.kind import Choice
from worker.domain.text.tongue import N_, Tongue
from worker.domain.tickets.help import Help
from worker.domain.tickets.ticket import Ticket, TicketKind

POLICY_REF, DPIA_REF = "policy_ref", "dpia_ref"  # in its details: the documents that allow it


def _why(ticket: Ticket, timezone: str, tongue: Tongue, names: Mapping[str, str]) -> str:
    day = tongue.day(last_day(ticket.left_at or ticket.opened_at, timezone))
    return tongue.say(
        "The last day of {person} is {day}. The policy asks for a review before that.", **names, day=day
    )


def _steps(_ticket: Ticket, _aid: Help | None) -> tuple[str, ...]:
    return (
        N_("Open the page of this ticket."),
        N_("Look only at work groups that are listed there, and never at anybody's own phone."),
        N_("Say of each item whether it was done."),
    )


KIND = person_kind(
    code=TicketKind.REVIEW_CONVERSATIONS,
    word=N_("review of conversations"),
    title=N_("Review the work conversations of {person}"),
    why=_why,
    steps=_steps,
    choice=Choice.CHECKLIST,
    unproven=N_("no list of members shows it ({roster})"),
    control=CONVERSATIONS.id,
)
