"""One person as reconciling sees them: their accounts, their manager, and the tickets about them."""

from __future__ import annotations

from dataclasses import dataclass

from worker.domain.model import Account, AccountKey
from worker.domain.people.persons import Person
from worker.domain.tickets.ticket import Ticket


@dataclass(frozen=True, slots=True)
class PersonCase:
    """A person with what kinds of tickets about people ask of them. `tickets`: those about them, in any state."""

    person: Person
    manager: Account | None = None
    tickets: tuple[Ticket, ...] = ()

    @property
    def key(self) -> AccountKey:
        """The account by which tickets name them: their first, even if another one speaks for them today."""
        return min(account.key for account in self.person.accounts)

    @property
    def account(self) -> Account:
        """The account that speaks for them."""
        return self.person.person
