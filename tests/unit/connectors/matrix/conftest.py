"""A Synapse on loopback and the inventory that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.inventory.matrix.config import MatrixConfig
from connectors.inventory.matrix.connector import MatrixInventory
from contracts.inventory import context
from fakes.matrix.server import TOKEN, MatrixServer


@pytest.fixture
def server() -> Iterator[MatrixServer]:
    with MatrixServer() as server:
        yield server


@pytest.fixture
def slept() -> list[float]:
    """The waits that the connector asked for, none of which is waited."""
    return []


@pytest.fixture
def inventory(server: MatrixServer, slept: list[float]) -> Iterator[MatrixInventory]:
    config = MatrixConfig(url=server.url, token=SecretStr(TOKEN), requests_per_minute=6000)
    inventory = MatrixInventory(config, replace(context(Path()), sleep=slept.append))
    yield inventory
    inventory.close()


@pytest.fixture
def amina(server: MatrixServer) -> str:
    return server.person("Amina Yusuf", "+447700900101", "amina@example.org")


@pytest.fixture
def sam(server: MatrixServer) -> str:
    return server.person("Sam Okafor", "+447700900102")
