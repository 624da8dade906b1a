"""How many worlds are played: `--seeds=N` (20 unless told), one test each, so that xdist spreads them."""

import pytest

SEEDS = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeds", type=int, default=SEEDS, help="how many simulated worlds are played")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    # In a run of everything this file is read too late to add an option, and its default counts
    if "seed" in metafunc.fixturenames:
        seeds = range(metafunc.config.getoption("--seeds", SEEDS))
        metafunc.parametrize("seed", seeds, ids=[f"seed-{seed}" for seed in seeds])
