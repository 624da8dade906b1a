"""Three scripted days in a firm of sixteen: a leaver, a sole admin, a creator, a guest, a false claim, a held plan.

Whoever acts, acts at a fixed time on a fixed ticket, and tries again at once when the process died; so the end
has to be the same wherever it dies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar

from sim.company import FILE, LIVE, LOOKED_UP, REGISTER, Human
from sim.effects import Seen
from sim.seeded import settings_of
from sim.world import HOUR, START, World
from worker.app.jobs.deliver import RESERVED_LIFE
from worker.app.refused import Refused
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import Paragraph
from worker.domain.model import Role
from worker.domain.tickets.ticket import TicketKind

TICK, CYCLES = 8 * HOUR, 9
ORDER = ("poll", "inventory", "reconcile", "verify", "escalate", "deliver")


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that may be seen at the end, without the times and numbers that a retry may change."""

    tickets: dict[Any, Any]
    steps: Counter[Any]
    seen: Counter[tuple[str, Paragraph]]
    plans: list[Any]
    journal: Counter[Any]
    copies: Counter[Any]


@dataclass(frozen=True, slots=True)
class Death:
    """The process dies at the same boundary of each run of one job (or `desk`).

    Of deliveries only in every other cycle: what it had claimed is sent in the next one.
    """

    job: str
    boundary: int
    cycles: tuple[int, ...] = (0, 1)  # even ones, odd ones


class Scenario(World):
    """`death` None: a life without a crash. `boundaries`: the most that a job passed, by job. `changes`: sections."""

    jobs: ClassVar[tuple[str, ...]] = ORDER  # of one cycle, ten minutes apart
    cycles: ClassVar[int] = CYCLES

    def __init__(self, death: Death | None = None, **changes: Any) -> None:
        days = self.cycles * TICK / timedelta(days=1)
        super().__init__(0, days=days, settings=settings_of(0, guard={"leavers_max": 2}, **changes))
        self.log.listeners.remove(self.office._notice)  # nobody acts but by the script
        self.death = death
        self.boundaries: Counter[str] = Counter()

    def _found(self) -> None:
        company = self.company
        self.people: list[Human] = [company.hire(FILE if at % 4 == 3 else LOOKED_UP) for at in range(16)]
        one = self.people
        company.open_room(REGISTER, "Nights", one[0:7], 1, None)
        company.open_room(REGISTER, "Kitchen", one[2:10], 2, None)
        company.open_room(LIVE, "Porters", [*one[8:15], company.outsider()], 1, None)
        for room, role in zip(company.rooms.values(), (Role.ADMIN, Role.CREATOR, Role.ADMIN), strict=True):
            next(iter(room.seats.values())).role = role
        self.nights, self.kitchen, self.porters = company.rooms.values()

    def _plan_crash(self) -> None:
        """It dies once, where it was told to."""

    def _interrupt(self, name: str) -> None:
        """Nobody else is at work."""

    def _schedule(self) -> None:
        for tick in range(self.cycles):
            for at, job in enumerate(self.jobs):
                when = START + tick * TICK + at * timedelta(minutes=10)
                self.at(when, lambda job=job, n=tick: self.persist(lambda: self.job(job), job, n))  # type: ignore[misc]
        for number, (hours, deed) in enumerate(self._script()):
            when = START + timedelta(hours=hours)
            self.at(when, lambda deed=deed, n=number: self.persist(deed, "desk", n))  # type: ignore[misc]

    def persist(self, deed: Callable[[], None], job: str, number: int) -> None:
        """Do it, and once more at once if the process died of it; of deliveries, once what it had reserved is free."""
        crashes, begin, death = self.crashes, self.boundary.count, self.death
        is_time = self.clock.now < self.ends_at - TICK  # what it died of in the last cycle has none to follow
        if death is not None and death.job == job and number % 2 in death.cycles and is_time:
            self.boundary.die_at = begin + death.boundary
        self.careful(deed)
        self.boundary.die_at = None
        self.boundaries[job] = max(self.boundaries[job], self.boundary.count - begin)
        if self.crashes > crashes:
            self.clock.now += RESERVED_LIFE if job == "deliver" else timedelta(0)
            self.careful(deed)

    def _script(self) -> tuple[tuple[float, Callable[[], None]], ...]:
        change, one = self.company.change, self.people
        left = {"enabled": False}
        return (
            (7, lambda: change(one[0].accounts[0], **left)),  # the only admin of Nights
            (7, lambda: change(one[5].accounts[0], **left)),  # Nights and Kitchen
            (13, lambda: self._claim(one[5], self.nights.key.group_id)),  # a lie
            (15, self.inventories[REGISTER].write),  # which contradicts it
            (20, self._promote),
            (21, lambda: self._claim(None, self.nights.key.group_id)),
            (22, lambda: self._leave(one[5])),
            (23, self.inventories[REGISTER].write),
            (30, lambda: [change(human.accounts[0], **left) for human in (one[2], one[9], one[10], one[12])]),  # type: ignore[return-value]
            (45, self._release),
            (46, lambda: change(one[5].accounts[0], enabled=True)),
            (54, lambda: change(one[10].accounts[0], enabled=True)),
            (47, self.inventories[REGISTER].write),
        )

    def _promote(self) -> None:
        self.nights.seats[self.people[1].phone].role = Role.ADMIN

    def _leave(self, human: Human) -> None:
        for room, seat in self.company.rooms_of(human):
            room.seats.pop(seat.handle, None)

    def _claim(self, human: Human | None, group: str) -> None:
        """Say that the removal of a human (None: the reassignment) in a group is done."""
        kind = TicketKind.REMOVE_MEMBER if human else TicketKind.REASSIGN_ADMIN
        handle = human.phone if human else ""
        for ticket in self.log.tickets.values():
            if (ticket.kind, ticket.handle, ticket.home.group_id) == (kind, handle, group):
                self._try(lambda number=ticket.id: self.app.desk.done(number, Actor("nurse"), self.clock.now))  # type: ignore[misc]

    def _release(self) -> None:
        with self.store.begin() as uow:
            plans = uow.episodes.plans()
        for plan in plans:
            self._try(
                lambda number=plan.id: self.app.approvals.decide(  # type: ignore[misc]
                    number, [], Actor("approver"), "asked HR", self.clock.now, release=True
                )
            )

    def _try(self, deed: Callable[[], object]) -> None:
        try:
            deed()
        except Refused:
            self.office.refused += 1  # done already, before the process died

    def _finish(self) -> None:
        """The checks of the end need a world without a script; the outcome is compared instead."""

    def outcome(self) -> Outcome:
        with self.store.begin() as uow:
            known = {t.id: (t.kind, t.home, t.handle, t.occasion) for t in self.log.tickets.values()}
            steps = Counter(
                (known[number], taken.step, taken.repeat, taken.at)
                for number in known
                for taken, _, _ in uow.tickets.steps(number)
            )
            plans = [
                (p.source, p.why, [(c.cause, c.state, len(c.people)) for c in p.cohorts])
                for p in uow.episodes.plans()
            ]
            journal = Counter((s.entry.kind, s.entry.subject, s.entry.actor) for s in uow.journal.chain())
        seen = Counter(
            (effect.message.to.address, replace(paragraph, ticket=""))  # delivering names the ticket
            for effect in self.log.effects
            if isinstance(effect, Seen)
            for paragraph in effect.message.paragraphs
        )
        tickets = {
            known[t.id]: (t.state, t.reopened, t.grade, t.done_by, t.blocked_by, t.assignee, t.reason)
            for t in self.log.tickets.values()
        }
        return Outcome(tickets, steps, seen, plans, journal, self._copies())

    def _copies(self) -> Counter[Any]:
        """What there is in the tracker, and what was told of it."""
        return Counter()


def play_scenario(death: Death | None = None, kind: type[Scenario] = Scenario) -> tuple[Outcome, Scenario]:
    """The outcome, and the scenario to ask for what it took."""
    scenario = kind(death)
    try:
        scenario.run()
        return scenario.outcome(), scenario
    finally:
        scenario.close()
