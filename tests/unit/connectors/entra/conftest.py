"""A fake Entra ID without people, and directories that read it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

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
