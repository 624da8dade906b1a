"""Slack's side of Socket Mode: a websocket server on loopback, which goes wrong in the ways that Slack's does.

It greets first, gives each envelope to one open connection at random, counts acknowledgements that come after three
seconds, and takes ten connections. `base` of a used address, an unknown one and an eleventh are refused.
"""

from __future__ import annotations

import itertools
import json
import random
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

CONNECTIONS_MAX = 10
ACK_MAX_S = 3.0


class SocketServer:
    """State is public. Used as a context manager."""

    def __init__(self) -> None:
        self.open: list[ServerConnection] = []
        self.greeted = 0
        self.refuses = False
        self.is_silent = False  # it does not greet
        self.acks: dict[str, Mapping[str, Any]] = {}
        self.late: list[str] = []
        self._sent_s: dict[str, float] = {}
        self._tickets: set[str] = set()
        self._ids = itertools.count(1)
        self._changed = threading.Condition()
        self._server: Server = serve(
            self._serve, "127.0.0.1", 0, compression=None, process_request=self._look, ping_interval=None
        )
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._random = random.Random(7)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut_all()
        self._server.shutdown()
        self._thread.join()

    def address(self) -> str:
        """What apps.connections.open answers with: good for one connection."""
        ticket = f"t{next(self._ids)}"
        self._tickets.add(ticket)
        return f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/link/?ticket={ticket}&app_id=A09"

    def wait_for(self, count: int, timeout_s: float = 10.0) -> None:
        """Until so many connections are open and greeted."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.open) == count, timeout_s), (
                f"{len(self.open)} are open"
            )

    def send(self, kind: str, payload: Mapping[str, Any], *, envelope_id: str = "", **more: Any) -> str:
        """Give an envelope to one connection; return its id."""
        envelope_id = envelope_id or f"e{next(self._ids)}"
        accepts = kind == "slash_commands" or payload.get("type") == "view_submission"
        envelope = {
            "envelope_id": envelope_id, "type": kind, "payload": payload, "accepts_response_payload": accepts, **more,
        }  # fmt: skip
        with self._changed:
            self.acks.pop(envelope_id, None)
            connection = self._random.choice(self.open)
        self._sent_s[envelope_id] = time.monotonic()
        connection.send(json.dumps(envelope))
        return envelope_id

    def ack(self, envelope_id: str, timeout_s: float = ACK_MAX_S) -> Mapping[str, Any] | None:
        """What an envelope was acknowledged with; None if it was not, in time."""
        with self._changed:
            self._changed.wait_for(lambda: envelope_id in self.acks, timeout_s)
            return self.acks.get(envelope_id)

    def disconnect(self, reason: str = "refresh_requested", at: int = 0) -> None:
        """Ask one client to connect anew, and close a little later, as Slack does."""
        connection = self.open[at]
        connection.send(json.dumps({"type": "disconnect", "reason": reason, "debug_info": {}}))

    def close_one(self) -> None:
        """With a CLOSE frame."""
        connection = self.open[0]
        self._gone(connection)
        connection.close()

    def cut_all(self) -> None:
        """Without a CLOSE frame."""
        for connection in list(self.open):
            self._gone(connection)
            with suppress(OSError):  # its client closed it meanwhile
                connection.socket.shutdown(socket.SHUT_RDWR)

    def _look(self, connection: ServerConnection, request: Request) -> Response | None:
        ticket = request.path.partition("ticket=")[2].partition("&")[0]
        is_known = ticket in self._tickets
        self._tickets.discard(ticket)
        if self.refuses or not is_known:
            return connection.respond(HTTPStatus.FORBIDDEN, "no\n")
        if len(self.open) >= CONNECTIONS_MAX:
            return connection.respond(HTTPStatus.TOO_MANY_REQUESTS, "too many\n")
        return None

    def _serve(self, connection: ServerConnection) -> None:
        if not self.is_silent:
            info = {"host": "loopback", "approximate_connection_time": 18_060}
            connection.send(
                json.dumps({"type": "hello", "num_connections": len(self.open) + 1, "debug_info": info})
            )
        with self._changed:
            self.open.append(connection)
            self.greeted += 1
            self._changed.notify_all()
        try:
            for text in connection:
                self._acknowledged(json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            self._gone(connection)

    def _acknowledged(self, answer: Mapping[str, Any]) -> None:
        envelope_id = str(answer["envelope_id"])
        if time.monotonic() - self._sent_s[envelope_id] > ACK_MAX_S:
            self.late.append(envelope_id)
        with self._changed:
            self.acks[envelope_id] = answer.get("payload") or {}
            self._changed.notify_all()

    def _gone(self, connection: ServerConnection) -> None:
        with self._changed:
            if connection in self.open:
                self.open.remove(connection)
            self._changed.notify_all()
