"""One cluster and one town for the tests of single faults; the long run's numbers: `--faults=N --fault-seed=S`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import postfix
from fakes.smtp.server import SmtpServer
from faults.cluster import Cluster, running_cluster
from faults.town import PEOPLE
from faults.world import World, running_world
from postfix import Postfix
from throwaway import Absent, missing

FAULTS = 12
SEED = 1


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faults", type=int, default=FAULTS, help="how many random faults there are")
    parser.addoption("--fault-seed", type=int, default=SEED, help="which faults they are")


# In a run of everything this file is read too late to add an option, and its default counts


@pytest.fixture
def faults(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--faults", FAULTS))


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--fault-seed", SEED))


@pytest.fixture(scope="session")
def _cluster() -> Iterator[Cluster | str]:
    try:
        with running_cluster() as cluster:
            yield cluster
    except Absent as absent:
        yield str(absent)


@pytest.fixture(scope="session")
def cluster(_cluster: Cluster | str) -> Cluster:
    if isinstance(_cluster, str):
        missing(_cluster)
    return _cluster


@pytest.fixture(scope="session")
def mail() -> Iterator[Postfix]:
    with SmtpServer(None) as onward:
        try:
            with postfix.running_postfix(onward.port, [f"p{n}@example.org" for n in range(PEOPLE)]) as server:
                yield server
        except Absent as absent:
            missing(absent)


# A module's, not the session's: replicas are processes that poll as long as they are there
@pytest.fixture(scope="module")
def _world(cluster: Cluster, mail: Postfix, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running_world(cluster, tmp_path_factory.mktemp("town"), mail) as world:
        yield world


@pytest.fixture
def world(_world: World) -> Iterator[World]:
    """A town at rest, before and after."""
    _world.heal()
    _world.calm()
    yield _world
    _world.heal()
    _world.calm()
    _world.check()


@pytest.fixture
def fresh_world(cluster: Cluster, mail: Postfix, tmp_path: Path) -> Iterator[World]:
    with running_world(cluster, tmp_path, mail) as world:
        yield world
