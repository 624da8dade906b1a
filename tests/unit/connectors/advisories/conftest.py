from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.advisories.nvd import SPEC
from connectors.advisories.nvd.connector import NvdFeed
from contracts.inventory import context
from fakes.advisories.server import KevServer, NvdServer
from worker.ops.retry import again


@pytest.fixture(scope="session")
def schemas() -> Path | None:
    """The vendors' own schemas, where there is a folder of them: then every true answer is held to one."""
    folder = os.environ.get("WHOSLEFT_CONTRACT_DATA")
    return Path(folder) / "advisories" if folder else None


@pytest.fixture
def kev(schemas: Path | None) -> Iterator[KevServer]:
    with KevServer(schemas) as server:
        yield server


@pytest.fixture
def nvd(schemas: Path | None) -> Iterator[NvdServer]:
    with NvdServer(schemas) as server:
        yield server


@pytest.fixture
def slept() -> list[float]:
    """Every wait, in seconds."""
    return []


@pytest.fixture
def feed(nvd: NvdServer, slept: list[float]) -> Iterator[NvdFeed]:
    """NVD, with the worker's repeats and nobody who waits."""
    config = SPEC.config.model_validate({"url": nvd.address, "api_key": "invented-key-of-nvd"})
    built = SPEC.build(
        config, replace(context(), sleep=slept.append, again=lambda call: again(call, slept.append))
    )
    assert isinstance(built, NvdFeed)
    yield built
    built.close()
