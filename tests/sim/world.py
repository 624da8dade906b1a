"""A whole company with the worker in it, on a fake clock: one seed, one world.

The driver pops the next thing that is due (a job, an event, a deed, a fault) and moves the clock there. A
process that crashes is built again over the same database. No threads, no wall clock, no sleeping.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from chains import first_broken
from memory import memory_engine
from sim.company import FILE, LIVE, LOOKED_UP, REGISTER, Book, Company, Room, found_company
from sim.controls import ControlledOffice, Drift
from sim.deadlines import Deadlines
from sim.effects import Boundary, Crash, EffectLog, SimNotifier, SimStore
from sim.events import Life, Mass
from sim.faults import Faults
from sim.invariants import Broken, Invariants
from sim.marks import unmarked
from sim.seeded import is_business, placed_by, settings_of
from sim.sources import SimDirectory, SimInventory
from sim.tracker import DESK, SimTracker
from sim.tracker_people import TrackerPeople
from worker.app.jobs.report import Report
from worker.app.jobs.table import JOBS
from worker.ports import Port
from worker.ports.state.leases import Lease
from worker.ports.state.store import Store
from worker.running.app import App
from worker.running.connecting import Connectors
from worker.running.database import open_store
from worker.running.wiring import build_app
from worker.settings import Settings

START = datetime(2026, 10, 12, 6, tzinfo=UTC)  # summer time ends in the second week
DAYS = 14
PEOPLE, GROUPS = 160, 20
# The first worlds: with machines, controls, business time, and both rules for several directories
REPLAYED = 4
CALM_DAYS = 3  # at the end nothing new goes wrong, so that everything has to settle
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

DECIDING, READING = 5 * MINUTE, 10 * MINUTE  # from the beginning of a job to that of the next
FULL_AT = 0  # the nightly pass, o'clock UTC
CRASH_EVERY = 250  # boundaries, on average
CRASHES_MIN = 5  # with fewer, hardly anything was interrupted
# What another process does between two transactions of a job that decides
READS = tuple(name for name, job in JOBS.items() if job.reads is not None)
THEIRS = "people in the tracker"
MEANWHILE = {
    "mirror": ("reconcile", "verify", THEIRS),
    "reconcile": ("mirror",),
    "controls": ("mirror",),
    "remediate": ("mirror",),
}
INTERRUPTED_JOBS = 0.5
HELD = frozenset(range(1, 20))  # the invariants that a world holds to
EVENTS_A_DAY = 7
HAVE_ACCOUNTS = 0.7  # of the people, in the tracker
CHAT_TAKES, MAIL_TAKES = 5, 3  # paragraphs that one message shows


class Clock:
    """The only time there is."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class World:
    """Everything of one seed. `only`: the invariants that are held; a mutant is judged by its own."""

    def __init__(
        self,
        seed: int,
        *,
        days: float = DAYS,
        settings: Settings | None = None,
        only: frozenset[int] = HELD,
    ) -> None:
        self.seed = seed
        self.clock = Clock()
        self.ends_at = START + timedelta(days=days)
        self.log = EffectLog()
        self.boundary = Boundary()
        self.crashes = 0
        self.died: list[tuple[str, datetime]] = []  # in which job, and when
        self.placed = placed_by(seed)
        self.settings = settings or settings_of(seed)
        self.rule = self.settings.leaver.accounts
        self._queue: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()
        self._engine = memory_engine()
        self.store = open_store(self.settings, self._engine)
        with self.store.begin() as uow:
            uow.access.key(f"{seed:064x}")  # a random one would make two plays of a seed differ
        self._build_sources()
        self._found()
        self.drift = Drift(self._rng("drift"), self.company) if self.settings.controls.profile else None
        self.tracker = self._build_tracker()
        self.directories[FILE].export()
        self.inventories[REGISTER].write()
        self.app = self._start()
        self.office = ControlledOffice(
            self._rng("office"),
            self._rng("answers"),
            self.company,
            self.log,
            lambda: self.app,
            self.at,
            self._told_at,
        )
        self.life = Life(self._rng("life"), self.company, self.at)
        self.invariants = Invariants(self, Deadlines(business=is_business(seed)), self.clock, only)
        self.inventories[LIVE].machine = self.invariants.machine.acts
        self.inventories[LIVE].pass_ = self.boundary.pass_
        self.trackers_people = self._employ(self.tracker) if self.tracker else None
        self.faults = Faults(self._rng("faults"), self)
        self._crash_rng = self._rng("crashes")
        self._interruptions = self._rng("interruptions")
        self._is_first_read_late = seed % 3 == 2
        self.interruptions = 0

    def close(self) -> None:
        """Forget the database."""
        self._engine.dispose()

    def _found(self) -> None:
        found_company(self.company, people=PEOPLE, groups=GROUPS)

    def _rng(self, purpose: str) -> random.Random:
        return random.Random(f"{self.seed}/{purpose}")

    def _build_sources(self) -> None:
        self.directories = {
            LOOKED_UP: SimDirectory(LOOKED_UP, self.clock, is_file=False),
            FILE: SimDirectory(FILE, self.clock, is_file=True),
        }
        books = {name: Book(one.write, one.strike) for name, one in self.directories.items()}
        self.company = Company(self._rng("company"), books, self.clock)
        self.inventories = {
            REGISTER: SimInventory(REGISTER, self.company, is_register=True),
            LIVE: SimInventory(LIVE, self.company, is_register=False),
        }
        self.notifiers = {
            "chat": SimNotifier("chat", self.log, self.clock, self.boundary, capacity=CHAT_TAKES),
            "mail": SimNotifier(
                "mail",
                self.log,
                self.clock,
                self.boundary,
                has_channel=False,
                can_find=False,
                capacity=MAIL_TAKES,
            ),
        }

    def _build_tracker(self) -> SimTracker | None:
        if not self.settings.trackers:
            return None
        rng = self._rng("tracker")
        tracker = SimTracker(rng, self.clock, self.boundary, self.at)
        tracker.people = {human.email for human in self.company.humans if rng.random() < HAVE_ACCOUNTS}
        return tracker

    def _employ(self, tracker: SimTracker) -> TrackerPeople:
        return TrackerPeople(
            self._rng("people in the tracker"),
            self.company,
            self.log,
            tracker,
            self.office,
            lambda: self.app,
            self.at,
            self.invariants.copies,
        )

    def _start(self) -> App:
        """A process: new use cases over the database as it is."""
        store: Store = SimStore(self.store, self.log, self.clock, self.boundary)
        connectors = Connectors(
            tuple(self.directories.values()),
            tuple(self.inventories.values()),
            tuple(self.notifiers.values()),
            trackers=(self.tracker,) if self.tracker else (),
        ).guarded()
        return build_app(self.settings, store, connectors, self.clock)

    # --- what the invariants and the office see ----------------------------------------------------

    @property
    def masses(self) -> list[Mass]:
        return self.life.masses

    @property
    def last_admins_removed(self) -> list[str]:
        return self.office.last_admins_removed

    def problem_of(self, ticket: int) -> str:
        """What the worker says is wrong with the copy of a ticket."""
        with self.store.reading() as uow:
            copy = uow.mirrors.find(DESK, ticket)
        return copy.problem if copy else ""

    def _told_at(self, room: Room) -> datetime | None:
        roster = self.inventories[room.source].acted_upon.get(room.key)
        return roster.taken_at if roster else None

    # --- the driver ------------------------------------------------------------------------------

    def at(self, when: datetime, deed: Callable[[], None]) -> None:
        """Schedule something; it is dropped when it would come after the end."""
        if when <= self.ends_at:
            heapq.heappush(self._queue, (when, next(self._order), deed))

    def run(self) -> None:
        """Play the world to its end. Raises Broken at the first invariant that does not hold."""
        self._schedule()
        while self._queue:
            self.clock.now, _, deed = heapq.heappop(self._queue)
            self.careful(deed)
            self._raise_broken()
        self._finish()
        self._raise_broken()

    def _raise_broken(self) -> None:
        if self.invariants.broken:
            raise self.invariants.broken[0]

    def careful(self, deed: Callable[[], None]) -> bool:
        """Do something that may kill the process; a dead one is started again. Whether it lived."""
        try:
            deed()
        except Crash:
            self.crashes += 1
            self.app = self._start()
            self._plan_crash()
            return False
        return True

    def _plan_crash(self) -> None:
        if self.clock.now < self.ends_at - timedelta(days=CALM_DAYS):
            self.boundary.die_at = self.boundary.count + self._crash_rng.randint(1, 2 * CRASH_EVERY)

    def _schedule(self) -> None:
        begins_at = START
        for name, job in JOBS.items():
            self._again(begins_at, self._every(name), lambda name=name: self.job(name))  # type: ignore[misc]
            begins_at += DECIDING if job.reads is None else READING
        self._again(START + 20 * HOUR, 24 * HOUR, self.directories[FILE].export)
        self._again(START + 5 * MINUTE, 11 * HOUR, self.inventories[REGISTER].write)
        rng = self._rng("schedule")
        calm_from = self.ends_at - timedelta(days=CALM_DAYS)
        begin = START + 3 * HOUR
        hours = int((calm_from - begin) / HOUR)
        for _ in range(EVENTS_A_DAY * hours // 24):
            self.at(begin + timedelta(hours=rng.uniform(0, hours)), self.life.something)
        for is_true in rng.choice(((True,), (False,), (True, False))):
            at = begin + timedelta(hours=rng.uniform(24, hours * 0.7))
            self.at(at, lambda is_true=is_true: self.life.mass(is_true=is_true))  # type: ignore[misc]
        self.faults.schedule(begin, calm_from)
        if self.drift is not None:
            self.drift.schedule(self.at, begin, calm_from)
        if self.trackers_people is not None:
            self.trackers_people.schedule(begin, calm_from)
        self._plan_crash()

    def _every(self, job: str) -> timedelta:
        is_slow = JOBS[job].reads is Port.INVENTORY or job == "controls"
        return 12 * HOUR if is_slow else 6 * HOUR

    def _again(self, when: datetime, every: timedelta, deed: Callable[[], None]) -> None:
        def do() -> None:
            self._again(self.clock.now + every, every, deed)
            deed()

        self.at(when, do)

    # --- jobs ------------------------------------------------------------------------------------

    def job(self, name: str, lease: Lease | None = None) -> None:
        """Run one job once, and hold its effects against the invariants when it came to its end."""
        if name == "poll" and self._is_first_read_late:
            return  # it ends while the first reconcile is at work
        if name not in READS and self.boundary.pause is None:
            self._interrupt(name)
        is_full = self.clock.now.hour == FULL_AT
        reports: list[Report] = []
        is_alive = self.careful(lambda: reports.append(self._run(name, lease, is_full=is_full)))
        if name not in READS:
            self.boundary.pause = None
        if not is_alive:
            self.died.append((name, self.clock.now))
        self.settle(name, is_alive=is_alive)
        if is_alive:
            self.invariants.after(name)
            self.invariants.leavers_are_marked(unmarked(self._engine))

    def _interrupt(self, name: str) -> None:
        """Now and then another process reads a source between two transactions of this job, or does another job."""
        is_first = name == "reconcile" and self._is_first_read_late
        if not is_first and self._interruptions.random() > INTERRUPTED_JOBS:
            return
        countdown = self._interruptions.randint(1, 4)
        is_poll = is_first or name == "verify" or self._is_short()
        other = "poll" if is_poll else self._interruptions.choice(self._others(name))

        def pause(_place: str) -> None:
            nonlocal countdown
            countdown -= 1
            if countdown:
                return
            self.boundary.pause = None
            self._is_first_read_late = False
            self.interruptions += 1
            if other != THEIRS:
                self.job(other)
            elif self.trackers_people is not None:
                with self.invariants.at_work(THEIRS):
                    self.trackers_people.something()

        self.boundary.pause = pause

    def _others(self, job: str) -> Sequence[str]:
        """What may be done meanwhile; no job twice at once, which its lease would see to."""
        if self.tracker is None:
            return READS
        others = MEANWHILE.get(job, ())
        return (*READS, *(one for one in others if one not in self.invariants.jobs_at_work))

    def _is_short(self) -> bool:
        """Whether a roster is short, which is to be read once: the second time it would be believed."""
        return any(one.lie is not None and one.lie.kind == "shrunken" for one in self.inventories.values())

    def _run(self, name: str, lease: Lease | None, *, is_full: bool) -> Report:
        with self.invariants.at_work(name):
            return JOBS[name].run(self.app.use_cases, self.clock.now, lease, full=is_full)

    def settle(self, name: str, *, is_alive: bool) -> None:
        """Find out which reads the worker believed, by what it says of their source."""
        if name == "reconcile" and is_alive:
            for inventory in self.inventories.values():
                inventory.acted_upon = inventory.believed
        if name not in READS:
            return
        with self.store.begin() as uow:
            for directory in self.directories.values() if name == "poll" else ():
                state = uow.sources.get(directory.name, Port.DIRECTORY)
                is_read = state.last_success_at == self.clock.now  # red, too, after full passes that failed
                is_applied = not directory.said_everybody or state.last_full_at == self.clock.now
                directory.settle(is_ok=is_read and is_applied and state.cursor == directory.said_cursor)
                self.invariants.source_has_an_age(directory, state.taken_at)
            for inventory in self.inventories.values() if name == "inventory" else ():
                state = uow.sources.get(inventory.name, Port.INVENTORY)
                is_read = state.trouble is None and state.last_success_at == self.clock.now
                inventory.settle(is_ok=is_read, now=self.clock.now)

    def _finish(self) -> None:
        with self.store.begin() as uow:
            self.invariants.journal_is_whole(first_broken(uow.journal.chain()))
        self.invariants.messages.nothing_is_lost(self.ends_at - timedelta(hours=50))


def play(seed: int, **changes: Any) -> World:
    """Play one seed; a broken invariant says how to play it again."""
    world = World(seed, **changes)
    try:
        world.run()
    except Broken as broken:
        replay = f'.venv/bin/pytest tests/sim/test_worlds.py -k "seed-{seed}]" --seeds={seed + 1}'
        broken.add_note(f"seed {seed}; play it again: {replay}")
        raise
    finally:
        world.close()
    return world
