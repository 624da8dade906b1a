"""A fake Entra ID without people, and a client that has the product's own rights."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.graph.judge import Judge
from fakes.graph.lab import FakeEntra


@pytest.fixture(scope="session")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("entra")


@pytest.fixture
def entra(lab_folder: Path) -> Iterator[FakeEntra]:
    with FakeEntra(lab_folder) as fake:
        yield fake


@pytest.fixture
def judge(entra: FakeEntra) -> Iterator[Judge]:
    with Judge(entra.graph_url, entra.token()) as client:
        yield client
