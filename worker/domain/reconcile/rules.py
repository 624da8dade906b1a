"""What tickets go by: times, policies and the accountable person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from worker.domain.controls.switch import ANYWHERE, Where
from worker.domain.escalation.calendar import Calendar, add, elapsed, next_open
from worker.domain.escalation.policy import Policy, policy_for
from worker.domain.kinds.controlled import TIME_S
from worker.domain.reconcile.verification import CLAIM_LIFE
from worker.domain.tickets.ticket import (
    Move,
    Ticket,
    next_state,
)


@dataclass(frozen=True, slots=True)
class HandOver:
    """So long before an admin's last day, a group of these gets another one.

    `due`, `sensitive_due`: the longest time for that, and in a sensitive group.
    """

    lead: timedelta
    due: timedelta
    sensitive_due: timedelta
    where: Where = ANYWHERE

    def time(self, ticket: Ticket, calendar: Calendar, leaves_at: datetime, now: datetime) -> timedelta:
        """A ticket's time, in its policy's calendar: until the last day ends, and still a day from the next opening."""
        until = max(leaves_at, next_open(calendar, now) + _A_DAY)
        longest = self.sensitive_due if ticket.is_sensitive else self.due
        return min(max(longest, _A_DAY), time_until(ticket, calendar, until))


_A_DAY = timedelta(days=1)


def time_until(ticket: Ticket, calendar: Calendar, instant: datetime) -> timedelta:
    """The calendar's time that a ticket has if it is due at an instant; 0 if that is past.

    The time in which its claims waited for proof does not count.
    """
    waited = timedelta(microseconds=ticket.waited_us)
    return max(elapsed(calendar, ticket.clock_from, instant) - waited, timedelta(0))


@dataclass(frozen=True, slots=True)
class TicketRules:
    """The rules for tickets: their policies with the time that they allow, and the accountable person.

    `claim_life`: how long a claim stands without proof. `hold_max`: how long a removal may be held. `hand_over`: how
    admins hand over before their last day; None: they needn't.
    """

    due: timedelta
    due_sensitive: timedelta
    accountable: str
    admins_min: int = 1
    policies: tuple[Policy, ...] = ()
    claim_life: timedelta = CLAIM_LIFE
    hold_max: timedelta = timedelta(hours=72)
    hand_over: HandOver | None = None
    timezone: str = "UTC"  # of the days that reasons name

    def policy(self, ticket: Ticket) -> Policy:
        """The escalation policy of one ticket."""
        return policy_for(
            self.policies, ticket.kind, ticket.evidence, ticket.messenger, sensitive=ticket.is_sensitive
        )

    def allowed(self, ticket: Ticket) -> timedelta:
        """The time that one ticket has, counted in its policy's calendar."""
        own = ticket.details.get(TIME_S)
        if own is not None:
            return timedelta(seconds=own)
        return self.due_sensitive if ticket.is_sensitive else self.due

    def started(self, ticket: Ticket, at: datetime) -> Ticket:
        """The ticket with its clock started (again) at `at`: due_at follows; an acknowledgement and a snooze end."""
        due_at = add(self.policy(ticket).calendar, at, self.allowed(ticket))
        return replace(
            ticket, clock_from=at, due_at=due_at, waited_us=0, acknowledged_until=None, snoozed_until=None
        )

    def timed(self, ticket: Ticket) -> Ticket:
        """The ticket, due by the time that it has now; its clock runs on."""
        calendar = self.policy(ticket).calendar
        waited = timedelta(microseconds=ticket.waited_us)
        return replace(ticket, due_at=add(calendar, ticket.clock_from, self.allowed(ticket) + waited))

    def resumed(self, ticket: Ticket, claimed_at: datetime, at: datetime) -> Ticket:
        """The ticket with its clock running again from `at`: the time since `claimed_at` does not count."""
        calendar = self.policy(ticket).calendar
        waited = elapsed(calendar, claimed_at, at)
        return replace(
            ticket,
            due_at=add(calendar, ticket.due_at, waited),
            waited_us=ticket.waited_us + waited // timedelta(microseconds=1),
            acknowledged_until=None,
            snoozed_until=None,
        )

    def freed(self, ticket: Ticket, now: datetime) -> Ticket:
        """The ticket, open again: it need not wait any more. Its clock starts at the end of its hold, if it had one."""
        at = min(now, ticket.held_until) if ticket.held_until and ticket.blocked_by is None else now
        free = replace(ticket, state=next_state(ticket.state, Move.UNBLOCK), blocked_by=None, held_until=None)
        return self.started(free, at)
