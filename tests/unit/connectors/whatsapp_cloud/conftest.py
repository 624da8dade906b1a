from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.inventory.whatsapp_cloud.config import WhatsappCloudConfig
from connectors.inventory.whatsapp_cloud.connector import WhatsappCloudInventory
from contracts.inventory import context
from fakes.whatsapp_cloud.server import NUMBER, TOKEN, CloudServer

Make = Callable[..., WhatsappCloudInventory]


@pytest.fixture
def server() -> Iterator[CloudServer]:
    with CloudServer() as running:
        yield running


@pytest.fixture
def make(server: CloudServer) -> Iterator[Make]:
    """Make an inventory of the server, with other keys or another context."""
    made: list[WhatsappCloudInventory] = []

    def build(around: Any = None, **keys: Any) -> WhatsappCloudInventory:
        given = {
            "phone_number_id": NUMBER,
            "token": TOKEN,
            "graph_url": server.url,
            "requests_per_minute": 6000,
        }
        config = WhatsappCloudConfig.model_validate(given | keys)
        made.append(WhatsappCloudInventory(config, around or context()))
        return made[-1]

    yield build
    for inventory in made:
        inventory.close()


@pytest.fixture
def inventory(make: Make) -> WhatsappCloudInventory:
    return make()
