"""What is written down and whom is told when something happens to a ticket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from worker.app.tell.helping import help_for
from worker.app.tell.signed_links import Links
from worker.domain.evidence.explained import ticket_facts
from worker.domain.evidence.journal import Entry
from worker.domain.messages.message import CHANNEL, Recipient, RecipientKind
from worker.domain.messages.sentences import cancelled_paragraph, doubted_paragraph, masked, news_paragraph
from worker.domain.model import PersonKey
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.text.tongue import ENGLISH, Languages, Tongue
from worker.domain.tickets.help import Help
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import UnitOfWork


def journal_entry(action: Action, now: datetime, actor: str = "whosleft") -> Entry:
    """The entry of one action. It names ids only: reasons with names in them stay in the ticket."""
    ticket = action.ticket
    return Entry(
        now, actor, f"ticket.{action.kind.value}", f"ticket:{ticket.label}", data=ticket_facts(ticket)
    )


def assignee_messages(
    uow: UnitOfWork,
    actions: Sequence[Action],
    timezone: str,
    now: datetime,
    languages: Languages,
    links: Links | None = None,
) -> list[OutMessage]:
    """The messages to those who should act, each in their own language and with their own link; one look-up for
    all of them. Without `links` they have none.
    """
    people = {action.ticket.assignee.person for action in actions if action.ticket.assignee}
    spoken = uow.people.languages([person for person in people if person])
    messages = [
        assignee_message(
            action,
            timezone,
            now,
            languages.of(_language(action.ticket, spoken)),
            help_for(uow, action.ticket, languages),
        )
        for action in actions
    ]
    told = zip(actions, messages, strict=True)
    return [with_link(uow, action.ticket, message, links, now) for action, message in told]


def withdraw_unsent(uow: UnitOfWork, actions: Sequence[Action]) -> None:
    """Take back what no channel has tried to send about tickets that are over: nobody has to act on them."""
    over = [action.ticket.id for action in actions if not action.ticket.is_live]
    uow.outbox.withdraw_about(over)


def cancellation_messages(
    uow: UnitOfWork, actions: Sequence[Action], now: datetime, languages: Languages
) -> list[OutMessage]:
    """What takes the messages about cancelled tickets back, for everybody who may have got one since the clock started.

    To be asked for after `withdraw_unsent`.
    """
    cancelled = {a.ticket.id: a.ticket for a in actions if a.kind is ActionKind.CANCEL}
    told = uow.outbox.told_about({ticket.id: ticket.clock_from for ticket in cancelled.values()})
    messages = []
    for number, recipients in told.items():
        ticket = cancelled[number]
        for to in recipients:
            body = cancelled_paragraph(ticket, to, languages.of(to.language))
            key = f"{ticket.label}:cancel:{now.isoformat()}:{to.kind.value}:{to.address}"
            messages.append(OutMessage(key, to, body.headline, body, ticket=ticket.id))
    return messages


def doubted_message(ticket: Ticket, timezone: str, now: datetime, tongue: Tongue) -> OutMessage:
    """What the accountable person is told of a ticket that was called done again and is not: the channel, when it is
    they who should do it, or nobody answers for it.
    """
    assignee = ticket.assignee.email.casefold() if ticket.assignee else ""
    is_theirs = not ticket.accountable or ticket.accountable.casefold() == assignee
    to = CHANNEL if is_theirs else person_at(ticket.accountable)
    body = masked(doubted_paragraph(ticket, timezone, tongue))
    key = f"{ticket.label}:doubted:{now.isoformat()}"
    return OutMessage(key, to, body.headline, body, is_urgent=True, ticket=ticket.id)


def with_link(
    uow: UnitOfWork, ticket: Ticket, message: OutMessage, links: Links | None, now: datetime
) -> OutMessage:
    """The message with the link of whoever gets it: the assignee's own, for others the console's."""
    if links is None:
        return message
    return replace(message, body=replace(message.body, link=links.told(uow, ticket, message.to, now)))


def _language(ticket: Ticket, spoken: Mapping[PersonKey, str]) -> str | None:
    person = ticket.assignee.person if ticket.assignee else None
    return spoken.get(person) if person else None


def assignee_message(
    action: Action, timezone: str, now: datetime, tongue: Tongue = ENGLISH, aid: Help | None = None
) -> OutMessage:
    """The message to whoever should act: the assignee, or the security channel when there is none."""
    ticket = action.ticket
    to = recipient_of(ticket, tongue.code)
    body = news_paragraph(
        action.kind, ticket, action.why, to, timezone, tongue, help_as_told(aid, ticket, to)
    )
    if to == CHANNEL:
        body = masked(body)
    key = f"{ticket.label}:{action.kind.value}:{now.isoformat()}"
    return OutMessage(key, to, body.headline, body, ticket=ticket.id)


def help_as_told(aid: Help | None, ticket: Ticket, to: Recipient) -> Help | None:
    """The help as one reader may know it: the number of somebody who left is for the assignee alone."""
    is_assignee = ticket.assignee is not None and to.address == ticket.assignee.email.casefold()
    return aid if aid is None or is_assignee else aid.without_number()


def recipient_of(ticket: Ticket, language: str | None = None) -> Recipient:
    """The assignee, or the channel."""
    if ticket.assignee is None:
        return CHANNEL
    return person_at(ticket.assignee.email, ticket.assignee.name, language)


def person_at(email: str, name: str = "", language: str | None = None) -> Recipient:
    """A person by e-mail address; the address is the identity, so it is folded."""
    return Recipient(RecipientKind.PERSON, email.casefold(), name, language)
