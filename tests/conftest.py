"""Fixtures for every test: a PostgreSQL database of its own, and the vendors' published contracts.

Coverage looks at the tests that have to reach every branch of the core, and not at those marked as slow: elsewhere it
would make each line half as dear again, and prove nothing.
"""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest
from pytest_cov.engine import CovController

import postgres
from throwaway import missing

pytest_plugins = ("ad_fixtures", "templates")

HERE = Path(__file__).parent
COUNTED = tuple(HERE / "unit" / name for name in ("app", "desk", "domain"))

pytest.register_assert_rewrite("contracts")

hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def _is_counted(item: pytest.Item) -> bool:
    is_slow = item.get_closest_marker("slow") is not None
    return not is_slow and any(folder in item.path.parents for folder in COUNTED)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    plugin = item.config.pluginmanager.getplugin("_cov")
    coverage: CovController | None = getattr(plugin, "cov_controller", None)
    if coverage is None or _is_counted(item):
        return (yield)
    coverage.pause()
    try:
        return (yield)
    finally:
        coverage.resume()


@pytest.fixture(scope="session")
def _postgres_server() -> Iterator[postgres.Server | str]:
    """One server for each test process, started by the first test that asks; or why there is none."""
    try:
        with postgres.running_server() as server:
            yield server
    except postgres.Absent as absent:
        yield str(absent)


@pytest.fixture
def postgres_url(_postgres_server: postgres.Server | str) -> Iterator[str]:
    """Yield the address of an empty PostgreSQL database, dropped after the test."""
    if isinstance(_postgres_server, str):
        missing(_postgres_server)
    with _postgres_server.database() as url:
        yield url


@pytest.fixture
def migrated_postgres_url(_postgres_server: postgres.Server | str, migrated_database: str) -> Iterator[str]:
    """Yield the address of a PostgreSQL database with this release's tables, dropped after the test."""
    assert not isinstance(_postgres_server, str)
    with _postgres_server.database(migrated_database) as url:
        yield url


@pytest.fixture(scope="session")
def contract_data() -> Path:
    """Return the folder of the vendors' published API descriptions (WHOSLEFT_CONTRACT_DATA), or skip."""
    name = os.environ.get("WHOSLEFT_CONTRACT_DATA")
    if not name:
        pytest.skip(
            "WHOSLEFT_CONTRACT_DATA names no folder of published API descriptions, so none is compared"
        )
    folder = Path(name)
    if not folder.is_dir():
        pytest.fail(f"WHOSLEFT_CONTRACT_DATA is {name!r}, which is not a folder")
    return folder
