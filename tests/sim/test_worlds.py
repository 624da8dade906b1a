"""Whole companies, two weeks each: crashes, lies and people included, and the invariants all the time."""

import pytest

from sim.world import CRASHES_MIN, play


@pytest.mark.timeout(300)
def test_the_invariants_hold_in_every_world(seed: int) -> None:
    world = play(seed)
    assert world.log.tickets, "a world without a ticket proves nothing"
    assert world.crashes > CRASHES_MIN, "the process hardly ever died"


def test_a_seed_is_one_world_and_always_the_same() -> None:
    first, second = play(3, days=3), play(3, days=3)
    assert first.log.effects == second.log.effects
    assert first.boundary.places == second.boundary.places
