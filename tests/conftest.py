"""Fixtures for every test: a PostgreSQL database of its own, and the vendors' published contracts."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import hypothesis
import pytest

import postgres

pytest.register_assert_rewrite("contracts")

IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}

hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def _missing(reason: str) -> NoReturn:
    """Fail where everything must run, skip with the reason elsewhere."""
    if IN_CI:
        pytest.fail(f"{reason}, and CI runs every test")
    pytest.skip(reason)


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
        _missing(_postgres_server)
    with _postgres_server.database() as url:
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
