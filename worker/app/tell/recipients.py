"""Find the recipients of an escalation policy's steps: to tell them, or to show who would be told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from worker.app.tell.addressing import known_person, recipient_of, whoever_has
from worker.app.tell.withholding import withheld_from
from worker.domain.escalation.policy import Named, NamedKind, Target, Whom
from worker.domain.messages.message import CHANNEL, Recipient, RecipientKind
from worker.domain.model import Account, AccountKey
from worker.domain.text.tongue import Languages
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.store import UnitOfWork

OnCall: TypeAlias = Callable[[UnitOfWork, str, datetime], Sequence[str]]


def nobody_on_call(_uow: UnitOfWork, _rota: str, _at: datetime) -> Sequence[str]:
    """Return nobody, since no rota is known."""
    return ()


@dataclass(frozen=True, slots=True)
class Recipients:
    """The people whom a policy's targets mean, in the state that a transaction sees.

    `on_call` says who is on call in a rota at an instant, by e-mail address.
    """

    uow: UnitOfWork
    languages: Languages
    on_call: OnCall = nobody_on_call

    def of_all(self, ticket: Ticket, targets: Sequence[Whom], at: datetime) -> tuple[Recipient, ...]:
        """The present recipients of the targets, each once; of two equal ones, the one with a known language."""
        found: dict[tuple[RecipientKind, str], Recipient] = {}
        for target in targets:
            for recipient in self._allowed(ticket, target, at):
                key = (recipient.kind, recipient.address)
                if key not in found or found[key].language is None:
                    found[key] = recipient
        return tuple(self.present(found.values()))

    def of_alarms(self, targets: Sequence[Whom], accountable: str, at: datetime) -> tuple[Recipient, ...]:
        """The recipients of targets that need no ticket, each once; `accountable` is an e-mail address or empty.

        Whoever has left is none. If nobody is there, the channel is told: what has no ticket has no next step.
        """
        found: dict[tuple[RecipientKind, str], Recipient] = {}
        for target in targets:
            if isinstance(target, Named):
                recipients = self._named(target, at)
            elif target is Target.CHANNEL:
                recipients = [CHANNEL]
            else:
                recipients = [self.at(accountable)] if accountable else []
            for one in recipients:
                found.setdefault((one.kind, one.address), one)
        return tuple(self.present(found.values())) or (CHANNEL,)

    def of(self, ticket: Ticket, target: Whom, at: datetime) -> list[Recipient]:
        """The present recipients of one target; none if nobody can be reached, or may hear of it."""
        return self.present(self._allowed(ticket, target, at))

    def deputies(self, addresses: Iterable[str], ticket: Ticket | None) -> list[Recipient]:
        """Those who stand in for somebody and are still here, without whoever may not hear of the ticket."""
        withheld = withheld_from(self.uow, ticket) if ticket else frozenset[str]()
        return self.present([self.at(one) for one in addresses if one.casefold() not in withheld])

    def present(self, found: Collection[Recipient]) -> list[Recipient]:
        """Those who have not left the company; a channel is always there."""
        left = self.uow.people.who_left({one.address for one in found if one.kind is RecipientKind.PERSON})
        return [one for one in found if one.address not in left]

    def _allowed(self, ticket: Ticket, target: Whom, at: datetime) -> list[Recipient]:
        found = self._of(ticket, target, at)
        if target in {Target.ASSIGNEE, Target.CHANNEL}:
            return found
        withheld = withheld_from(self.uow, ticket)
        return [one for one in found if one.kind is RecipientKind.CHANNEL or one.address not in withheld]

    def _of(self, ticket: Ticket, target: Whom, at: datetime) -> list[Recipient]:
        if isinstance(target, Named):
            return self._named(target, at)
        match target:
            case Target.ASSIGNEE:
                return self._assignee(ticket)
            case Target.ADMINS:
                admins = self.uow.rosters.active_admins(ticket.group) if ticket.group else []
                return [found for admin in admins for found in self._person(admin)]
            case Target.OWNER:
                return self._owner(ticket)
            case Target.MANAGER:
                return self._manager(ticket)
            case Target.ACCOUNTABLE:
                return [self.at(ticket.accountable)] if ticket.accountable else []
            case _:
                return [CHANNEL]

    def _named(self, target: Named, at: datetime) -> list[Recipient]:
        if target.kind is NamedKind.CHANNEL:
            return [Recipient(RecipientKind.CHANNEL, target.name)]
        is_rota = target.kind is NamedKind.ON_CALL
        return [
            self.at(address)
            for address in (self.on_call(self.uow, target.name, at) if is_rota else [target.name])
        ]

    def at(self, address: str) -> Recipient:
        """Whoever has an e-mail address, by name and in their language if the directory knows them."""
        return whoever_has(self.uow, address, self.languages)

    def _owner(self, ticket: Ticket) -> list[Recipient]:
        group = self.uow.rosters.group(ticket.group) if ticket.group else None
        return [self.at(group.owner_email)] if group and group.owner_email else []

    def _manager(self, ticket: Ticket) -> list[Recipient]:
        """The manager of the ticket's person; of whoever has to do it, if it is about a whole group alone."""
        key = ticket.person
        if key is None and ticket.about is About.GROUP and ticket.assignee is not None:
            key = ticket.assignee.person
        person = self.uow.people.get(key) if key else None
        if person is None or person.facts.manager_id is None:
            return []
        manager = self.uow.people.get(AccountKey(person.key.source, person.facts.manager_id))
        return self._person(manager) if manager else []

    def _assignee(self, ticket: Ticket) -> list[Recipient]:
        if ticket.assignee is None:
            return []
        person = ticket.assignee.person
        return [recipient_of(ticket, self.uow.people.facts([person] if person else []), self.languages)]

    def _person(self, person: Account) -> list[Recipient]:
        return known_person(person, self.languages)
