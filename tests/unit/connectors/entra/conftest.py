"""A fake Entra ID without people, and directories that read it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.kit import http as _http
from connectors.kit.graph.budget import Budget
from connectors.kit.graph.client import Graph
from fakes.graph.lab import FakeEntra
from fakes.graph.setup import Lab


@pytest.fixture(scope="session")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("entra")


@pytest.fixture
def entra(lab_folder: Path) -> Iterator[FakeEntra]:
    with FakeEntra(lab_folder) as fake:
        yield fake


@pytest.fixture
def lab(entra: FakeEntra, tmp_path: Path) -> Iterator[Lab]:
    made = Lab(entra, tmp_path)
    yield made
    made.close()


@pytest.fixture
def graph(lab: Lab) -> Iterator[Graph]:
    lab.tenant.add(displayName="Ann Archer")
    tls = _http.trusting(None)
    made = Graph(
        lab.entra.graph_url,
        lab.tokens(),
        lambda: _http.new_client(2.0, tls),
        lambda: lab.tenant.now,
        budget=Budget(lab.clock_s),
        note=lab.note,
    )
    yield made
    made.close()
