"""Ten years of tickets through the worker's own jobs, held at each tick against the slow reference.

Only escalation is played: tickets are put into the store, people do what they do by the desk's use cases, and the jobs
escalate and deliver run. Time jumps to the next instant at which somebody does something or the reference has something
to say, and to the tick before that, so that what comes early is seen, too.
"""

from __future__ import annotations

import heapq
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import count
from typing import NoReturn

from fakes.directory import FakeDirectory
from fakes.inventory import FakeInventory
from fakes.notifier import FakeNotifier
from memory import memory_engine
from sim.lives_clock import DAY, END, HOUR, START, YEARS, instant
from sim.lives_company import ACKNOWLEDGED_FOR, PEOPLE, TICK, WARDS, company_of, settings_of
from sim.lives_plan import Deed, Plan, Quieting, plan_of
from sim.lives_reference import Reference
from sim.lives_values import CLOSED_MEANWHILE, Hush, Life, Said, Sayings, To
from worker.app.jobs.observer import Silent
from worker.domain.escalation.silences import Silence
from worker.domain.evidence.actor import Actor
from worker.domain.model import COUNTRY, TIMEZONE, AccountFacts, AccountKey, GroupKey
from worker.domain.tickets.subject import About
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, Ticket, TicketKind
from worker.ports.state.outbox import Delivery, Outcome
from worker.running.connecting import Connectors
from worker.running.database import open_store
from worker.running.wiring import build_app

NURSE = Actor("nurse")
LATE_MAX = 80 * HOUR  # how long is waited for what did not come, to say whether it is late or missed
LOOKS = 0.15  # how often it is looked whether something comes early
PROMISES = MISSED, LATE, TWICE, UNASKED, ORDER, CLOSED = (
    "nothing missed",
    "nothing late",
    "nothing twice",
    "nothing unasked",
    "in order",
    "what was closed is said",
)
_LABEL = re.compile(r"T-\d+")
_STEP = re.compile(r"T-\d+:step\d+\.\d+")  # the rest of its key is to whom


class Broken(AssertionError):
    """A promise of escalation is not kept; `promise` names it."""

    def __init__(self, promise: str, what: str) -> None:
        super().__init__(f"{promise}: {what}")
        self.promise = promise


class Ears(Silent):
    """Hears what arrived: which messages were folded into what a notifier was given."""

    def __init__(self, notifiers: dict[str, FakeNotifier]) -> None:
        self._notifiers = notifiers
        self.heard: Sayings = defaultdict(list)

    def delivered(self, delivery: Delivery, outcome: Outcome, began_at: datetime, /) -> None:
        assert outcome is Outcome.SENT, f"nothing fails here, and {delivery.key} was {outcome}"
        sent = self._notifiers[delivery.notifier].sent.pop()
        said = dict.fromkeys((item.label, item.body) for item in delivery.items)  # the same words once
        assert [one.ticket for one in sent.paragraphs] == [label for label, _ in said]
        to = To(delivery.to.kind.value, delivery.to.address)
        assert (sent.to.kind.value, sent.to.address) == to
        for item in delivery.items:
            if item.key.startswith("dropped:"):
                self.heard[Said(to, CLOSED_MEANWHILE)] += _LABEL.findall(item.body.text)
            else:
                step = _STEP.match(item.key)
                self.heard[Said(to, delivery.notifier)].append(step.group() if step else item.key)

    def take(self) -> Sayings:
        heard, self.heard = self.heard, defaultdict(list)
        return heard


class EscalationWorld:
    """One company for ten years, with so many tickets.

    `said` counts messages, `held` those that were held, tick by tick, `closed_meanwhile` the tickets named as closed.
    """

    def __init__(self, seed: int, lives: int, progress: Callable[[str], None] = lambda _text: None) -> None:
        self.seed = seed
        self.now = -DAY
        self.said = self.ticks = self.held = self.closed_meanwhile = 0
        self._progress = progress
        company = company_of(seed)
        settings = settings_of(company)
        self.reference = Reference(company)
        self._plan = plan_of(seed, lives)
        self._engine = memory_engine()
        self._store = open_store(settings, self._engine)
        self._notifiers = {
            "chat": FakeNotifier("chat", channels=(WARDS,)),
            "mail": FakeNotifier("mail", has_channel=False),
        }
        self._ears = Ears(self._notifiers)
        corp, wards = FakeDirectory("corp", now=self._clock), FakeInventory("wards", now=self._clock)
        corp.put(*map(_facts, PEOPLE))
        connectors = Connectors((corp,), (wards,), tuple(self._notifiers.values())).guarded()
        self._app = build_app(settings, self._store, connectors, self._clock, self._ears)
        escalate = (
            self._app.escalate
        )  # without the messages about rotas themselves: here tickets alone are played
        escalate._more = replace(escalate._more, handovers=None)
        self._app.poll.run_once(self._clock())
        self._rng = random.Random(f"{seed}/ticks")
        self._order = count()
        self._deeds: list[tuple[int, int, Callable[[], None]]] = []
        self._heard: set[tuple[To, str]] = set()
        self._silences: dict[int, tuple[Hush, str]] = {}

    def close(self) -> None:
        """Forget the database."""
        self._engine.dispose()

    def _clock(self) -> datetime:
        return instant(self.now)

    # --- the driver ------------------------------------------------------------------------------

    def run(self) -> None:
        """Play the ten years. Raises Broken at the first promise that is not kept."""
        for planned in self._plan.lives:
            self._at(planned.opens, partial(self._open, planned))
        for number, one in enumerate(self._plan.quieting):
            self._at(one.since, partial(self._silence, number, one))
            if one.ended is not None:
                self._at(one.ended, partial(self._end_silence, number))
        for year in range(1, YEARS + 1):
            self._at(END * year // YEARS, partial(self._tell, year))
        while (following := self._following()) is not None:
            self.now = following
            while self._deeds and self._deeds[0][0] == self.now:
                heapq.heappop(self._deeds)[2]()
            if self.now % TICK == 0:
                self._tick()

    def _at(self, unit: int, deed: Callable[[], None]) -> None:
        heapq.heappush(self._deeds, (unit, next(self._order), deed))

    def _following(self) -> int | None:
        """The next unit at which something happens; None at the end."""
        found = []
        if self._deeds:
            found.append(self._deeds[0][0])
        expected = self.reference.next_tick(self.now)
        if expected is not None:
            found.append(expected)
            if self._rng.random() < LOOKS:  # at the tick before, or at any
                before = TICK * self._rng.choice((1, 1, self._rng.randint(1, 300)))
                found.append(expected - before)
        return min((unit for unit in found if unit > self.now), default=None)

    def _tell(self, year: int) -> None:
        self._progress(
            f"world {self.seed}, {START.year + year - 1}: {len(self.reference.lives)} tickets are open, "
            f"{self.said} messages were said in {self.ticks} ticks"
        )

    # --- what people do --------------------------------------------------------------------------

    def _open(self, plan: Plan) -> None:
        assignee = PEOPLE[plan.assignee]
        ticket = Ticket(
            kind=TicketKind.REMOVE_MEMBER,
            about=About.MEMBERSHIP,
            group=GroupKey("wards", plan.group.casefold()),
            group_name=plan.group,
            messenger="whatsapp",
            opened_at=self._clock(),
            clock_from=self._clock(),
            due_at=self._clock(),
            handle=f"h{plan.number}",
            person=AccountKey("corp", f"leaver-{plan.number}"),
            assignee=Assignee(
                assignee.email, assignee.name, AssigneeWhy.ADMIN, AccountKey("corp", assignee.name)
            ),
            accountable=self._app.rules.tickets.accountable,
            is_sensitive=plan.is_sensitive,
        )
        with self._store.begin() as uow:
            (stored,) = uow.tickets.insert([self._app.rules.tickets.started(ticket, self._clock())])
        life = Life(stored.id, plan.group, assignee.email, plan.is_sensitive, self.now)
        self.reference.open(life)
        for deed in plan.deeds:
            self._at(deed.at, partial(self._do, life, deed))
        self._at(plan.deeds[-1].at + TICK, partial(self.reference.forget, life))

    def _do(self, life: Life, deed: Deed) -> None:
        desk, now, span = self._app.desk, self._clock(), deed.span
        match deed.what:
            case "acknowledge":
                length = instant(span) - START if span else None
                desk.acknowledge(life.id, NURSE, now, span=length)
                self.reference.acknowledge(life, self.now, span or ACKNOWLEDGED_FOR)
            case "snooze":
                desk.snooze(life.id, NURSE, instant(span) - START, now)
                self.reference.snooze(life, self.now, span)
            case "done":
                desk.done(life.id, NURSE, now)
                self.reference.done(life, self.now)
            case "waive":
                desk.waive(life.id, NURSE, "the ward closed", now)
                self.reference.waive(life)
            case _:
                desk.reopen(life.id, NURSE, "she is still there", now)
                self.reference.reopen(life, self.now)

    def _silence(self, number: int, one: Quieting) -> None:
        groups, people = ((one.name,), ()) if one.is_group else ((), (one.name,))
        wanted = Silence(
            "", self._clock(), instant(one.until), "nurse", "a move", groups=groups, people=people
        )
        made = self._app.silencing.silence(wanted, NURSE, self._clock())
        hush = Hush(one.name if one.is_group else "", "" if one.is_group else one.name, self.now, one.until)
        self._silences[number] = (hush, made.id)
        self.reference.hush(hush)

    def _end_silence(self, number: int) -> None:
        hush, made = self._silences.pop(number)
        self._app.silencing.end(made, NURSE, self._clock())
        self.reference.end_hush(hush, self.now)

    # --- a tick ----------------------------------------------------------------------------------

    def _tick(self) -> None:
        self.ticks += 1
        expected, heard = self.reference.tick(self.now), self._jobs()
        if dict(expected) != dict(heard):
            self._break(expected, heard)
        self.held += sum(one.by is not None for one in self.reference.waiting)
        for said, whats in heard.items():
            if said.over == CLOSED_MEANWHILE:
                self.closed_meanwhile += len(whats)
            else:
                self.said += len(whats)
                self._heard |= {(said.to, what) for what in whats}

    def _jobs(self) -> Sayings:
        self._app.escalate.run_once(self._clock())
        self._app.deliver.run_once(self._clock())
        return self._ears.take()

    def _break(self, expected: Sayings, heard: Sayings) -> NoReturn:
        """Say which promise was not kept, by the first reader of whom something else was expected."""
        said = next(one for one in (*expected, *heard) if expected.get(one, []) != heard.get(one, []))
        wanted, got = expected.get(said, []), heard.get(said, [])
        at, missing, more = self._clock(), Counter(wanted) - Counter(got), Counter(got) - Counter(wanted)
        where = f"seed {self.seed}, {at:%Y-%m-%d %H:%M} UTC, {said.to.address or 'the channel'}"
        again = [one for one in more if (said.to, one) in self._heard or got.count(one) > 1]
        if again:
            raise Broken(TWICE, f"{where}: {again} came again")
        if missing and said.over == CLOSED_MEANWHILE:
            raise Broken(CLOSED, f"{where}: {list(missing)} was not named")
        if missing:
            self._miss(said, next(iter(missing)), where)
        if more:
            raise Broken(UNASKED, f"{where}: {list(more)} came, and nothing of it was due")
        raise Broken(ORDER, f"{where}: {got} came in place of {wanted}")

    def _miss(self, said: Said, what: str, where: str) -> NoReturn:
        """Wait for what did not come."""
        since = self.now
        while self.now < since + LATE_MAX:
            self.now += TICK
            if what in self._jobs().get(said, []):
                late = instant(self.now) - instant(since)
                raise Broken(LATE, f"{where}: {what} came {late} late")
        raise Broken(MISSED, f"{where}: {what} did not come")


def _facts(person: object) -> AccountFacts:
    one = next(each for each in PEOPLE if each is person)
    stated = ((COUNTRY, one.country), (TIMEZONE, one.zone))
    attributes = tuple((name, value) for name, value in stated if value)
    return AccountFacts(one.name, one.name.capitalize(), one.email, enabled=True, attributes=attributes)


def play_lives(
    seed: int, lives: int, progress: Callable[[str], None] = lambda _text: None
) -> EscalationWorld:
    """Play one world to its end. Raises Broken."""
    world = EscalationWorld(seed, lives, progress)
    try:
        world.run()
    finally:
        world.close()
    return world
