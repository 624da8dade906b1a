"""Hold the removal of somebody who left, while an export of their own is needed: with a reason, and with an end.

A hold ends by itself: the reconcile that comes after its end puts the ticket back to open.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from worker.app.acts.changes import change_ticket
from worker.app.acts.rights import require_another
from worker.app.refused import Refused, require_reason
from worker.app.tell.teller import Teller
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.kinds import REMOVAL, is_exposure
from worker.domain.messages.overtaken import HELD, said_once
from worker.domain.model import Evidence
from worker.domain.reconcile.engine import HELD_FROM
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.reason import LocalInstant, Reason, Written, because
from worker.domain.tickets.ticket import Move, Ticket, TicketState, in_words, next_state
from worker.ports.state.store import Store, UnitOfWork

_HOLDABLE = frozenset({TicketState.OPEN, TicketState.BLOCKED})


class RemovalHolds:
    """Holds on removals. Both acts need a reason, and raise Refused."""

    def __init__(self, store: Store, rules: TicketRules, teller: Teller) -> None:
        self._store = store
        self._rules = rules
        self._teller = teller

    def hold(self, number: int, by: Actor, reason: str, until: datetime, now: datetime) -> Ticket:
        """Hold a removal until an instant: nobody may do it before, and it is not escalated.

        All holds of one ticket together last at most as long as the rules say, from the beginning of the first.
        Raises Refused for whoever it is about.
        """
        require_reason(reason)

        def change(uow: UnitOfWork, ticket: Ticket) -> Ticket:
            require_another(uow, by, [ticket.person], ticket.label)
            begin = self._begin(ticket, until, now)
            is_open = ticket.state is TicketState.OPEN
            state = next_state(ticket.state, Move.BLOCK) if is_open else ticket.state
            return replace(
                ticket,
                state=state,
                held_until=until,
                acknowledged_until=None,
                snoozed_until=None,
                reason=because("held by {name}: {words}", name=by.name, words=reason.strip()),
                details={**ticket.details, HELD_FROM: begin.isoformat()},
            )

        with self._store.begin() as uow:
            held = partial(change, uow)
            _, after = change_ticket(uow, number, held, events.TICKET_HELD, by, now, reason)
            uow.outbox.withdraw_about([after.id], but=said_once(after))
            uow.outbox.add(self._teller.held(uow, after, now), now)
        return after

    def _begin(self, ticket: Ticket, until: datetime, now: datetime) -> datetime:
        """When the ticket's holds began. Raises Refused for a ticket that can't be held so long, or at all."""
        if not can_be_held(ticket):
            raise Refused(_why_not(ticket))
        if until <= now:
            raise Refused(because("That instant is over already; name a later one."))
        began = ticket.details.get(HELD_FROM)
        begin = min(datetime.fromisoformat(began), now) if began else now  # it may have been ahead
        if until - begin > self._rules.hold_max:
            last = begin + self._rules.hold_max
            until_last = Written(f"{last:%Y-%m-%dT%H:%M:%SZ}", LocalInstant(last, "UTC"))
            raise Refused(
                because(
                    "That is too long: at most {longest}, until {last}.",
                    longest=self._rules.hold_max,
                    last=until_last,
                )
            )
        return begin

    def end(self, number: int, by: Actor, reason: str, now: datetime) -> Ticket:
        """End a hold before its time. The ticket is open again, unless it has to wait for another one."""
        require_reason(reason)

        def change(ticket: Ticket) -> Ticket:
            if not ticket.is_held(now, self._rules.hold_max):
                raise Refused(because("{ticket} is not held.", ticket=ticket.label))
            why = because("{name} ended the hold: {words}", name=by.name, words=reason.strip())
            ended = replace(ticket, held_until=None, reason=why)
            return ended if ended.blocked_by is not None else self._rules.freed(ended, now)

        with self._store.begin() as uow:
            before, after = change_ticket(uow, number, change, events.TICKET_HOLD_ENDED, by, now, reason)
            uow.outbox.withdraw_about([after.id], HELD)
            if after.state is TicketState.OPEN:
                freed, begun = Action(ActionKind.UNBLOCK, after, after.reason), before.details[HELD_FROM]
                since = datetime.fromisoformat(begun)
                uow.outbox.add(self._teller.hold_over(uow, freed, since, now), now)
        return after

    def hours(self) -> list[int]:
        """The lengths, in hours, that a form offers."""
        return [one for one in (12, 24, 48, 72) if timedelta(hours=one) <= self._rules.hold_max]


def can_be_held(ticket: Ticket) -> bool:
    """Whether it is a removal that a hold may stop."""
    has_left = ticket.kind is REMOVAL and is_exposure(ticket) and ticket.evidence is not Evidence.MOVED
    return has_left and ticket.state in _HOLDABLE and not ticket.is_sensitive


def _why_not(ticket: Ticket) -> Reason:
    if ticket.is_sensitive:
        return because(
            "{ticket}: the group is sensitive, so its removals are never held. Have somebody who stays in the group "
            "export the conversation first, within the ticket's time.",
            ticket=ticket.label,
        )
    if ticket.kind is REMOVAL and ticket.state not in _HOLDABLE:
        state = in_words(ticket.state)
        return because(
            "{ticket}: it is {state}, so there is nothing to hold.", ticket=ticket.label, state=state
        )
    return because("{ticket}: only the removal of somebody who left can be held.", ticket=ticket.label)
