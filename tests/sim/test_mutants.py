"""Each invariant can fail: a worker that is broken in its point is found out within a few worlds."""

import pytest

from sim.breaking import Mutant
from sim.invariants import Broken
from sim.mutants import MUTANTS, NEITHER
from sim.seeded import settings_of
from sim.tracker_mutants import TRACKER_MUTANTS
from sim.tracker_world import TrackerWorld
from sim.world import HELD, World

SEEDS = 8
ALL = (*MUTANTS, *TRACKER_MUTANTS)


def world_of(mutant: Mutant, seed: int) -> World:
    only = frozenset({mutant.number})
    if mutant in TRACKER_MUTANTS:
        return TrackerWorld(seed, days=mutant.days, only=only, **mutant.settings)
    settings = settings_of(seed, **{**NEITHER, **mutant.settings})
    return World(seed, days=mutant.days, settings=settings, only=only)


def first_broken(mutant: Mutant) -> Broken | None:
    with mutant.alive():
        for seed in range(mutant.first, mutant.first + SEEDS):
            world = world_of(mutant, seed)
            try:
                world.run()
            except Broken as broken:
                return broken
            finally:
                world.close()
    return None


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: f"{mutant.number}-{mutant.name}")
def test_a_broken_worker_is_found_out(mutant: Mutant) -> None:
    broken = first_broken(mutant)
    assert broken is not None, f"{mutant.name} lived through {SEEDS} worlds"
    assert broken.number == mutant.number


def test_every_invariant_has_a_mutant() -> None:
    assert {mutant.number for mutant in ALL} == HELD
