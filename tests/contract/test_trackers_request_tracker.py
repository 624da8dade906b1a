"""Request Tracker is held to the port's suite, on a real one, with an account that may do only what it has to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.tracker import TrackerContract
from request_tracker import RequestTrackerServer
from request_tracker_world import RequestTrackerWorld
from wires import Wire, wire_to


@pytest.fixture
def wire(request_tracker_server: RequestTrackerServer) -> Iterator[Wire]:
    with wire_to(request_tracker_server.port) as wire:
        yield wire


class TestRequestTracker(TrackerContract):
    kind = "request_tracker"
    closer = "closer@example.org"

    @pytest.fixture
    def world(
        self, request_tracker_server: RequestTrackerServer, wire: Wire
    ) -> Iterator[RequestTrackerWorld]:
        world = RequestTrackerWorld(request_tracker_server, wire, request_tracker_server.queue())
        yield world
        world.end()
