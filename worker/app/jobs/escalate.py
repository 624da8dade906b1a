"""Escalate: take each step that is due, and tell the people whom it names; tell who takes over a rota."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from worker.app.jobs.handovers import TellHandovers
from worker.app.jobs.jumps import Jumps
from worker.app.jobs.matching import Matching
from worker.app.jobs.report import Report
from worker.app.reads.away import Away, with_deputies
from worker.app.tell.addressing import all_who_have
from worker.app.tell.helping import help_for
from worker.app.tell.holding import Holding, Holds, hold_calls
from worker.app.tell.recipients import OnCall, Recipients, nobody_on_call
from worker.app.tell.teller import Teller, help_as_told
from worker.domain.escalation.policy import (
    LAST_RESORT,
    Policy,
    Step,
    Taken,
    Target,
    due_steps,
    next_unreached,
)
from worker.domain.evidence import events
from worker.domain.evidence.journal import Entry
from worker.domain.instants import has_come
from worker.domain.messages.message import Recipient, RecipientKind
from worker.domain.messages.overtaken import step_message_key, taking_key
from worker.domain.messages.paragraphs import escalation_paragraph
from worker.domain.messages.sentences import AWAY, UNDELIVERED, UNREACHED, masked
from worker.domain.reconcile.rules import TicketRules
from worker.domain.tickets.ticket import Ticket, TicketState
from worker.ports.state.leases import Lease
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import Store, UnitOfWork

PAGE = 500
MAILBOXES_MAX = 50  # asked in one run
MAILBOX_LIFE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class EscalateRules:
    """What holds messages, who is on call, who is away, whether the clock was set, and what tells handovers."""

    holding: Holding = field(default_factory=Holding)
    on_call: OnCall = nobody_on_call
    away: Away = field(default_factory=Away)
    jumps: Jumps | None = None
    handovers: TellHandovers | None = None


class Escalate:
    """Takes the steps of escalation policies."""

    def __init__(
        self, store: Store, rules: TicketRules, teller: Teller, more: EscalateRules | None = None
    ) -> None:
        self._store = store
        self._rules = rules
        self._teller = teller
        self._more = more or EscalateRules()
        self._away: frozenset[str] = frozenset()  # of the present run, by address
        self._has_asked_anew = False  # since this process began
        self._mailboxes: dict[str, tuple[datetime, bool]] = {}  # when asked, and what they said

    def run_once(self, now: datetime, lease: Lease | None = None) -> Report:
        """Take the due steps of every open ticket. Steps are unique in storage, so each is taken once.

        If a step reaches nobody, or only people who are away and have no deputy, the next one is due at once, and its
        message says so. In place of a last one that means or reaches nobody, the accountable person and the channel are
        told.
        Right after the clock was set nothing is taken: the next run does it.
        """
        if self._more.jumps is not None and self._more.jumps.take_hold():
            return Report("escalate", {"held_by_the_clock": 1})
        self._away = self._away_by_mailbox(now)
        matching = Matching(self._store, now, lease)
        if not self._has_asked_anew:
            with matching.begin() as uow:
                self._ask_anew(uow, now)
            self._has_asked_anew = True
        counts = {"watched": 0, "steps": 0, "messages": 0, "silenced": 0}
        after = 0
        while True:
            with matching.begin() as uow:
                waiting = uow.tickets.to_escalate(after, PAGE)
                holds = self._more.holding.at(uow, now)
                for ticket, taken in waiting:
                    self._escalate(uow, ticket, taken, holds, counts)
            counts["watched"] += len(waiting)
            if len(waiting) < PAGE:
                break
            after = waiting[-1].ticket.id
        with matching.begin() as uow:
            self._answer_unreachable(uow, now, counts)
        if self._more.handovers is not None:
            counts |= self._more.handovers.run(now, lease)
        return Report("escalate", counts)

    def _ask_anew(self, uow: UnitOfWork, now: datetime) -> None:
        """Let go of what is held: the silences and quiet hours of the configuration may be others by now.

        Folding asks them again. Who has a ticket, or snoozed it, goes on resting.
        """
        for ticket in uow.tickets.many(uow.deliveries.release_all(now)).values():
            hold_calls(uow, ticket, self._rules.policy(ticket), now)

    def _escalate(
        self, uow: UnitOfWork, ticket: Ticket, taken: tuple[Taken, ...], holds: Holds, counts: dict[str, int]
    ) -> None:
        now, policy = holds.at, self._rules.policy(ticket)
        coming = due_steps(ticket, policy, taken, self._rules.allowed(ticket), now)
        if coming and (silenced := holds.of_ticket(ticket)):
            uow.silences.fired(silenced.silence, [ticket.id], now)
            counts["silenced"] += 1
            return
        for due in coming:
            step = Taken(due.step, due.repeat, now, policy.name)
            taken = (*taken, step)
            if why := self._take(uow, ticket, policy, step, "", now, counts):
                taken = self._take_next(uow, ticket, policy, taken, why, now, counts)

    def _take_next(
        self,
        uow: UnitOfWork,
        ticket: Ticket,
        policy: Policy,
        taken: tuple[Taken, ...],
        why: str,
        now: datetime,
        counts: dict[str, int],
    ) -> tuple[Taken, ...]:
        """Go on to the first step that reaches somebody who is there; `why` is the sentence that says so."""
        while (number := next_unreached(policy, taken, ticket.clock_from)) is not None:
            step = Taken(number, sum(t.step == number for t in taken), now, policy.name)
            taken = (*taken, step)
            if not (why := self._take(uow, ticket, policy, step, why, now, counts)):
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
    ) -> str:
        """Record a step and queue its messages; return why the next one comes at once, if it does."""
        wanted = policy.steps[step.step - 1]
        found = self._recipients(uow, ticket, wanted)
        named = tuple(
            one for one in found.of_all(ticket, wanted.to, now) if self._may_tell(ticket, wanted, one)
        )
        if not named and step.step == len(policy.steps):
            named, wanted, why = found.of_all(ticket, LAST_RESORT, now), replace(wanted, via=()), UNREACHED
        recipients, is_away = with_deputies(named, self._more.away, now, found, self._away, ticket=ticket)
        if not uow.tickets.take_step(ticket.id, step, policy.name, recipients):
            return ""
        counts["steps"] += 1
        data = {"step": step.step, "repeat": step.repeat, "policy": policy.name, "told": len(recipients)}
        uow.journal.append(
            [Entry(now, "whosleft", events.TICKET_ESCALATED, f"ticket:{ticket.label}", data=data)]
        )
        counts["messages"] += self._tell(uow, ticket, wanted, step, recipients, found, why, now)
        return UNREACHED if not recipients else AWAY if is_away else ""

    def _may_tell(self, ticket: Ticket, step: Step, to: Recipient) -> bool:
        """False for whoever has a number alone that no notifier of the step reaches, unless others pass it on.

        A message to them would make the next step come early each time.
        """
        passing, assignee = self._teller.passing, ticket.assignee
        is_by_number = to.kind is RecipientKind.PERSON and not to.email
        is_assignee = assignee is not None and assignee.email.casefold() == to.address
        if not is_by_number or is_assignee or passing is None:
            return True
        return bool(passing.reaching.over(replace(to, via=step.via)))

    def _tell_instead(
        self,
        uow: UnitOfWork,
        ticket: Ticket,
        policy: Policy,
        taken: tuple[Taken, ...],
        now: datetime,
        counts: dict[str, int],
    ) -> None:
        """Tell the last resort, over any notifier, where no message of the last step reached anybody, nor may still."""
        last = [
            one for one in taken if one.step == len(policy.steps) and policy.has_taken(one, ticket.clock_from)
        ]
        step = max(last, key=lambda one: one.repeat, default=None)
        if step is None or uow.outbox.may_reach(ticket.id, taking_key(ticket, step)):
            return
        wanted = replace(policy.steps[-1], to=LAST_RESORT, via=())
        found = self._recipients(uow, ticket, wanted)
        named = found.of_all(ticket, LAST_RESORT, now)
        recipients, _ = with_deputies(named, self._more.away, now, found, self._away, ticket=ticket)
        counts["messages"] += self._tell(
            uow, ticket, wanted, step, recipients, found, UNDELIVERED, now, is_instead=True
        )

    def _tell(
        self,
        uow: UnitOfWork,
        ticket: Ticket,
        wanted: Step,
        taken: Taken,
        recipients: Sequence[Recipient],
        found: Recipients,
        why: str,
        now: datetime,
        *,
        is_instead: bool = False,
    ) -> int:
        """Queue a step's messages; return how many are new."""
        added = 0
        members = found.of_all(ticket, (Target.ASSIGNEE, Target.ADMINS), now)  # who see the numbers anyway
        aid = help_for(uow, ticket, self._teller.languages)
        for recipient in recipients:
            tongue = self._teller.languages.of(recipient.language)
            told = help_as_told(aid, ticket, recipient)
            body = escalation_paragraph(ticket, recipient, self._teller.timezone, now, why, tongue, told)
            if recipient not in members:
                body = masked(body)
            key = step_message_key(ticket, taken, recipient, is_instead=is_instead)
            to = replace(recipient, via=wanted.via)
            message = OutMessage(
                key,
                to,
                body.headline,
                body,
                is_urgent=True,
                ticket=ticket.id,
                is_day_or_night=wanted.is_day_or_night,
            )
            added += uow.outbox.add(self._teller.linked(uow, ticket, message, now), now)
        return added

    def _recipients(self, uow: UnitOfWork, ticket: Ticket, step: Step) -> Recipients:
        on_call = self._more.holding.on_call(self._more.on_call, ticket, is_day_or_night=step.is_day_or_night)
        return Recipients(uow, self._teller.languages, on_call)

    def _away_by_mailbox(self, now: datetime) -> frozenset[str]:
        """The people of due steps whose mailboxes say that they are away. Asks outside of any transaction.

        A mailbox is asked again after a while, and only so many in one run: who was not asked counts as there.
        """
        if not self._more.away.asks_mailboxes:
            return frozenset()
        with self._store.reading() as uow:
            addresses = self._told_now(uow, now)
            people = {address: all_who_have(uow, address) for address in sorted(addresses)}
        asked = {
            address: one
            for address, one in self._mailboxes.items()
            if not has_come(one[0] + MAILBOX_LIFE, now, MAILBOX_LIFE)
        }
        for address in [address for address in people if address not in asked][:MAILBOXES_MAX]:
            is_away = any(self._more.away.is_away(address, one.key, now) for one in people[address])
            asked[address] = (now, is_away)
        self._mailboxes = asked
        return frozenset(address for address in people if address in asked and asked[address][1])

    def _told_now(self, uow: UnitOfWork, now: datetime) -> set[str]:
        """The addresses of the people whom steps tell now."""
        addresses: set[str] = set()
        after = 0
        holds = self._more.holding.at(uow, now)
        while waiting := uow.tickets.to_escalate(after, PAGE):
            after = waiting[-1].ticket.id
            for ticket, taken in waiting:
                policy = self._rules.policy(ticket)
                coming = due_steps(ticket, policy, taken, self._rules.allowed(ticket), now)
                if coming and holds.of_ticket(ticket) is None:
                    steps = [policy.steps[due.step - 1] for due in coming]
                    named = [self._recipients(uow, ticket, one).of_all(ticket, one.to, now) for one in steps]
                    addresses |= {one.address for recipients in named for one in recipients if one.email}
        return addresses

    def _answer_unreachable(self, uow: UnitOfWork, now: datetime, counts: dict[str, int]) -> None:
        """Take the next step at once for each ticket whose message reached nobody; later, if the ticket rests now."""
        holds = self._more.holding.at(uow, now)
        numbers = uow.tickets.unreachable()
        tickets = uow.tickets.many(numbers)
        for number in numbers:
            ticket = tickets.get(number)
            if ticket is not None and ticket.state is TicketState.OPEN and _rests(ticket, holds):
                continue
            uow.tickets.answered_unreachable(number)
            if ticket is None or ticket.state is not TicketState.OPEN:
                continue
            policy = self._rules.policy(ticket)
            taken = tuple(step.taken for step in uow.tickets.steps(number))
            if next_unreached(policy, taken, ticket.clock_from) is None:
                self._tell_instead(uow, ticket, policy, taken, now, counts)
            else:
                self._take_next(uow, ticket, policy, taken, UNDELIVERED, now, counts)


def _rests(ticket: Ticket, holds: Holds) -> bool:
    """Whether somebody has the ticket, or it is snoozed or silenced, at the instant of `holds`."""
    is_left = ticket.is_acknowledged(holds.at) or ticket.is_snoozed(holds.at)
    return is_left or holds.of_ticket(ticket) is not None
