"""Request Tracker with a queue of the test's own, behind a wire that can break."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.tracker.request_tracker.config import RequestTrackerConfig
from connectors.tracker.request_tracker.connector import RequestTracker
from contracts.tracker import tracker_context
from request_tracker import US, Queue, RequestTrackerServer
from wires import Wire, wire_to

__all__ = ["STATES", "Start", "queue", "server", "start", "wire"]

STATES: dict[str, Any] = {
    "done": ["resolved"], "open": ["new", "open", "stalled"], "declined": ["rejected"], "on_reopen": "open",
}  # fmt: skip
Start = Callable[..., RequestTracker]


@pytest.fixture
def server(request_tracker_server: RequestTrackerServer) -> RequestTrackerServer:
    return request_tracker_server


@pytest.fixture
def wire(server: RequestTrackerServer) -> Iterator[Wire]:
    with wire_to(server.port) as wire:
        yield wire


@pytest.fixture
def queue(server: RequestTrackerServer) -> Iterator[Queue]:
    queue = server.queue()
    yield queue
    server.retire(queue)


@pytest.fixture
def start(server: RequestTrackerServer, wire: Wire, queue: Queue) -> Iterator[Start]:
    """Return what makes a tracker on the test's queue; keys of the configuration can be given."""
    made: list[RequestTracker] = []

    def start(**more: Any) -> RequestTracker:
        keys = {
            "url": wire.url,
            "token": server.tokens[US],
            "queue": queue.name,
            "states": STATES,
            "requests_per_minute": 6000,
            **more,
        }
        made.append(RequestTracker(RequestTrackerConfig.model_validate(keys), tracker_context()))
        return made[-1]

    yield start
    for tracker in made:
        tracker.close()
