"""A ticket's escalation: each step, when it comes, whom it tells, over what, and what holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from worker.app.reads.away import Away, with_deputies
from worker.app.tell.holding import Held, Holding
from worker.app.tell.passing import Passing
from worker.app.tell.reaching import Reaching
from worker.app.tell.recipients import OnCall, Recipients, nobody_on_call
from worker.domain.escalation.policy import LAST_RESORT, Coming, Policy, Step, Whom, explain
from worker.domain.messages.message import Recipient, RecipientKind
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.tongue import Languages
from worker.domain.tickets.ticket import Ticket, TicketState
from worker.ports.state.store import UnitOfWork

NOBODY = "nobody reaches them"


@dataclass(frozen=True, slots=True)
class ToldOne:
    """One recipient of a step: over which notifier, and until when the message would wait.

    `why` says what it would wait for (quiet, silence:ID, snoozed, acknowledged), or that no notifier reaches them.
    `passes_on_to` is the name of whom they pass it on to, else empty.
    """

    to: Recipient
    over: str
    held_until: datetime | None
    why: str
    passes_on_to: str = ""


@dataclass(frozen=True, slots=True)
class ComingStep:
    """A step of a ticket's policy, with the recipients that each target means at its instant."""

    coming: Coming
    told: tuple[tuple[Whom, tuple[ToldOne, ...]], ...]

    @property
    def named(self) -> list[tuple[Whom, list[str]]]:
        """Each target with the names of those whom it means, who may be told by somebody who passes it on."""
        return [
            (whom, list(dict.fromkeys(one.passes_on_to or one.to.label for one in told)))
            for whom, told in self.told
        ]

    @property
    def everybody(self) -> list[ToldOne]:
        """The recipients of all targets, each once: as a target means them over which they are reached, if one does."""
        those = [one for _, told in reversed(self.told) for one in told]
        found = {(one.to.kind, one.to.address): one for one in those}
        return list((found | {(one.to.kind, one.to.address): one for one in those if one.over}).values())


@dataclass(frozen=True, slots=True)
class ExplainedEscalation:
    """A ticket's policy, by name, with all of its steps; of one that is over, those that were taken."""

    ticket: Ticket
    policy: str
    steps: Sequence[ComingStep]


@dataclass(frozen=True, slots=True)
class Explainer:
    """Reads who would be told about a ticket, and when, by the same rules as the job that tells them.

    Absences are those of the configuration: no mailbox is asked here.
    """

    rules: TicketRules
    languages: Languages
    reaching: Reaching
    holding: Holding = field(default_factory=Holding)
    on_call: OnCall = nobody_on_call
    away: Away = field(default_factory=Away)
    passing: Passing | None = None

    def explain(self, uow: UnitOfWork, ticket: Ticket) -> ExplainedEscalation:
        policy = self.rules.policy(ticket)
        taken = tuple(one.taken for one in uow.tickets.steps(ticket.id))
        coming = explain(ticket, policy, taken, self.rules.allowed(ticket))
        shown = [one for one in coming if one.is_taken or ticket.is_live]
        return ExplainedEscalation(
            ticket, policy.name, tuple(self._step(uow, ticket, policy, one) for one in shown)
        )

    def to_come(self, uow: UnitOfWork, ticket: Ticket) -> tuple[ComingStep, ...]:
        """The steps that are not taken; none unless the ticket is open."""
        if ticket.state is not TicketState.OPEN:
            return ()
        return tuple(step for step in self.explain(uow, ticket).steps if not step.coming.is_taken)

    def people(self, uow: UnitOfWork, ticket: Ticket) -> list[Recipient]:
        """The people whom the steps to come would tell."""
        steps = [step for step in self.explain(uow, ticket).steps if not step.coming.is_taken]
        told = [one.to for step in steps for one in step.everybody if one.over]
        return [to for to in told if to.kind is RecipientKind.PERSON]

    def _step(self, uow: UnitOfWork, ticket: Ticket, policy: Policy, coming: Coming) -> ComingStep:
        step = policy.steps[coming.step - 1]
        on_call = self.holding.on_call(self.on_call, ticket, is_day_or_night=step.is_day_or_night)
        found = Recipients(uow, self.languages, on_call)
        told = self._those(uow, ticket, step, coming, coming.to, found)
        if coming.step == len(policy.steps) and not any(one.over for _, those in told for one in those):
            told += self._those(uow, ticket, replace(step, via=()), coming, LAST_RESORT, found)
        return ComingStep(coming, tuple(told))

    def _those(
        self,
        uow: UnitOfWork,
        ticket: Ticket,
        step: Step,
        coming: Coming,
        targets: Sequence[Whom],
        found: Recipients,
    ) -> list[tuple[Whom, tuple[ToldOne, ...]]]:
        told = []
        for whom in targets:
            named = found.of(ticket, whom, coming.at)
            recipients, _ = with_deputies(named, self.away, coming.at, found, ticket=ticket)
            those = [each for one in recipients for each in self._told(uow, ticket, step, coming, one)]
            told.append((whom, tuple(those)))
        return told

    def _told(
        self, uow: UnitOfWork, ticket: Ticket, step: Step, coming: Coming, to: Recipient
    ) -> list[ToldOne]:
        one, name = self.reached(replace(to, via=step.via)), to.label
        passers = self.passing.passers(uow, ticket, one.to, coming.at) if self.passing else []
        found = [replace(self.reached(passer.to), passes_on_to=name) for passer in passers] or [one]
        return [self._as_held(uow, ticket, step, coming, each) for each in found]

    def _as_held(self, uow: UnitOfWork, ticket: Ticket, step: Step, coming: Coming, one: ToldOne) -> ToldOne:
        held = None if coming.is_taken or not one.over else self._held(uow, ticket, step, coming, one.to)
        return replace(one, held_until=held.until, why=held.by) if held else one

    def reached(self, to: Recipient) -> ToldOne:
        """Over what a recipient is reached, if nothing holds the message."""
        over = ", ".join(self.reaching.first_over(to))
        return ToldOne(to, over, None, "" if over else NOBODY)

    def _held(
        self, uow: UnitOfWork, ticket: Ticket, step: Step, coming: Coming, to: Recipient
    ) -> Held | None:
        at, held = coming.at, list[Held]()
        if ticket.snoozed_until and ticket.is_snoozed(at):
            held.append(Held(ticket.snoozed_until, "snoozed"))
        if ticket.acknowledged_until and ticket.is_acknowledged(at) and not step.is_until_done:
            held.append(Held(ticket.acknowledged_until, "acknowledged"))
        holds = self.holding.at(uow, at)
        by = holds.of_message(to, ticket, is_day_or_night=step.is_day_or_night)
        return max([*held, *([by] if by else [])], default=None)
