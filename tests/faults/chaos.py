"""Faults as they come: one after the other, many at a bad moment, and all of them over at `end`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from random import Random

from psycopg.errors import LockNotAvailable

from faults.replicas import LEASE_S, STOP_MAX_S, Replica
from faults.waiting import pause
from faults.world import World
from worker.ops.clock import system_now

MOMENT_S_MAX = 0.7  # between two faults: the jobs run every second
MOMENT_S = (0.2, 1.2)  # a bad one
SHORT_S, LONG_S = 1.0, LEASE_S + 2.5  # times that every lease outlives, and that none does
TABLES = ("ticket", "outbox", "delivery", "job", "lease", "journal", "person", "source")


class Chaos:
    """Draws what happens next. The company lives on meanwhile, and its admins do their work."""

    def __init__(self, world: World, draw: Random) -> None:
        self._world = world
        self._draw = draw
        self._is_full = False
        self._faults: dict[str, Callable[[], None]] = {
            "killed": self._kill,
            "paused": self._pause,
            "cut off silently": self._silence,
            "reset": self._reset,
            "asked to stop": self._stop,
            "database restarted": lambda: self._restart("fast"),
            "database killed": lambda: self._restart("immediate"),
            "disk full": self._full_disk,
        }
        self._weights = (5, 5, 3, 3, 2, 1, 1, 1)

    def strike(self) -> str:
        """Let something happen in the company, and something break; says what."""
        draw = self._draw
        self._world.town.live_on(draw)
        if draw.random() < 0.6:
            self._world.channels.disturb(draw)
        pause(draw.uniform(0, MOMENT_S_MAX))
        if draw.random() < 0.5 and not self._is_full:
            self._world.do_the_work(draw)
        self._world.clicks.some(draw)
        [name] = draw.choices(list(self._faults), self._weights)
        is_of_database = name.startswith(("database", "disk"))
        with nullcontext() if is_of_database or self._is_full else self._bad_moment():
            self._faults[name]()
        return name

    def end(self) -> None:
        """Everything is mended, before or after the leases have run out."""
        pause(self._draw.choice((SHORT_S, LONG_S)))
        if self._is_full:
            self._world.cluster.free()
            self._is_full = False
        self._world.heal()
        self._world.reconnect()

    @contextmanager
    def _bad_moment(self) -> Iterator[None]:
        """When everybody waits for the turn, or somebody has come to a table in the middle of a transaction; or not."""
        draw = self._draw
        moments = (nullcontext, self._world.turn, lambda: self._world.locked(draw.choice(TABLES)))
        with ExitStack() as stack:
            with suppress(LockNotAvailable):  # nobody is left to end the session of who has it, and sleeps
                stack.enter_context(draw.choice(moments)())
            self._world.clicks.some(draw)
            pause(draw.uniform(*MOMENT_S))
            yield

    def _victim(self) -> Replica:
        """Somebody in the middle of something, if anybody is."""
        waiting = [] if self._is_full else self._world.waiting()
        return self._draw.choice(waiting or self._world.fleet.replicas)

    # --- faults ----------------------------------------------------------------------------------

    def _kill(self) -> None:
        if (victim := self._victim()).is_running:
            victim.kill()

    def _pause(self) -> None:
        if (victim := self._victim()).is_running:
            victim.pause()

    def _silence(self) -> None:
        self._victim().proxy.freeze()

    def _reset(self) -> None:
        self._victim().proxy.cut_after(self._draw.choice((0, 100, 5_000)), reset=True)

    def _stop(self) -> None:
        if (victim := self._victim()).is_running:
            asked_at = system_now()
            assert victim.end() == 0
            assert (system_now() - asked_at).total_seconds() < STOP_MAX_S

    def _restart(self, mode: str) -> None:
        if not self._is_full:
            self._world.cluster.restart(mode)
            self._world.reconnect()

    def _full_disk(self) -> None:
        if not self._is_full and not self._world.cluster.lacks_disk:
            self._world.cluster.fill()
            self._is_full = True
