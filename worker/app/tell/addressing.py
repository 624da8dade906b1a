"""People as recipients, with what the directory says of them."""

from __future__ import annotations

from collections.abc import Mapping

from worker.domain.messages.message import CHANNEL, Recipient, RecipientKind
from worker.domain.model import Account, AccountFacts, AccountKey, Standing
from worker.domain.text.tongue import Languages
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.store import UnitOfWork


def recipient_of(ticket: Ticket, known: Mapping[AccountKey, AccountFacts], languages: Languages) -> Recipient:
    """The assignee, with what the directory says of them; the channel, if there is none."""
    assignee = ticket.assignee
    if assignee is None:
        return CHANNEL
    facts = known.get(assignee.person) if assignee.person else None
    return person_at(assignee.email, assignee.name, facts, languages)


def person_at(
    address: str, name: str = "", facts: AccountFacts | None = None, languages: Languages | None = None
) -> Recipient:
    """A person by e-mail address or number, which is casefolded, as it identifies them.

    `facts` are the directory's: they give the language, if it is one of ours, and a number beside the e-mail address.
    """
    stated = facts.language if facts else None
    language = languages.of(stated).code if languages and stated else None
    phone = facts.phones[0] if facts and facts.phones else ""
    return Recipient(RecipientKind.PERSON, address.casefold(), name, language, phone)


def known_person(person: Account, languages: Languages | None = None) -> list[Recipient]:
    """A person of the directory as a recipient; none if it has no e-mail address of theirs."""
    facts = person.facts
    return [person_at(facts.email, facts.display_name, facts, languages)] if facts.email else []


def who_is_here(uow: UnitOfWork, address: str) -> str:
    """The e-mail address; empty if whoever has it has left, or if there is none."""
    return "" if address and uow.people.who_left([address.casefold()]) else address


def whoever_has(uow: UnitOfWork, address: str, languages: Languages) -> Recipient:
    """Whoever has an e-mail address, with what the directory says of them if it knows them."""
    known = [one for one in uow.people.find(address) if one.standing is not Standing.LEFT]
    found = known_person(known[0], languages) if known else []
    return found[0] if found else person_at(address)
