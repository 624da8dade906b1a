"""Request Tracker 5 (RT) by its REST interface, version 2: copies are tickets of one queue.

client (one request, or one write) -> mapping (a row is a copy) -> connector (the port), check (what has to be there)
"""

from connectors.tracker.request_tracker.config import RequestTrackerConfig
from worker.ports import ConnectorSpec, Port, lazily

SPEC = ConnectorSpec(
    kind="request_tracker",
    port=Port.TRACKER,
    config=RequestTrackerConfig,
    build=lazily("connectors.tracker.request_tracker.connector:RequestTracker"),
    summary="tickets of a queue of Request Tracker 5",
)
