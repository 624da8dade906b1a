"""What somebody sees at a glance where they read messages: their open tickets, and the situation if they watch it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from worker.app.reads.situation import COUNTED_MAX, Situation, situation
from worker.app.tell.addressing import addresses_of, is_with, person_at, recipient_of
from worker.app.tell.teller import Teller
from worker.domain.messages.message import Message, Paragraph
from worker.domain.messages.offers import Involvement, offers
from worker.domain.messages.sentences import open_ticket, sentences, ticket_title
from worker.domain.messages.standing import standing_line
from worker.domain.model import Account
from worker.domain.text.tongue import Tongue
from worker.domain.tickets.ticket import Ticket
from worker.ports.connectors.conversing import Clicker
from worker.ports.state.store import Store, UnitOfWork


@dataclass(frozen=True, slots=True)
class Glance:
    """Reads it from the store. `accountable` sees the situation, as the operators do."""

    store: Store
    teller: Teller
    accountable: str

    def __call__(
        self, who: Clicker, accounts: Sequence[Account], language: str | None, now: datetime
    ) -> Message:
        """The person's open tickets, the earliest due first, after the situation. `accounts` are theirs."""
        tongue = self.teller.languages.of(language)
        is_overseer = who.is_operator or who.email.casefold() == self.accountable.casefold()
        part = Involvement.OVERSEER if is_overseer else Involvement.ASSIGNEE
        with self.store.reading() as uow:
            addresses = addresses_of(accounts) | {who.email.casefold()}
            found = [one for address in sorted(addresses) for one in uow.tickets.open_of(address)]
            theirs = [one for one in found if is_with(one, who.email, accounts)]
            mine = sorted(theirs, key=lambda one: (one.due_at, one.id))
            paragraphs = [self._ticket(uow, one, part, tongue, now) for one in mine]
        if is_overseer:
            paragraphs.insert(0, _situation(situation(self.store, now), tongue))
        if not mine:
            paragraphs.append(Paragraph("", tongue.say("You have no open tickets.")))
        title = tongue.count("{n} open ticket is with you", "{n} open tickets are with you", len(mine))
        key, to = f"glance:{who.id}:{now.isoformat()}", person_at(who.email)
        return Message(key, to, title, tuple(paragraphs), link_label=open_ticket(tongue))

    def _ticket(
        self, uow: UnitOfWork, ticket: Ticket, part: Involvement, tongue: Tongue, now: datetime
    ) -> Paragraph:
        due = tongue.say("Due: {instant}.", instant=tongue.instant(ticket.due_at, self.teller.timezone))
        line = standing_line(ticket, self.teller.timezone, tongue) if ticket.acknowledged_until else ""
        link = (
            self.teller.links.told(uow, ticket, recipient_of(ticket, {}, self.teller.languages), now)
            if self.teller.links
            else None
        )
        said = Paragraph(ticket_title(ticket, tongue), sentences(due, line), link=link)
        return replace(said, ticket=ticket.label, version=ticket.version, offers=offers(ticket, part, tongue))


def _situation(now: Situation, tongue: Tongue) -> Paragraph:
    facts = (
        (tongue.say("People who left and are still in groups"), tongue.number(now.exposure.people)),
        (tongue.say("Overdue"), _count(now.overdue_count, tongue)),
        (tongue.say("Disputed"), _count(now.disputed_count, tongue)),
        (tongue.say("Waiting for approval"), tongue.number(len(now.plans))),
        (tongue.say("Questions"), _count(now.questions, tongue)),
        (tongue.say("Live tickets"), tongue.number(now.live)),
    )
    return Paragraph(tongue.say("The situation"), facts=facts)


def _count(n: int, tongue: Tongue) -> str:
    return tongue.number(n) if n < COUNTED_MAX else f"{tongue.number(COUNTED_MAX)}+"
