"""A day of the outbox as events: leavers, tickets, digests, a sender's passes, claims, failures and a death.

The constants are the worker's own (`deliver` and `after_failure` of worker.app.jobs, worker.settings.escalation). One
writes at a time, so folding, claiming and marking wait for each other, whoever does them; sending does not.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from worker.app.jobs.after_failure import ATTEMPTS_MAX, RETRY_FIRST, WAITS
from worker.app.jobs.deliver import CLAIM_LIFE
from worker.app.jobs.delivery_pass import DELIVERIES_MAX
from worker.app.jobs.folding import ITEMS_MAX, RECIPIENTS_MAX
from worker.app.jobs.table import JOBS

DAY_S = 86_400.0
EVERY_S = JOBS["deliver"].every.total_seconds()
WINDOW_S = 60.0  # escalation.digest_window
LEASE_S = 30.0  # schedule.lease
RECONCILE_S = JOBS["reconcile"].every.total_seconds()
BURST_S = 1.0  # a channel takes so many seconds' worth before it refuses
UNFINISHED_DAYS = 14  # a backlog that is longer is no question of hours any more


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds of one: of the writer, measured on PostgreSQL by `make bench-costs` (CPU of worker and server).

    `send_s`, a round trip to a channel, is chosen.
    """

    fold_s: float = 0.0045
    claim_s: float = 0.0033
    mark_s: float = 0.0033
    send_s: float = 0.25


@dataclass(frozen=True, slots=True)
class Channel:
    """What it takes a second, and the share of sends that fail for now. Refused is who comes too early."""

    per_s: float = math.inf
    fails: float = 0.01


@dataclass(frozen=True, slots=True)
class Demand:
    """What is chosen about a company, and is measured nowhere: a reader changes it here."""

    leaving_a_year: float = 0.15  # of all people
    groups_each: int = 5
    people_a_group: int = 20  # of all people, so that a group has a hundred members
    messages_a_ticket: float = 1.5  # the first one, and reminders
    working_days: int = 250
    in_hours: float = 0.8  # from 8:00 to 18:00; the rest falls on any hour


@dataclass(frozen=True, slots=True)
class Load:
    """The messages of one day: when, and to whom by number."""

    leavers: int
    tickets: int
    messages: list[tuple[float, int]]


@dataclass(slots=True)
class Found:
    """What a day came to; waits in seconds from being queued to being sent."""

    waits: list[float] = field(default_factory=list)
    deliveries: int = 0
    retried: int = 0
    refused: int = 0
    peak: int = 0
    busy_s: float = 0.0
    writer_s: float = 0.0
    longest_s: float = 0.0  # for which one transaction kept the others from writing
    ended_s: float = 0.0
    is_finished: bool = True

    def share(self, part: float) -> float:
        """The wait below which this part of the messages stays; 0 <= part < 1."""
        return sorted(self.waits)[int(part * len(self.waits))] if self.waits else 0.0


def poisson(draw: random.Random, mean: float) -> int:
    """A number of independent events; by the bell curve where it is large."""
    if mean > 500:
        return max(0, round(draw.gauss(mean, math.sqrt(mean))))
    number, product, limit = 0, draw.random(), math.exp(-mean)
    while product > limit:
        number, product = number + 1, product * draw.random()
    return number


def leavers_a_day(people: int, demand: Demand) -> float:
    return people * demand.leaving_a_year / demand.working_days


def day_of(people: int, demand: Demand, seed: int, mass: int = 0, mass_at_s: float = 10 * 3600.0) -> Load:
    """An ordinary working day, and so many leavers besides whose plan is released at one instant."""
    draw = random.Random(seed)
    groups = max(people // demand.people_a_group, 1)
    leavers = poisson(draw, leavers_a_day(people, demand))
    messages = list(_of_leavers(draw, demand, groups, (_instant(draw, demand) for _ in range(leavers))))
    messages += _of_leavers(draw, demand, groups, (mass_at_s for _ in range(mass)))
    first = len(messages)
    reminders = poisson(draw, leavers * demand.groups_each * (demand.messages_a_ticket - 1))
    messages += [(_instant(draw, demand), draw.randrange(groups)) for _ in range(reminders)]
    return Load(leavers + mass, first, sorted(messages))


def _of_leavers(
    draw: random.Random, demand: Demand, groups: int, instants: Iterator[float]
) -> Iterator[tuple[float, int]]:
    """A message for each ticket, at the next pass of reconcile, to the admin of a group drawn at random."""
    for at in instants:
        noticed = math.ceil(at / RECONCILE_S) * RECONCILE_S
        for _ in range(demand.groups_each):
            yield noticed, draw.randrange(groups)


def _instant(draw: random.Random, demand: Demand) -> float:
    if draw.random() < demand.in_hours:
        return draw.uniform(8 * 3600.0, 18 * 3600.0)
    return draw.uniform(0.0, DAY_S)


@dataclass(slots=True)
class _Delivery:
    messages: list[float]
    attempts: int = 0
    claimed_s: float = 0.0


class _Day:
    """The state of the simulation. Each step returns the instant of the sender's next step, and that step."""

    def __init__(self, load: Load, costs: Costs, channel: Channel, draw: random.Random) -> None:
        self.found = Found()
        self._queued = deque(load.messages)
        self._pending: dict[int, list[float]] = {}
        self._folding: deque[tuple[float, int]] = deque()  # recipients by the instant of their oldest message
        self._due: list[tuple[float, int, _Delivery]] = []
        self._number = count()
        self._writer_free_s = 0.0
        self._channel_free_s = 0.0
        self._quiet_until_s = 0.0
        self._costs, self._channel, self._draw = costs, channel, draw
        self._unsent = 0

    @property
    def is_over(self) -> bool:
        return not (self._queued or self._pending or self._unsent)

    def write(self, now: float, takes: float) -> float:
        """Wait for the turn, and write; return when it is done."""
        self._writer_free_s = max(now, self._writer_free_s) + takes
        self.found.writer_s += takes
        self.found.longest_s = max(self.found.longest_s, takes)
        return self._writer_free_s

    def fold(self, now: float) -> float:
        """Fold everybody's messages whose oldest has waited for the window; return when it is done."""
        self._take_in(now)
        folded = 0
        while self._folding and self._folding[0][0] <= now - WINDOW_S:
            _, reader = self._folding.popleft()
            waiting = self._pending.pop(reader)
            for first in range(0, len(waiting), ITEMS_MAX):
                self._put(now, _Delivery(waiting[first : first + ITEMS_MAX]))
                folded += 1
        self.found.deliveries += folded
        for first in range(0, folded, RECIPIENTS_MAX):
            now = self.write(now, min(folded - first, RECIPIENTS_MAX) * self._costs.fold_s)
        return now

    def _take_in(self, now: float) -> None:
        while self._queued and self._queued[0][0] <= now:
            at, reader = self._queued.popleft()
            if reader not in self._pending:
                self._pending[reader] = []
                self._folding.append((at, reader))
            self._pending[reader].append(at)
            self._unsent += 1
        self.found.peak = max(self.found.peak, self._unsent)

    def _put(self, at: float, one: _Delivery) -> None:
        heappush(self._due, (at, next(self._number), one))

    def claim(self, now: float) -> tuple[float, _Delivery] | None:
        """Claim what is due, and begin to send; the instant of the answer, or None where there is nothing to do."""
        if not self._due or self._due[0][0] > now or now < self._quiet_until_s:
            return None
        one = heappop(self._due)[2]
        one.claimed_s = self.write(now, self._costs.claim_s)
        return one.claimed_s + self._draw.expovariate(1 / self._costs.send_s), one

    def mark(self, now: float, one: _Delivery) -> float:
        """Write down what the channel answered; return when it is done."""
        if now < self._channel_free_s - BURST_S:
            # A clear refusal with a wait: it is no attempt, and the channel is left alone
            self.found.refused += 1
            self._quiet_until_s = max(self._channel_free_s, now + 1)
            self._put(self._quiet_until_s, one)
            return self.write(now, self._costs.mark_s)
        if self._draw.random() < self._channel.fails and one.attempts + 1 < ATTEMPTS_MAX:
            one.attempts += 1
            self.found.retried += 1
            times, longest = WAITS
            wait = min(RETRY_FIRST * times ** (one.attempts - 1), longest)
            self._put(now + wait.total_seconds(), one)
            return self.write(now, self._costs.mark_s)
        self._channel_free_s = max(self._channel_free_s, now) + 1 / self._channel.per_s
        self.found.waits += [now - at for at in one.messages]
        self._unsent -= len(one.messages)
        self.found.ended_s = self.write(now, self._costs.mark_s)
        return self.found.ended_s

    def lost(self, one: _Delivery) -> None:
        """Its sender died: it is free again when the claim is over."""
        self._put(one.claimed_s + CLAIM_LIFE.total_seconds(), one)


def play(
    load: Load,
    senders: int = 1,
    costs: Costs = Costs(),
    channel: Channel = Channel(),
    seed: int = 1,
    dies_at_s: float = math.inf,
) -> Found:
    """Send a day's messages. The first sender dies at an instant, and another takes its place after the lease."""
    day = _Day(load, costs, channel, random.Random(seed))
    steps: list[tuple[float, int, int, _Delivery | None]] = [
        (number * EVERY_S / senders, number, 0, None) for number in range(senders)
    ]
    until_s, now = UNFINISHED_DAYS * DAY_S, 0.0
    while not day.is_over and now < until_s:
        now, number, left, one = heappop(steps)
        if one is not None and number == 0 and now >= dies_at_s:
            dies_at_s = math.inf
            day.lost(one)
            heappush(steps, (now + LEASE_S, number, 0, None))
            continue
        ends, left, one = _step(day, now, left, one)
        if one is None and left == 0:
            ends = max(ends, (math.floor(ends / EVERY_S) + 1) * EVERY_S)
        heappush(steps, (ends, number, left, one))
    day.found.is_finished = day.is_over
    return day.found


def _step(day: _Day, now: float, left: int, one: _Delivery | None) -> tuple[float, int, _Delivery | None]:
    """One step of a sender, who can send `left` more in this pass; 0: a new pass begins."""
    if one is not None:
        ends = day.mark(now, one)
        day.found.busy_s += ends - now
        return ends, left - 1, None
    ends = now
    if left == 0:
        ends, left = day.fold(now), DELIVERIES_MAX
    claimed = day.claim(ends)
    if claimed is None:
        day.found.busy_s += ends - now
        return ends, 0, None
    day.found.busy_s += claimed[0] - now
    return claimed[0], left, claimed[1]
