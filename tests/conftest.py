"""Fixtures for every test: a PostgreSQL database of its own, servers that tests share, published contracts."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

import postgres
import redmine
import request_tracker
import roundup_server as roundup
import synapse
from throwaway import missing

pytest_plugins = ("ad_fixtures", "one_loop", "gate", "nearest", "templates")

pytest.register_assert_rewrite("contracts")

hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, max_examples=40)
hypothesis.settings.register_profile("quick", derandomize=True, deadline=None, max_examples=10)
hypothesis.settings.register_profile("search", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


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
def _synapse_server() -> Iterator[synapse.Synapse | str]:
    try:
        with synapse.running_synapse() as server:
            yield server
    except synapse.Absent as absent:
        yield str(absent)


@pytest.fixture
def synapse_server(_synapse_server: synapse.Synapse | str) -> synapse.Synapse:
    """Return the Matrix server that the tests of this process share: each makes its own people and rooms."""
    if isinstance(_synapse_server, str):
        missing(_synapse_server)
    return _synapse_server


@pytest.fixture
def fresh_synapse() -> Iterator[synapse.Synapse]:
    """Yield a Matrix server of the test's own, with no rooms; it takes a second."""
    try:
        with synapse.running_synapse() as server:
            yield server
    except synapse.Absent as absent:
        missing(absent)


@pytest.fixture(scope="session")
def _request_tracker_server() -> Iterator[request_tracker.RequestTrackerServer | str]:
    try:
        with request_tracker.running_request_tracker() as server:
            yield server
    except request_tracker.Absent as absent:
        yield str(absent)


@pytest.fixture
def request_tracker_server(
    _request_tracker_server: request_tracker.RequestTrackerServer | str,
) -> request_tracker.RequestTrackerServer:
    """Return the Request Tracker that the tests of this process share: each makes its own queue."""
    if isinstance(_request_tracker_server, str):
        missing(_request_tracker_server)
    return _request_tracker_server


@pytest.fixture(scope="session")
def _redmine_server() -> Iterator[redmine.RedmineServer | str]:
    try:
        with redmine.running_redmine() as server:
            yield server
    except redmine.Absent as absent:
        yield str(absent)


@pytest.fixture
def redmine_server(_redmine_server: redmine.RedmineServer | str) -> redmine.RedmineServer:
    """Return the Redmine that the tests of this process share: each makes its own project."""
    if isinstance(_redmine_server, str):
        missing(_redmine_server)
    return _redmine_server


@pytest.fixture
def roundup_server() -> Iterator[roundup.RoundupServer]:
    """Yield a Roundup of the test's own, with no issues; it takes a quarter of a second."""
    try:
        with roundup.running_roundup() as server:
            yield server
    except roundup.Absent as absent:
        missing(absent)


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
