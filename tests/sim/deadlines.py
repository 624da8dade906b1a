"""When each escalation step has to come, worked out apart from the worker, by counting open minutes.

Invariant 7: steps in order, each (step, repeat) once, never early, and taken by the first pass of
the job after their time.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sim.effects import EffectLog, Saved, Stepped
from worker.domain.kinds.controlled import TIME_S
from worker.domain.tickets.ticket import Ticket, TicketState

HOUR = timedelta(hours=1)
OPENS, CLOSES, ZONE = time(9), time(17, 30), ZoneInfo("Europe/London")
STEPS = 3


class Deadlines:
    """The standard policy over one clock: half of the time, due, four hours later and daily from then."""

    def __init__(self, *, business: bool) -> None:
        self._business = business
        self._taken: dict[int, list[Stepped]] = {}
        self._started: dict[int, datetime] = {}
        self._waited: dict[int, timedelta] = {}  # while claims that were not true waited for proof

    def _add(self, start: datetime, amount: timedelta) -> datetime:
        return working_time_after(start, amount) if self._business else start + amount

    def _between(self, start: datetime, end: datetime) -> timedelta:
        return working_time_between(start, end) if self._business else end - start

    def moved(self, saved: Saved) -> None:
        """Keep when the ticket's clock was started: whenever it became open, but for a claim that was taken back.

        A claim that was contradicted starts nothing: only the time in which it waited does not count.
        """
        before, after = saved.before, saved.after
        is_claim_over = before is not None and before.state is TicketState.DONE
        if after.state is not TicketState.OPEN:
            return
        if not is_claim_over:
            self._started[after.id] = saved.at
            self._waited[after.id] = timedelta(0)
        elif before is not None and before.done_at and before.reopened != after.reopened:
            self._waited[after.id] += self._between(before.done_at, saved.at)

    def _due(self, ticket: Ticket, number: int) -> datetime:
        started = self._add(self._started[ticket.id], self._waited[ticket.id])
        own = ticket.details.get(TIME_S)
        allowed = timedelta(seconds=own) if own else (4 if ticket.is_sensitive else 24) * HOUR
        if number == 1:
            return self._add(started, allowed / 2)
        due = self._add(started, allowed)
        return due if number == 2 else self._add(due, 4 * HOUR)

    def _round(self, ticket: Ticket, number: int) -> list[Stepped]:
        started = self._started[ticket.id]
        taken = self._taken.get(ticket.id, [])
        return [one for one in taken if one.taken.step == number and one.at >= started]

    def step(self, stepped: Stepped, log: EffectLog) -> list[str]:
        """What is wrong with a step that was taken now."""
        ticket, number, wrong = log.tickets[stepped.ticket], stepped.taken.step, []
        label = f"{ticket.label} step {number}.{stepped.taken.repeat}"
        ever = self._taken.setdefault(ticket.id, [])
        if any((t.taken.step, t.taken.repeat) == (number, stepped.taken.repeat) for t in ever):
            wrong.append(f"{label} was taken twice")
        if ticket.state is not TicketState.OPEN:
            wrong.append(f"{label} was taken for a ticket that is {ticket.state.value}")
        before = self._round(ticket, number)
        due = self._due(ticket, number) if not before else self._add(before[-1].at, 24 * HOUR)
        if stepped.at < due and not self._was_unreached(ticket, number, log):
            wrong.append(f"{label} was taken at {stepped.at}, before {due}")
        if number > 1 and not self._round(ticket, number - 1):
            wrong.append(f"{label} was taken before step {number - 1}")
        ever.append(stepped)
        return wrong

    def _was_unreached(self, ticket: Ticket, number: int, log: EffectLog) -> bool:
        earlier = [one for at in range(1, number) for one in self._round(ticket, at)]
        return ticket.id in log.unreached or any(not one.to for one in earlier)

    def missed(self, log: EffectLog, now: datetime) -> list[str]:
        """Steps that the pass that ran at `now` should have taken."""
        wrong = []
        for ticket in log.tickets.values():
            is_quiet = ticket.acknowledged_until is not None and now < ticket.acknowledged_until
            if ticket.state is not TicketState.OPEN or is_quiet:
                continue
            wrong += [
                f"{ticket.label} step {number} was due at {due} and was not taken"
                for number in range(1, STEPS + 1)
                if (due := self._next(ticket, number)) is not None and due <= now
            ]
        return wrong

    def _next(self, ticket: Ticket, number: int) -> datetime | None:
        before = self._round(ticket, number)
        if not before:
            return self._due(ticket, number)
        if number < STEPS:
            return None
        return max(self._due(ticket, number), self._add(before[-1].at, 24 * HOUR))


def working_time_after(start: datetime, amount: timedelta) -> datetime:
    """The instant at which so much working time has gone by; at the next day's start rather than a day's end."""
    day = start.astimezone(ZONE).date()
    while True:
        if day.weekday() < 5:
            opens = datetime.combine(day, OPENS, ZONE).astimezone(UTC)
            closes = datetime.combine(day, CLOSES, ZONE).astimezone(UTC)
            begin = max(opens, start)
            if begin < closes:
                if amount < closes - begin:
                    return begin + amount
                amount -= closes - begin
        day += timedelta(days=1)


def working_time_between(start: datetime, end: datetime) -> timedelta:
    """How much working time has gone by."""
    day, total = start.astimezone(ZONE).date(), timedelta(0)
    while day <= end.astimezone(ZONE).date():
        if day.weekday() < 5:
            opens = datetime.combine(day, OPENS, ZONE).astimezone(UTC)
            closes = datetime.combine(day, CLOSES, ZONE).astimezone(UTC)
            total += max(timedelta(0), min(closes, end) - max(opens, start))
        day += timedelta(days=1)
    return total
