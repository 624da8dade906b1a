"""Messages for channels that can do more than show: what continues what, what a reader may do, how it stands now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from worker.app.tell.helping import help_for
from worker.app.tell.recipients import Recipients
from worker.app.tell.teller import Teller, help_as_told
from worker.domain.escalation.policy import Target
from worker.domain.evidence.journal import Sealed
from worker.domain.messages.message import Message, Offer, Paragraph, Recipient, RecipientKind
from worker.domain.messages.offers import Involvement, offers
from worker.domain.messages.sentences import digest, masked, open_ticket
from worker.domain.messages.standing import history_lines, standing_paragraph
from worker.domain.tickets.ticket import Ticket, TicketState, ticket_number
from worker.ports import Abilities, Notifier
from worker.ports.state.conversations import ShownMessage
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import UnitOfWork

STANDING = "standing"


def plain(items: Sequence[OutMessage]) -> list[Paragraph]:
    """The items' paragraphs for a channel that only shows them."""
    return [replace(item.body, ticket=item.label) for item in items]


def is_conversing(can: Abilities) -> bool:
    """True if a channel can do more than show."""
    return can.can_update or can.is_two_way


def reader_s_part(ticket: Ticket, to: Recipient) -> Involvement:
    """What a message's reader is to the ticket. In a channel it may be anybody: who acts is looked at then."""
    if to.kind is RecipientKind.CHANNEL:
        return Involvement.OVERSEER
    address = to.address.casefold()
    if ticket.accountable and address == ticket.accountable.casefold():
        return Involvement.OVERSEER
    is_assignee = ticket.assignee is not None and address == ticket.assignee.email.casefold()
    return Involvement.ASSIGNEE if is_assignee else Involvement.NOBODY


@dataclass(frozen=True, slots=True)
class Conversing:
    """Writes the paragraphs. What happened to a ticket continues its first message; who has to act gets a new one."""

    teller: Teller

    def paragraphs(
        self, uow: UnitOfWork, notifier: Notifier, to: Recipient, items: Sequence[OutMessage]
    ) -> list[Paragraph]:
        """The items' paragraphs for one notifier that is conversing, in order."""
        tickets = _tickets(uow, [item.ticket for item in items if item.ticket is not None])
        firsts: Mapping[int, str] = {}
        if notifier.can.can_update:
            firsts = uow.conversations.first_of(notifier.name, to, tickets)
        return [
            self._paragraph(notifier.can, to, item, body, tickets, firsts)
            for item, body in zip(items, plain(items), strict=True)
        ]

    def _paragraph(
        self,
        can: Abilities,
        to: Recipient,
        item: OutMessage,
        body: Paragraph,
        tickets: Mapping[int, Ticket],
        firsts: Mapping[int, str],
    ) -> Paragraph:
        ticket = tickets.get(item.ticket or 0)
        if ticket is None:
            return body
        is_call = item.is_urgent or ticket.state is TicketState.OPEN
        # People are not told of what is added to a thread, and a channel sees what is shown beside it, too
        stands_alone = is_call and to.kind is RecipientKind.PERSON
        thread = "" if stands_alone else firsts.get(ticket.id, "")
        return replace(
            body, version=body.version or ticket.version, thread=thread, is_call=is_call,
            offers=self._offers(can, ticket, to) if is_call or not thread else (),
        )  # fmt: skip

    def _offers(self, can: Abilities, ticket: Ticket, to: Recipient) -> tuple[Offer, ...]:
        if not can.is_two_way:
            return ()
        return offers(ticket, reader_s_part(ticket, to), self.teller.languages.of(to.language))

    def standing(self, uow: UnitOfWork, can: Abilities, shown: ShownMessage, now: datetime) -> Message:
        """What a message should say now, in place of what it says."""
        tongue = self.teller.languages.of(shown.to.language)
        tickets = _tickets(uow, shown.versions).values()
        parts = [self._standing(uow, can, ticket, shown.to, now) for ticket in tickets]
        named = [(part.headline, part) for part in parts]
        versions = ",".join(f"{one.ticket}.{one.version}" for one in parts)
        key = f"{shown.reference}:{versions}"
        said = digest(key, shown.to, named, "", is_urgent=False, tongue=tongue)
        return replace(said, link_label=open_ticket(tongue))

    def _standing(
        self, uow: UnitOfWork, can: Abilities, ticket: Ticket, to: Recipient, now: datetime
    ) -> Paragraph:
        teller, tongue = self.teller, self.teller.languages.of(to.language)
        is_open = ticket.state is TicketState.OPEN
        aid = help_as_told(help_for(uow, ticket, teller.languages), ticket, to) if is_open else None
        said = standing_paragraph(ticket, to, teller.timezone, tongue, aid)
        members = Recipients(uow, teller.languages).of_all(ticket, (Target.ASSIGNEE, Target.ADMINS), now)
        if to not in members:  # who see the numbers anyway
            said = masked(said)
        link = teller.links.told(uow, ticket, to, now) if teller.links else None
        return replace(
            said, ticket=ticket.label, version=ticket.version, link=link, offers=self._offers(can, ticket, to)
        )

    def history(self, uow: UnitOfWork, shown: ShownMessage, now: datetime) -> Message | None:
        """What happened to a message's tickets since it was last told, as the journal has it; None if nothing is to
        be said.
        """
        tongue = self.teller.languages.of(shown.to.language)
        parts = []
        for ticket in _tickets(uow, shown.versions).values():
            sealed = uow.journal.of(f"ticket:{ticket.label}")
            fresh = [one.entry for one in sealed if _is_news(one, shown)]
            if lines := history_lines(fresh, self.teller.timezone, tongue):
                said = masked(Paragraph("", "\n".join(lines), ticket=ticket.label))
                parts.append(replace(said, headline=ticket.label))
        if not parts:
            return None
        title = ", ".join(one.ticket for one in parts)
        return Message(f"{shown.reference}:{now.isoformat()}", shown.to, title, tuple(parts))


def _is_news(one: Sealed, shown: ShownMessage) -> bool:
    """By its place in the journal: many entries share an instant, and a long run's are older than they are known."""
    return one.entry.at > shown.told_at if shown.told_seq is None else one.seq > shown.told_seq


def standing_anew(shown: ShownMessage, standing: Message) -> list[OutMessage]:
    """Messages that say the same in the same conversation, in place of one that can't be changed any more.

    Each says as of which version, so that it is changed itself if its ticket does before it goes out.
    """
    to = replace(shown.to, via=(shown.notifier,))
    return [
        OutMessage(
            f"{part.ticket}:{STANDING}:{part.version}:{to.kind.value}:{to.address}:{shown.notifier}",
            to, part.headline, replace(part, offers=()), ticket=ticket_number(part.ticket),
        )
        for part in standing.paragraphs
    ]  # fmt: skip


def _tickets(uow: UnitOfWork, numbers: Collection[int]) -> dict[int, Ticket]:
    found = uow.tickets.many(numbers)
    return {number: found[number] for number in numbers if number in found}
