"""Two processes and one database: the paused one finds its lease taken over, and writes nothing more."""

import random
from datetime import timedelta

import pytest

from sim.effects import Effect, Seen
from sim.world import World
from worker.ports.state.leases import Lease, LeaseLost
from worker.running.app import App

LEASE = timedelta(seconds=30)
PAUSE = timedelta(minutes=2)  # longer than a lease, shorter than the claim of a delivery
PAUSED_JOBS = 0.2


class TwoProcesses(World):
    """Jobs alternate between two processes under leases; now and then one sleeps in the middle of a job."""

    def __init__(self, seed: int, *, days: int) -> None:
        super().__init__(seed, days=days)
        self.processes: tuple[App, App] = (self.app, self._start())
        self.takeovers = 0
        self.fences: list[Lease] = []
        self._draw = random.Random(f"{seed}/pauses")
        self._turn = 0

    def _plan_crash(self) -> None:
        """Nobody dies here: a pause is worse."""

    def _interrupt(self, name: str) -> None:
        """Other processes take over here, and do nothing in between."""

    def job(self, name: str, lease: Lease | None = None) -> None:
        self._turn = 1 - self._turn
        mine = self._acquire(name, self._turn)
        assert mine is not None, "the job's lease ran out long ago"
        if self._draw.random() < PAUSED_JOBS:
            self._fall_asleep(name)
        self.app = self.processes[self._turn]
        try:
            super().job(name, mine)
        except LeaseLost:
            self._woke_up_too_late()
        self.boundary.pause = None

    def _acquire(self, name: str, process: int) -> Lease | None:
        lease = self.store.leases.acquire(name, f"process {process}", self.clock.now, LEASE)
        if lease is not None:
            self.fences.append(lease)
        return lease

    def _fall_asleep(self, name: str) -> None:
        """At one of the next boundaries the other process takes the job over and does the whole of it."""
        countdown = self._draw.randint(1, 6)
        sleeper = self._turn

        def pause(_place: str) -> None:
            nonlocal countdown
            countdown -= 1
            if countdown:
                return
            self.boundary.pause = None
            other = 1 - sleeper
            assert self._acquire(name, other) is None, "a lease is one process's own while it lasts"
            self.settle(name, is_alive=False)  # what the sleeper had committed counts
            self.clock.now += PAUSE
            theirs = self._acquire(name, other)
            assert theirs is not None
            self.app = self.processes[other]
            super(TwoProcesses, self).job(name, theirs)
            self.takeovers += 1
            self.log.listeners.append(self._refuse)

        self.boundary.pause = pause

    def _refuse(self, effect: Effect) -> None:
        assert isinstance(effect, Seen), "the process whose lease was taken over still wrote something"

    def _woke_up_too_late(self) -> None:
        self.log.listeners.remove(self._refuse)


@pytest.mark.parametrize("number", range(3))
def test_a_paused_process_writes_nothing_after_its_lease_was_taken_over(number: int) -> None:
    world = TwoProcesses(100 + number, days=9)
    try:
        world.run()
    finally:
        world.close()
    assert world.takeovers > 10
    assert world._refuse not in world.log.listeners, "a process went on as if nothing had happened"


def test_the_fence_grows_with_every_change_of_hands() -> None:
    world = TwoProcesses(100, days=4)
    try:
        world.run()
    finally:
        world.close()
    by_job: dict[str, list[Lease]] = {}
    for lease in world.fences:
        by_job.setdefault(lease.job, []).append(lease)
    for leases in by_job.values():
        fences = [lease.fence for lease in leases]
        assert fences == sorted(set(fences)), "two tenures share a fence"
