"""What is written down and whom is told when something happens to a ticket."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from worker.domain.journal import Entry
from worker.domain.message import CHANNEL, Recipient, RecipientKind
from worker.domain.plan import Action, ActionKind
from worker.domain.ticket import Ticket
from worker.domain.wording import ticket_paragraph, ticket_title
from worker.ports.outbox import OutMessage

_HEADLINES = {
    ActionKind.OPEN: "{title}",
    ActionKind.REOPEN: "Reopened: {title}",
    ActionKind.UNBLOCK: "Can be done now: {title}",
    ActionKind.ASSIGN: "Now with you: {title}",
}


def journal_entry(action: Action, now: datetime, actor: str = "whosleft") -> Entry:
    """The entry of one action. It names ids only: reasons with names in them stay in the ticket."""
    ticket = action.ticket
    data = {
        "kind": ticket.kind.value,
        "state": ticket.state.value,
        "group": f"{ticket.group.source}/{ticket.group.group_id}",
        "person": f"{ticket.person.source}/{ticket.person.person_id}" if ticket.person else None,
        "evidence": ticket.evidence.value if ticket.evidence else None,
    }
    return Entry(now, actor, f"ticket.{action.kind.value}", f"ticket:{ticket.label}", data=data)


def assignee_message(action: Action, timezone: str, now: datetime) -> OutMessage:
    """The message to whoever should act: the assignee, or the security channel when there is none."""
    ticket = action.ticket
    headline = _HEADLINES[action.kind].format(title=ticket_title(ticket))
    body = ticket_paragraph(ticket, timezone, headline)
    if action.kind is not ActionKind.OPEN:
        body = replace(body, text=action.why)
    key = f"{ticket.label}:{action.kind.value}:{now.isoformat()}"
    return OutMessage(key, recipient_of(ticket), headline, body, ticket=ticket.id)


def recipient_of(ticket: Ticket) -> Recipient:
    """The assignee, or the channel."""
    if ticket.assignee is None:
        return CHANNEL
    return person_at(ticket.assignee.email, ticket.assignee.name)


def person_at(email: str, name: str = "") -> Recipient:
    """A person by e-mail address; the address is the identity, so it is folded."""
    return Recipient(RecipientKind.PERSON, email.casefold(), name)
