"""A queue of the real Request Tracker as a world of trackers: our account, and what people do there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.tracker.request_tracker.config import RequestTrackerConfig
from connectors.tracker.request_tracker.connector import RequestTracker
from contracts.tracker import TrackerWorld, tracker_context
from request_tracker import CLOSER, ROOT, US, Queue, RequestTrackerServer
from wires import Wire

STATES: dict[str, Any] = {
    "done": ["resolved"],
    "open": ["new", "open", "stalled"],
    "declined": ["rejected"],
    "on_reopen": "open",
}


def config(wire: Wire, server: RequestTrackerServer, queue: Queue, **more: Any) -> RequestTrackerConfig:
    return RequestTrackerConfig.model_validate(
        {
            "url": wire.url,
            "token": server.tokens[US],
            "queue": queue.name,
            "states": STATES,
            "requests_per_minute": 6000,
            **more,
        }
    )


class RequestTrackerWorld(TrackerWorld):
    def __init__(self, server: RequestTrackerServer, wire: Wire, queue: Queue, **more: Any) -> None:
        self.server = server
        self.wire = wire
        self.queue = queue
        self.tracker: RequestTracker = RequestTracker(config(wire, server, queue, **more), tracker_context())

    def end(self) -> None:
        self.tracker.close()
        self.server.retire(self.queue)

    def close(self, ref: str) -> None:
        self.server.put(CLOSER, ref, Status="resolved")

    def decline(self, ref: str) -> None:
        self.server.put(CLOSER, ref, Status="rejected")

    def reopen(self, ref: str) -> None:
        self.server.put(CLOSER, ref, Status="open")

    def delete(self, ref: str) -> None:
        self.server.put(ROOT, ref, Status="deleted")

    def somebody_elses(self) -> str:
        ticket = {"Queue": self.queue.name, "Subject": "Printer on floor 3 is jammed"}
        return str(self.server.asked(ROOT, "POST", "/ticket", ticket)["id"])

    def comments(self, ref: str) -> Sequence[str]:
        return self.server.comments(ref)

    def files(self, ref: str) -> int:
        return self.server.files(ref)

    def text(self, ref: str) -> str:
        return self.server.text(ref)

    def copies(self) -> int:
        self.wire.mend()
        return self.server.count(self.queue)

    def forbid_moves(self) -> None:
        self.server.act("revoke", US, self.queue.name, "ModifyTicket")

    def forbid_writes(self) -> None:
        self.server.act("revoke", US, self.queue.name, "ModifyTicket", "ReassignTicket")

    def lose_answers(self, count: int) -> None:
        """Until somebody counts the copies. The queue is asked for once, so it is known by then."""
        self.tracker._queue()
        self.wire.lose_answers()

    def answer_html(self) -> None:
        self.wire.answer_html()
