from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from fakes.servicenow.server import ServicenowServer
from fakes.servicenow.world import ServicenowWorld


@pytest.fixture
def world() -> Iterator[ServicenowWorld]:
    with ServicenowServer() as server:
        world = ServicenowWorld(server)
        with closing(world.tracker):
            yield world
        server.judged()
