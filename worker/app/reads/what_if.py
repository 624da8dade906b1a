"""What if: the last weeks' tickets, replayed against the policies that hold and against changed ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from worker.app.reads.escalation import Explainer, ToldOne
from worker.app.tell.recipients import Recipients
from worker.domain.escalation.policy import Named, NamedKind, Policy, Taken, Whom
from worker.domain.escalation.replay import Change, Spell, Telling, change, life_of, replay
from worker.domain.messages.message import Recipient
from worker.domain.reconcile.rules import TicketRules
from worker.domain.tickets.ticket import Ticket, TicketState
from worker.ports.state.store import UnitOfWork

PAGE = 1000


@dataclass(frozen=True, slots=True)
class ReplayedStep:
    """A step that a policy takes in the replay, and whom it tells."""

    taken: Taken
    told: tuple[ToldOne, ...]


@dataclass(frozen=True, slots=True)
class ReplayedTicket:
    """What one ticket's policies take since an instant: those that hold, and the changed ones."""

    ticket: Ticket
    was: tuple[ReplayedStep, ...]
    would: tuple[ReplayedStep, ...]

    @property
    def change(self) -> Change:
        return change(_tellings(self.was), _tellings(self.would))


def _tellings(steps: tuple[ReplayedStep, ...]) -> list[Telling]:
    """Who is told and when; somebody whom nothing reaches is not told."""
    return [
        Telling(step.taken.at, one.to.address or one.to.kind.value)
        for step in steps
        for one in step.told
        if one.over
    ]


def what_if(
    uow: UnitOfWork, explainer: Explainer, changed: TicketRules, since: datetime, now: datetime
) -> Iterator[ReplayedTicket]:
    """Replay the tickets that were opened since an instant, or are live, in order.

    Both sides are replayed, so that they differ by their policies alone, and not by a worker that was down. Whom a
    target means is looked up now, except who was on call. See `replay` for what else is left out.
    """
    after = 0
    while page := uow.tickets.page(list(TicketState), after, PAGE):
        after = page[-1].id
        for ticket in page:
            if ticket.is_live or ticket.opened_at >= since:
                yield _replayed(uow, explainer, changed, ticket, since, now)


def _replayed(
    uow: UnitOfWork,
    explainer: Explainer,
    changed: TicketRules,
    ticket: Ticket,
    since: datetime,
    now: datetime,
) -> ReplayedTicket:
    entries = (sealed.entry for sealed in uow.journal.of(f"ticket:{ticket.label}"))
    side = _Side(uow, explainer, ticket, life_of(ticket, entries), since, now)
    return ReplayedTicket(ticket, side.under(explainer.rules), side.under(changed))


class _Side:
    """Replays one ticket by several rules. Whom a target means is asked once."""

    def __init__(
        self,
        uow: UnitOfWork,
        explainer: Explainer,
        ticket: Ticket,
        life: tuple[Spell, ...],
        since: datetime,
        now: datetime,
    ) -> None:
        self._recipients = Recipients(uow, explainer.languages, explainer.on_call)
        self._explainer, self._ticket, self._life = explainer, ticket, life
        self._since, self._now = since, now
        self._known: dict[tuple[Whom, datetime | None], list[Recipient]] = {}

    def under(self, rules: TicketRules) -> tuple[ReplayedStep, ...]:
        """The steps since the instant, with whom they tell."""
        policy = rules.policy(self._ticket)
        taken = replay(self._ticket, self._life, policy, rules.allowed(self._ticket), self._now)
        return tuple(ReplayedStep(one, self._told(policy, one)) for one in taken if one.at >= self._since)

    def _told(self, policy: Policy, taken: Taken) -> tuple[ToldOne, ...]:
        step = policy.steps[taken.step - 1]
        found = {
            (to.kind, to.address): self._explainer.reached(replace(to, via=step.via))
            for whom in step.to
            for to in self._of(whom, taken.at)
        }
        return tuple(found.values())

    def _of(self, whom: Whom, at: datetime) -> list[Recipient]:
        is_by_time = isinstance(whom, Named) and whom.kind is NamedKind.ON_CALL
        key = (whom, at if is_by_time else None)
        if key not in self._known:
            self._known[key] = self._recipients.of(self._ticket, whom, at)
        return self._known[key]
