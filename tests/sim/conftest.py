"""How much is played. `--seeds=N` (12 unless told): worlds, one test each, so that xdist spreads them.

The first of them are played in test_replay, which needs them, too.

`--lives=N` (100 unless told): tickets whose escalation is played for ten years, a test for each thousand or less.
"""

import pytest

from sim.world import REPLAYED

SEEDS = 12
LIVES, LIVES_A_WORLD, LIFE_WORLDS_MIN = 100, 1000, 2


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeds", type=int, default=SEEDS, help="how many simulated worlds are played")
    parser.addoption("--lives", type=int, default=LIVES, help="how many tickets' escalations are played")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    # In a run of everything this file is read too late to add an option, and its default counts
    if "seed" in metafunc.fixturenames:
        seeds = range(REPLAYED, metafunc.config.getoption("--seeds", SEEDS))
        metafunc.parametrize("seed", seeds, ids=[f"seed-{seed}" for seed in seeds])
    if "life_world" in metafunc.fixturenames:
        lives = metafunc.config.getoption("--lives", LIVES)
        worlds = max(LIFE_WORLDS_MIN, -(-lives // LIVES_A_WORLD))
        shares = [(seed, lives // worlds + (seed < lives % worlds)) for seed in range(worlds)]
        metafunc.parametrize("life_world", shares, ids=[f"{lives}-lives-{seed}" for seed, lives in shares])
