"""How a ticket stands, for messages that are kept true and for people who come too late. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry
from worker.domain.messages.message import Paragraph, Recipient, RecipientKind
from worker.domain.messages.paragraphs import held_line, with_pasted
from worker.domain.messages.sentences import (
    flat,
    reason_line,
    sentences,
    ticket_paragraph,
    ticket_title,
    why_line,
)
from worker.domain.text.tongue import N_, Tongue
from worker.domain.tickets.help import Help
from worker.domain.tickets.ticket import Ticket, TicketState, ticket_label

HISTORY_MAX = 20  # lines below a message at once; the desk has them all

_HEADLINES = {
    TicketState.OPEN: "{title}",
    TicketState.BLOCKED: N_("Has to wait: {title}"),
    TicketState.DONE: N_("Marked as done: {title}"),
    TicketState.VERIFIED: N_("Verified: {title}"),
    TicketState.CANCELLED: N_("No longer needed: {title}"),
    TicketState.WAIVED: N_("Waived: {title}"),
}
_HAPPENED = {
    events.TICKET_ASSIGNED: N_("{name} gave it to somebody else."),
    events.TICKET_ACKNOWLEDGED: N_("{name} has it."),
    events.TICKET_SNOOZED: N_("{name} put it off."),
    events.TICKET_BLOCKED: N_("It has to wait."),
    events.TICKET_UNBLOCKED: N_("It can be done now."),
    events.TICKET_HELD: N_("{name} held it."),
    events.TICKET_HOLD_ENDED: N_("{name} ended the hold."),
    events.TICKET_ESCALATED: N_("It was escalated."),
    events.TICKET_DONE: N_("{name} marked it as done."),
    events.TICKET_UNDONE: N_("{name} took that back."),
    events.TICKET_VERIFIED: N_("It was verified."),
    events.TICKET_REOPENED: N_("It was reopened."),
    events.TICKET_CANCELLED: N_("It was cancelled."),
    events.TICKET_WAIVED: N_("{name} waived it."),
    events.TICKET_DISOWNED: N_("{name}: not my group."),
    events.TICKET_DISPUTED: N_("{name}: this person still works here."),
    events.TICKET_FOUND_GONE: N_("{name}: the member is not in the group."),
    events.TICKET_LEFT_TO_CREATOR: N_("{name}: only the creator can do this."),
    events.TICKET_DECLINED: N_("{name} can't do it."),
    events.TICKET_ANSWERED: N_("{name} answered."),
}


def standing_line(ticket: Ticket, timezone: str, tongue: Tongue) -> str:
    """How the ticket stands now, in one sentence."""
    state = ticket.state
    if state is TicketState.OPEN and ticket.snoozed_until is not None:
        return tongue.say(
            "It is put off until {instant}.", instant=_when(ticket.snoozed_until, timezone, tongue)
        )
    if state is TicketState.OPEN and ticket.acknowledged_until is not None:
        return tongue.say(
            "Somebody has it until {instant}.", instant=_when(ticket.acknowledged_until, timezone, tongue)
        )
    if state is TicketState.OPEN and ticket.assignee is not None:
        return tongue.say(
            "It is open, and with {name}.", name=flat(ticket.assignee.name or ticket.assignee.email)
        )
    if state is TicketState.BLOCKED and ticket.held_until is not None:
        return held_line(ticket, timezone, tongue)
    if state is TicketState.BLOCKED and ticket.blocked_by is not None:
        return tongue.say("It waits for {ticket}.", ticket=ticket_label(ticket.blocked_by))
    if state is TicketState.DONE and ticket.done_at is not None:
        return tongue.say(
            "{name} marked it as done on {instant}. The next list of members has to show it.",
            name=flat(ticket.done_by or ""), instant=_when(ticket.done_at, timezone, tongue),
        )  # fmt: skip
    if state is TicketState.VERIFIED and ticket.verified_at is not None:
        return tongue.say(
            "It was verified on {instant}.", instant=_when(ticket.verified_at, timezone, tongue)
        )
    if state is TicketState.WAIVED and ticket.waived_until is not None:
        return tongue.say(
            "It is waived until {instant}.", instant=_when(ticket.waived_until, timezone, tongue)
        )
    return tongue.say(_STATES[state])


def standing_paragraph(
    ticket: Ticket, to: Recipient, timezone: str, tongue: Tongue, aid: Help | None = None
) -> Paragraph:
    """The ticket as it stands, in place of what was said of it before; with its steps only while it is open.

    A person keeps the texts to paste beside the steps.
    """
    headline = tongue.say(_HEADLINES[ticket.state], title=ticket_title(ticket, tongue))
    is_channel = to.kind is RecipientKind.CHANNEL
    line = standing_line(ticket, timezone, tongue)
    if ticket.state is TicketState.OPEN:
        why = reason_line(ticket.reason, tongue) if is_channel else why_line(ticket, timezone, tongue)
        open_ = ticket_paragraph(ticket, timezone, headline, sentences(why, line), tongue, aid)
        return open_ if is_channel else with_pasted(open_, ticket, tongue)
    reason = reason_line(ticket.reason, tongue) if is_channel else ""
    facts = ((tongue.say("Ticket"), ticket.label),)
    return Paragraph(headline, sentences(line, reason), facts, title=ticket_title(ticket, tongue))


def history_lines(entries: Sequence[Entry], timezone: str, tongue: Tongue) -> tuple[str, ...]:
    """What happened to one ticket, one line for each of its last entries; those that say nothing are left out."""
    told = [one for one in entries if one.event in _HAPPENED][-HISTORY_MAX:]
    return tuple(
        sentences(
            f"{_when(one.at, timezone, tongue)}: {tongue.say(_HAPPENED[one.event], name=flat(one.actor))}",
            reason_line(one.why, tongue),
        )
        for one in told
    )


def _when(at: datetime, timezone: str, tongue: Tongue) -> str:
    return tongue.instant(at, timezone)


_STATES = {
    TicketState.OPEN: N_("It is open."),
    TicketState.BLOCKED: N_("It has to wait."),
    TicketState.DONE: N_("It is marked as done."),
    TicketState.VERIFIED: N_("It was verified."),
    TicketState.CANCELLED: N_("It is cancelled: there is nothing to do about it any more."),
    TicketState.WAIVED: N_("It is waived for good."),
}
