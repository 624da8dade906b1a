"""A subscriber to change notifications on loopback, for tests of the fake Graph: it answers handshakes, or doesn't."""

from __future__ import annotations

import json
from typing import Any

from fakes.graph.http import LoopbackServer, Reply, Request


class Subscriber(LoopbackServer):
    """`received` has every payload; `handshake` and `status` say how it answers."""

    def __init__(self) -> None:
        super().__init__()
        self.received: list[dict[str, Any]] = []
        self.handshakes: list[str] = []
        self.status = 202
        self.handshake: Reply | None = None

    def answer(self, request: Request) -> Reply:
        token = request.query.get("validationtoken")
        if token is not None:
            self.handshakes.append(request.path)
            return self.handshake or Reply(200, token.encode(), "text/plain; charset=utf-8")
        self.received.append(json.loads(request.body))
        return Reply(self.status)
