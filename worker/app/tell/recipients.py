"""Find the recipients of an escalation policy's steps: to tell them, or to show who would be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.app.tell.teller import person_at, recipient_of
from worker.domain.escalation.policy import Coming, Target, explain
from worker.domain.messages.message import CHANNEL, Recipient, RecipientKind
from worker.domain.model import Account, AccountKey
from worker.domain.reconcile.engine import TicketRules
from worker.domain.text.tongue import Languages
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.store import UnitOfWork


@dataclass(frozen=True, slots=True)
class Recipients:
    """The people whom a policy's targets mean, in the state that a transaction sees."""

    uow: UnitOfWork
    languages: Languages

    def of_all(self, ticket: Ticket, targets: Sequence[Target]) -> tuple[Recipient, ...]:
        """The present recipients of the targets, each once; of two equal ones, the one with a known language."""
        found: dict[tuple[RecipientKind, str], Recipient] = {}
        for target in targets:
            for recipient in self.of(ticket, target):
                key = (recipient.kind, recipient.address)
                if key not in found or found[key].language is None:
                    found[key] = recipient
        return tuple(found.values())

    def of(self, ticket: Ticket, target: Target) -> list[Recipient]:
        """The present recipients of one target; none if nobody can be reached."""
        if target is Target.ASSIGNEE:
            return self._assignee(ticket)
        if target is Target.ADMINS:
            admins = self.uow.rosters.active_admins(ticket.group) if ticket.group else []
            return [found for admin in admins for found in self._person(admin)]
        if target is Target.MANAGER:
            return self._manager(ticket)
        if target is Target.ACCOUNTABLE:
            return [person_at(ticket.accountable)] if ticket.accountable else []
        return [CHANNEL]

    def _manager(self, ticket: Ticket) -> list[Recipient]:
        person = self.uow.people.get(ticket.person) if ticket.person else None
        if person is None or person.facts.manager_id is None:
            return []
        manager = self.uow.people.get(AccountKey(person.key.source, person.facts.manager_id))
        return self._person(manager) if manager else []

    def _assignee(self, ticket: Ticket) -> list[Recipient]:
        if ticket.assignee is None:
            return []
        person = ticket.assignee.person
        spoken = self.uow.people.languages([person] if person else [])
        return [recipient_of(ticket, self._code(spoken.get(person) if person else None))]

    def _person(self, person: Account) -> list[Recipient]:
        facts = person.facts
        if not facts.email:
            return []
        return [person_at(facts.email, facts.display_name, self._code(facts.language))]

    def _code(self, stated: str | None) -> str | None:
        """The code of one of our languages; a directory may state anything."""
        return self.languages.of(stated).code if stated else None


@dataclass(frozen=True, slots=True)
class ComingStep:
    """A step of a ticket's policy, with the names that each target means now. `is_taken`: in this round."""

    coming: Coming
    told: tuple[tuple[Target, tuple[str, ...]], ...]
    is_taken: bool


def steps_of(
    uow: UnitOfWork, ticket: Ticket, rules: TicketRules, languages: Languages
) -> tuple[ComingStep, ...]:
    """Every step of a ticket's policy, in its order."""
    taken = {one.step for one, _, _ in uow.tickets.steps(ticket.id) if one.at >= ticket.clock_from}
    found = Recipients(uow, languages)
    return tuple(
        ComingStep(
            coming,
            tuple((target, tuple(one.label for one in found.of(ticket, target))) for target in coming.to),
            coming.step in taken,
        )
        for coming in explain(ticket, rules.policy(ticket), rules.allowed(ticket))
    )
