"""People as recipients, with what the directory says of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from worker.domain.messages.message import CHANNEL, Recipient, RecipientKind
from worker.domain.model import Account, AccountFacts, AccountKey, Standing
from worker.domain.reconcile.rules import TicketRules
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
    """A person of the directory as a recipient: by e-mail address, else by number; none if it has neither of theirs."""
    facts = person.facts
    address = facts.email or next(iter(facts.phones), "")
    return [person_at(address, facts.display_name, facts, languages)] if address else []


def who_is_here(uow: UnitOfWork, address: str) -> str:
    """The e-mail address; empty if whoever has it has left, or if there is none."""
    return "" if address and uow.people.who_left([address.casefold()]) else address


def rules_now(uow: UnitOfWork, rules: TicketRules) -> TicketRules:
    """The rules with whoever is accountable at present: nobody, once who is named has left."""
    return replace(rules, accountable=who_is_here(uow, rules.accountable))


def have_left(uow: UnitOfWork, accounts: Collection[Account]) -> bool:
    """Whether everybody behind some accounts has left; False for none.

    Rights end as soon as a directory says so. Messages go on while the guard holds a leaving: see `People.who_left`.
    """
    humans = uow.people.humans([one.key for one in accounts])
    return bool(humans) and all(one.person.standing is Standing.LEFT for one in humans.values())


def still_here(uow: UnitOfWork, accounts: Sequence[Account]) -> list[Account]:
    """Those of some accounts that have not left, nor has whoever is behind them by another account."""
    humans = uow.people.humans([one.key for one in accounts])
    gone = {key for key, one in humans.items() if one.person.standing is Standing.LEFT}
    return [one for one in accounts if one.standing is not Standing.LEFT and one.key not in gone]


def with_others_of_theirs(uow: UnitOfWork, accounts: Sequence[Account]) -> list[Account]:
    """Some accounts, and all other ones of the person behind them; none are added if there are several people.

    So nobody has what is another's with whom they share an address.
    """
    keys = {one.key for one in accounts}
    joined = next(iter(uow.people.accounts(keys).values()), keys)
    others = sorted(joined - keys) if keys <= joined else ()
    return [*accounts, *(one for key in others if (one := uow.people.get(key)))]


def addresses_of(accounts: Collection[Account]) -> frozenset[str]:
    """The e-mail addresses that some accounts have, in small letters."""
    return frozenset(one.facts.email.casefold() for one in accounts if one.facts.email)


def is_with(ticket: Ticket, address: str, accounts: Collection[Account]) -> bool:
    """Whether a ticket is with whoever has an address and these accounts."""
    assignee = ticket.assignee
    if assignee is None:
        return False
    is_theirs = assignee.person in {one.key for one in accounts}
    return is_theirs or assignee.email.casefold() == address.casefold()


def whoever_has(uow: UnitOfWork, address: str, languages: Languages) -> Recipient:
    """Whoever has an e-mail address, with what the directories say of them if they know them."""
    known = all_who_have(uow, address)
    found = known_person(known[0], languages) if known else []
    if not found or not found[0].email:
        return person_at(address)
    stated = next((one.facts.language for one in known if one.facts.language), None)
    return replace(found[0], language=languages.of(stated).code if stated else None)


def all_who_have(uow: UnitOfWork, address: str) -> list[Account]:
    """The accounts with an e-mail address that are still here, in the order of their keys."""
    return [one for one in uow.people.find(address) if one.standing is not Standing.LEFT]
