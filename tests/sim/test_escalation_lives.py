"""Ten years of tickets, held against a slow reference: nothing missed, nothing late, nothing twice, steps in order.

What is held is released at its instant, once, in order; what was closed meanwhile is dropped, and said.
"""

import sys

import pytest

from sim.conftest import LIVES
from sim.escalation_mutants import WRONGS, Wrong
from sim.escalation_world import PROMISES, Broken, EscalationWorld, play_lives

LIVES_MUTANT = 60
SEEDS_MUTANT = 6


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_step_is_said_to_whom_it_is_due_at_its_tick_and_once(
    life_world: tuple[int, int], pytestconfig: pytest.Config, capfd: pytest.CaptureFixture[str]
) -> None:
    seed, lives = life_world
    asked = pytestconfig.getoption("--lives", LIVES)

    def show(text: str) -> None:
        if asked > LIVES:
            with capfd.disabled():
                print(text, file=sys.stderr, flush=True)  # noqa: T201  a long run shows that it goes on

    try:
        world = play_lives(seed, lives, show)
    except Broken as broken:
        name = f"{lives}-lives-{seed}"
        broken.add_note(f"play it again: pytest tests/sim/test_escalation_lives.py --lives={asked} -k {name}")
        raise
    assert world.said > 3 * lives, "a world in which hardly anything is said proves nothing"
    assert world.closed_meanwhile, "nothing was closed while it was held"
    assert world.held, "nothing was held"


def broken_by(wrong: Wrong) -> Broken | None:
    first = wrong.mutant.first
    with wrong.mutant.alive():
        for seed in range(first, first + SEEDS_MUTANT):
            world = EscalationWorld(seed, LIVES_MUTANT)
            try:
                world.run()
            except Broken as broken:
                return broken
            finally:
                world.close()
    return None


@pytest.mark.parametrize("wrong", WRONGS, ids=lambda wrong: wrong.mutant.name)
def test_a_broken_escalation_is_found_out(wrong: Wrong) -> None:
    broken = broken_by(wrong)
    assert broken is not None, f"{wrong.mutant.name} lived through {SEEDS_MUTANT} worlds"
    assert broken.promise in wrong.promises, str(broken)


def test_every_promise_has_a_mutant() -> None:
    assert {promise for wrong in WRONGS for promise in wrong.promises} == set(PROMISES)
