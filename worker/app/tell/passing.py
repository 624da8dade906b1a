"""Pass it on: what an assignee is to be told, where no notifier reaches them, goes to somebody who can hand it over.

Two taps in that person's own WhatsApp. It is handed over, not received: the next step comes by its time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote, unquote

from worker.app.tell.addressing import known_person, person_at, still_here
from worker.app.tell.reaching import Reaching
from worker.app.tell.withholding import withheld_from
from worker.domain.escalation.absence import Absence, absence_of, stand_in
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry
from worker.domain.messages.message import Paragraph, Recipient
from worker.domain.messages.overtaken import passed_key
from worker.domain.messages.sentences import flat, ticket_title
from worker.domain.messengers import messenger_name
from worker.domain.model import Account, AccountKey
from worker.domain.text.tongue import Languages
from worker.domain.text.unlinked import unlinked
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import UnitOfWork

_BEFORE_LINK = " "


def link_within(link: str) -> str:
    """The assignee's own link, in the text of a link that was passed on."""
    return unquote(link.rpartition(quote(_BEFORE_LINK))[2])


def with_link_within(link: str, own: str) -> str:
    """The same link to pass on, with another one of the assignee's own."""
    before, space, _ = link.rpartition(quote(_BEFORE_LINK))
    return f"{before}{space}{quote(own, safe='')}"


@dataclass(frozen=True, slots=True)
class Passer:
    """Somebody whom a notifier reaches; `person` if the directory knows them."""

    to: Recipient
    person: AccountKey | None

    @property
    def address(self) -> str:
        return self.to.address


@dataclass(frozen=True, slots=True)
class Passing:
    """Finds who passes a message on, and writes what they get. `absences` are those of the configuration."""

    reaching: Reaching
    languages: Languages
    absences: tuple[Absence, ...] = ()

    def passed(
        self, uow: UnitOfWork, ticket: Ticket, message: OutMessage, link: str | None, now: datetime
    ) -> list[OutMessage]:
        """Return the message for its recipient, or one for each person who passes it on.

        `link` is the assignee's signed link. It is for its recipient if a notifier reaches them, if they are not the
        assignee, if nobody knows their number, or if nobody else can be reached.
        """
        messages = list[OutMessage]()
        for passer in self.passers(uow, ticket, message.to, now):
            data = {"by": passer.address if passer.person is None else "/".join(passer.person)}
            entry = Entry(now, "whosleft", events.TICKET_PASSED_ON, f"ticket:{ticket.label}", data=data)
            uow.journal.append([entry])
            body = self._body(ticket, message, passer.to, link)
            key = passed_key(message.key, message.to.address, passer.address if messages else "")
            messages.append(replace(message, key=key, to=passer.to, title=body.headline, body=body))
        return messages or [message]

    def passers(self, uow: UnitOfWork, ticket: Ticket, to: Recipient, at: datetime) -> list[Passer]:
        """Return who passes a message on to a recipient at an instant; nobody if nobody has to, or can.

        It is the first in line. While they are away, their deputy does so too, or else the next in line.
        """
        is_assignee = ticket.assignee is not None and to.address == ticket.assignee.email.casefold()
        if not is_assignee or not to.number or self.reaching.over(to):
            return []
        withheld = withheld_from(uow, ticket)
        found: dict[str, Passer] = {}
        for one in (each for each in self._passers(uow, ticket) if each.address not in withheld):
            found.setdefault(one.address, one)
            if absence_of(self.absences, one.address, at) is None:
                break
            deputy = stand_in(self.absences, one.address, at)
            standing_in = [each for each in self._at(uow, deputy or "") if each.address not in withheld]
            if standing_in:
                found.setdefault(standing_in[0].address, standing_in[0])
                break
        return list(found.values())

    def _body(self, ticket: Ticket, message: OutMessage, to: Recipient, link: str | None) -> Paragraph:
        mine, theirs = self.languages.of(to.language), self.languages.of(message.to.language)
        name = flat(message.to.name or message.to.number)
        text = theirs.say("Please do this: {title}.", title=unlinked(ticket_title(ticket, theirs)))
        text = f"{text}{_BEFORE_LINK}{link}" if link else text
        number = "".join(filter(str.isdigit, message.to.number))
        return Paragraph(
            mine.say("Please pass this on to {name}", name=name),
            mine.say("{name} has no address that a message reaches, and you can write to them.", name=name),
            ((mine.say("Ticket"), ticket.label),),
            (
                mine.say("Open the link on your phone: WhatsApp shows a message to {name}.", name=name),
                mine.say("Send it. Only {name} may use the link in it.", name=name),
            ),
            f"https://wa.me/{number}?text={quote(text, safe='')}",
            is_fixed=True,
            link_label=messenger_name("whatsapp"),
        )  # fmt: skip

    def _passers(self, uow: UnitOfWork, ticket: Ticket) -> Iterator[Passer]:
        """The assignee's manager, the group's owner, the accountable person: those whom a notifier reaches."""
        assignee = (
            uow.people.get(ticket.assignee.person) if ticket.assignee and ticket.assignee.person else None
        )
        if assignee is not None and assignee.facts.manager_id is not None:
            yield from self._known(
                uow, uow.people.get(AccountKey(assignee.key.source, assignee.facts.manager_id))
            )
        group = uow.rosters.group(ticket.group) if ticket.group else None
        for address in (group.owner_email if group else None, ticket.accountable):
            if address:
                yield from self._at(uow, address)

    def _at(self, uow: UnitOfWork, address: str) -> Iterator[Passer]:
        known = uow.people.find(address)
        for one in known:
            yield from self._known(uow, one)
        if not known:
            yield from self._reached(person_at(address), None)

    def _known(self, uow: UnitOfWork, person: Account | None) -> Iterator[Passer]:
        for one in still_here(uow, [person] if person else []):
            for to in known_person(one, self.languages):
                yield from self._reached(to, one.key)

    def _reached(self, to: Recipient, person: AccountKey | None) -> Iterator[Passer]:
        if self.reaching.over(to):
            yield Passer(to, person)
