"""Escalate: take each step whose time has come, and tell whom it names."""

from __future__ import annotations

from datetime import datetime

from worker.app.helping import help_for
from worker.app.links import Links
from worker.app.matching import Matching
from worker.app.report import Report
from worker.app.telling import help_as_told, person_at, recipient_of, with_link
from worker.domain.escalation import Policy, Taken, Target, due_steps, next_unreached
from worker.domain.journal import Entry
from worker.domain.message import CHANNEL, Recipient, RecipientKind
from worker.domain.model import Person, PersonKey
from worker.domain.reconcile import TicketRules
from worker.domain.ticket import Ticket, TicketState
from worker.domain.tongue import ENGLISH_ONLY, Languages
from worker.domain.wording import UNREACHED, escalation_paragraph, masked
from worker.ports.leases import Lease
from worker.ports.outbox import OutMessage
from worker.ports.store import Store, UnitOfWork

PAGE = 500


class Escalate:
    """Takes the steps of escalation policies."""

    def __init__(
        self,
        store: Store,
        rules: TicketRules,
        timezone: str,
        languages: Languages = ENGLISH_ONLY,
        links: Links | None = None,
    ) -> None:
        self._store = store
        self._rules = rules
        self._timezone = timezone
        self._languages = languages
        self._links = links

    def run_once(self, now: datetime, lease: Lease | None = None) -> Report:
        """Take the due steps of every open ticket. Steps are unique in storage, so each is taken once.

        A step that reaches nobody makes the next one due at once, and the message says so.
        """
        matching = Matching(self._store, now, lease)
        counts = {"watched": 0, "steps": 0, "messages": 0}
        after = 0
        while True:
            with matching.begin() as uow:
                waiting = uow.tickets.to_escalate(after, PAGE)
                for ticket, taken in waiting:
                    self._escalate(uow, ticket, taken, now, counts)
            if not waiting:
                break
            counts["watched"] += len(waiting)
            after = waiting[-1][0].id
        with matching.begin() as uow:
            self._answer_unreachable(uow, now, counts)
        return Report("escalate", counts)

    def _escalate(
        self, uow: UnitOfWork, ticket: Ticket, taken: tuple[Taken, ...], now: datetime, counts: dict[str, int]
    ) -> None:
        policy = self._rules.policy(ticket)
        for due in due_steps(ticket, policy, taken, self._rules.allowed(ticket), now):
            step = Taken(due.step, due.repeat, now)
            if self._take(uow, ticket, policy, step, "", now, counts):
                taken = (*taken, step)
            else:
                taken = self._take_next(uow, ticket, policy, (*taken, step), now, counts)

    def _take_next(
        self,
        uow: UnitOfWork,
        ticket: Ticket,
        policy: Policy,
        taken: tuple[Taken, ...],
        now: datetime,
        counts: dict[str, int],
    ) -> tuple[Taken, ...]:
        """Go on to the first step that reaches somebody."""
        while (number := next_unreached(policy, taken, ticket.clock_from)) is not None:
            step = Taken(number, sum(t.step == number for t in taken), now)
            taken = (*taken, step)
            if self._take(uow, ticket, policy, step, UNREACHED, now, counts):
                return taken
        return taken

    def _take(
        self,
        uow: UnitOfWork,
        ticket: Ticket,
        policy: Policy,
        step: Taken,
        why: str,
        now: datetime,
        counts: dict[str, int],
    ) -> bool:
        """Record a step and queue its messages; False when there is nobody to tell."""
        recipients = self._recipients(uow, ticket, policy.steps[step.step - 1].to)
        if not uow.tickets.take_step(ticket.id, step, policy.name, recipients):
            return True
        counts["steps"] += 1
        data = {"step": step.step, "repeat": step.repeat, "policy": policy.name, "told": len(recipients)}
        uow.journal.append([Entry(now, "whosleft", "ticket.escalated", f"ticket:{ticket.label}", data=data)])
        members = self._who_may_see_numbers(uow, ticket)
        aid = help_for(uow, ticket, self._languages)
        for recipient in recipients:
            tongue = self._languages.of(recipient.language)
            told = help_as_told(aid, ticket, recipient)
            body = escalation_paragraph(ticket, recipient, self._timezone, now, why, tongue, told)
            if recipient not in members:
                body = masked(body)
            key = f"{ticket.label}:step{step.step}.{step.repeat}:{recipient.kind.value}:{recipient.address}"
            message = OutMessage(key, recipient, body.headline, body, is_urgent=True, ticket=ticket.id)
            counts["messages"] += uow.outbox.add([with_link(uow, ticket, message, self._links, now)], now)
        return bool(recipients)

    def _who_may_see_numbers(self, uow: UnitOfWork, ticket: Ticket) -> list[Recipient]:
        """The assignee and the group's admins, who see the members' numbers anyway."""
        return [*self._resolve(uow, ticket, Target.ASSIGNEE), *self._resolve(uow, ticket, Target.ADMINS)]

    def _recipients(
        self, uow: UnitOfWork, ticket: Ticket, targets: tuple[Target, ...]
    ) -> tuple[Recipient, ...]:
        """Whom the targets are now, each once; of two that are one, that whose language is known."""
        found: dict[tuple[RecipientKind, str], Recipient] = {}
        for target in targets:
            for recipient in self._resolve(uow, ticket, target):
                key = (recipient.kind, recipient.address)
                if key not in found or found[key].language is None:
                    found[key] = recipient
        return tuple(found.values())

    def _resolve(self, uow: UnitOfWork, ticket: Ticket, target: Target) -> list[Recipient]:
        if target is Target.ASSIGNEE:
            return self._assignee(uow, ticket)
        if target is Target.ADMINS:
            admins = uow.rosters.active_admins(ticket.group)
            return [found for admin in admins for found in self._person(admin)]
        if target is Target.MANAGER:
            return self._manager(uow, ticket)
        if target is Target.ACCOUNTABLE:
            return [person_at(ticket.accountable)] if ticket.accountable else []
        return [CHANNEL]

    def _manager(self, uow: UnitOfWork, ticket: Ticket) -> list[Recipient]:
        person = uow.people.get(ticket.person) if ticket.person else None
        if person is None or person.facts.manager_id is None:
            return []
        manager = uow.people.get(PersonKey(person.key.source, person.facts.manager_id))
        return self._person(manager) if manager else []

    def _assignee(self, uow: UnitOfWork, ticket: Ticket) -> list[Recipient]:
        if ticket.assignee is None:
            return []
        person = ticket.assignee.person
        spoken = uow.people.languages([person] if person else [])
        return [recipient_of(ticket, self._code(spoken.get(person) if person else None))]

    def _person(self, person: Person) -> list[Recipient]:
        facts = person.facts
        if not facts.email:
            return []
        return [person_at(facts.email, facts.display_name, self._code(facts.language))]

    def _code(self, stated: str | None) -> str | None:
        """The code of a language that is ours; what a directory states may be anything."""
        return self._languages.of(stated).code if stated else None

    def _answer_unreachable(self, uow: UnitOfWork, now: datetime, counts: dict[str, int]) -> None:
        """A message that reached nobody makes the next step due at once."""
        for number in uow.tickets.unreachable():
            uow.tickets.answered_unreachable(number)
            ticket = uow.tickets.get(number)
            if ticket is None or ticket.state is not TicketState.OPEN:
                continue
            taken = tuple(step for step, _, _ in uow.tickets.steps(number))
            self._take_next(uow, ticket, self._rules.policy(ticket), taken, now, counts)
