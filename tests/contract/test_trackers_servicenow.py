"""ServiceNow is held to the port's suite, and its fake to the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from contracts.tracker import TrackerContract, TrackerWorld
from fakes.servicenow.server import ServicenowServer
from fakes.servicenow.world import DOE, ServicenowWorld


class TestServicenow(TrackerContract):
    kind = "servicenow"
    closer = DOE

    @pytest.fixture
    def world(self) -> Iterator[TrackerWorld]:
        with ServicenowServer() as server:
            world = ServicenowWorld(server)
            with closing(world.tracker):
                yield world
            assert server.judged()
