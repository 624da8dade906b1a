"""How many worlds are played: `--seeds=N` (6 unless told), one test each, so that xdist spreads them.

Coverage does not look: the unit tests alone have to reach everything, and worlds take half as long again with it.
"""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
SEEDS = 6


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeds", type=int, default=SEEDS, help="how many simulated worlds are played")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker("no_cover")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    # In a run of everything this file is read too late to add an option, and its default counts
    if "seed" in metafunc.fixturenames:
        seeds = range(metafunc.config.getoption("--seeds", SEEDS))
        metafunc.parametrize("seed", seeds, ids=[f"seed-{seed}" for seed in seeds])
