"""Journal entries and messages for what happens to tickets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from worker.app.tell.addressing import recipient_of, whoever_has
from worker.app.tell.helping import help_for
from worker.app.tell.passing import Passing
from worker.app.tell.signed_links import SignedLinks
from worker.domain.evidence import events
from worker.domain.evidence.explained import ticket_facts
from worker.domain.evidence.journal import Entry
from worker.domain.messages.message import CHANNEL, Recipient
from worker.domain.messages.overtaken import HELD
from worker.domain.messages.paragraphs import (
    cancelled_paragraph,
    doubted_paragraph,
    held_paragraph,
    news_paragraph,
)
from worker.domain.messages.sentences import masked
from worker.domain.model import AccountFacts, AccountKey
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.text.tongue import Languages, Tongue
from worker.domain.tickets.help import Help
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import UnitOfWork

_EVENTS = {
    ActionKind.OPEN: events.TICKET_OPENED,
    ActionKind.CANCEL: events.TICKET_CANCELLED,
    ActionKind.REOPEN: events.TICKET_REOPENED,
    ActionKind.BLOCK: events.TICKET_BLOCKED,
    ActionKind.UNBLOCK: events.TICKET_UNBLOCKED,
    ActionKind.VERIFY: events.TICKET_VERIFIED,
    ActionKind.ASSIGN: events.TICKET_ASSIGNED,
}


def journal_entry(action: Action, now: datetime, actor: str = "whosleft") -> Entry:
    """The journal entry of one action. It has only ids: a reason may have names, so it stays in the ticket."""
    ticket = action.ticket
    return Entry(now, actor, _EVENTS[action.kind], _subject(ticket), data=ticket_facts(ticket))


def _subject(ticket: Ticket) -> str:
    return f"ticket:{ticket.label}"


def withdraw_unsent(uow: UnitOfWork, actions: Sequence[Action]) -> None:
    """Take back messages that no channel has tried to send: about tickets that are over, or that they were over."""
    uow.outbox.withdraw_about([one.ticket.id for one in actions if not one.ticket.is_live])
    again = [one.ticket.id for one in actions if one.kind is ActionKind.REOPEN]
    uow.outbox.withdraw_about(again, ActionKind.CANCEL.value)


_ENDS = (events.TICKET_VERIFIED, events.TICKET_CANCELLED)


def _rounds(uow: UnitOfWork, tickets: Collection[Ticket], now: datetime) -> dict[int, datetime]:
    """By ticket, from when on what was told of it still waits for an end.

    That it was blocked or waived meanwhile told nobody that it is over.
    """
    ended = uow.journal.last([_subject(one) for one in tickets], _ENDS, now)
    after = {
        subject: at + timedelta.resolution for subject, at in ended.items()
    }  # with the end itself went news of it
    return {one.id: after.get(_subject(one), one.opened_at) for one in tickets}


@dataclass(frozen=True, slots=True)
class Teller:
    """Writes messages about tickets: in the reader's language, in the organisation's time zone, with the reader's link.

    `timezone` is IANA. Without `links`, messages have none.
    """

    timezone: str
    languages: Languages
    links: SignedLinks | None = None
    passing: Passing | None = None

    @property
    def tongue(self) -> Tongue:
        """The organisation's language: for the security channel, and for readers without a known language."""
        return self.languages.of(None)

    def acted(self, uow: UnitOfWork, actions: Sequence[Action], now: datetime) -> list[OutMessage]:
        """The messages to the assignees, or to the channel for tickets without one. One look-up for all."""
        people = {action.ticket.assignee.person for action in actions if action.ticket.assignee}
        known = uow.people.facts([person for person in people if person])
        return [message for action in actions for message in self._acted(uow, action, known, now)]

    def _acted(
        self, uow: UnitOfWork, action: Action, known: Mapping[AccountKey, AccountFacts], now: datetime
    ) -> list[OutMessage]:
        ticket = action.ticket
        to = recipient_of(ticket, known, self.languages)
        tongue = self.languages.of(to.language)
        aid = help_as_told(help_for(uow, ticket, self.languages), ticket, to)
        body = news_paragraph(action, to, self.timezone, tongue, aid)
        if to == CHANNEL:
            body = masked(body)
        key = f"{ticket.label}:{action.kind.value}:{now.isoformat()}"
        return self.linked(uow, ticket, OutMessage(key, to, body.headline, body, ticket=ticket.id), now)

    def cancelled(self, uow: UnitOfWork, actions: Sequence[Action], now: datetime) -> list[OutMessage]:
        """The messages that take back those about cancelled tickets, to everybody who may have got one since the
        ticket was opened, or was last proven or cancelled. Call it after `withdraw_unsent`.
        """
        over = {a.ticket.id: a.ticket for a in actions if a.kind is ActionKind.CANCEL}
        told = uow.outbox.told_about(_rounds(uow, over.values(), now))
        messages = []
        for number, recipients in told.items():
            ticket = over[number]
            for to in recipients:
                body = cancelled_paragraph(ticket, to, self.languages.of(to.language))
                key = f"{ticket.label}:cancel:{now.isoformat()}:{to.kind.value}:{to.address}"
                messages.append(OutMessage(key, to, body.headline, body, ticket=ticket.id))
        return messages

    def held(self, uow: UnitOfWork, ticket: Ticket, now: datetime) -> list[OutMessage]:
        """The messages that a ticket is held: to its assignee, and to the channel."""
        people = [ticket.assignee.person] if ticket.assignee and ticket.assignee.person else []
        to = {recipient_of(ticket, uow.people.facts(people), self.languages), CHANNEL}
        messages = []
        for one in sorted(to, key=lambda each: each.kind.value):
            body = held_paragraph(ticket, self.timezone, self.languages.of(one.language))
            key = f"{ticket.label}:{HELD}:{now.isoformat()}:{one.kind.value}"
            said = masked(body) if one == CHANNEL else body
            message = OutMessage(key, one, said.headline, said, ticket=ticket.id)
            # Nobody is asked to pass it on: what is passed on asks to do the ticket
            messages.append(self._linked(uow, ticket, message, now))
        return messages

    def hold_over(self, uow: UnitOfWork, action: Action, since: datetime, now: datetime) -> list[OutMessage]:
        """The messages that a hold that began at `since` is over: to whomever a message about it may have reached."""
        told = uow.outbox.told_about({action.ticket.id: since}).get(action.ticket.id, ())
        messages = self.acted(uow, [action], now)
        if CHANNEL in told and messages[0].to != CHANNEL:
            body = masked(news_paragraph(action, CHANNEL, self.timezone, self.tongue))
            key = f"{messages[0].key}:{CHANNEL.kind.value}"
            messages.append(OutMessage(key, CHANNEL, body.headline, body, ticket=action.ticket.id))
        return messages

    def doubted(self, uow: UnitOfWork, ticket: Ticket, now: datetime) -> list[OutMessage]:
        """The message to the accountable person about a ticket that was wrongly called done again.

        It goes to the channel if the accountable person is the assignee, or if there is none.
        """
        assignee = ticket.assignee.email.casefold() if ticket.assignee else ""
        is_theirs = not ticket.accountable or ticket.accountable.casefold() == assignee
        to = CHANNEL if is_theirs else whoever_has(uow, ticket.accountable, self.languages)
        body = masked(doubted_paragraph(ticket, self.timezone, self.tongue))
        key = f"{ticket.label}:doubted:{now.isoformat()}"
        message = OutMessage(key, to, body.headline, body, is_urgent=True, ticket=ticket.id)
        return self.linked(uow, ticket, message, now)

    def linked(self, uow: UnitOfWork, ticket: Ticket, message: OutMessage, now: datetime) -> list[OutMessage]:
        """The message with its recipient's link: a signed link for the assignee, the console for others.

        What is for an assignee whom nothing reaches goes to whoever passes it on: to several while one is away.
        """
        linked = self._linked(uow, ticket, message, now)
        return self.passing.passed(uow, ticket, linked, linked.body.link, now) if self.passing else [linked]

    def _linked(self, uow: UnitOfWork, ticket: Ticket, message: OutMessage, now: datetime) -> OutMessage:
        link = self.links.told(uow, ticket, message.to, now) if self.links else None
        return replace(message, body=replace(message.body, link=link)) if link else message


def help_as_told(aid: Help | None, ticket: Ticket, to: Recipient) -> Help | None:
    """The help as one reader may see it: only the assignee sees the leaver's number."""
    is_assignee = ticket.assignee is not None and to.address == ticket.assignee.email.casefold()
    return aid if aid is None or is_assignee else aid.without_number()
