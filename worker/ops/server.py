"""The one web server of all doors: uvicorn in a thread of its own, so that signals stay the worker's.

Nobody who is slow holds up the others. Whoever sends nothing, or byte by byte, or doesn't take the answer, has so
many seconds and no thread; when there are too many of them, who waited longest makes room for the next.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import inf
from threading import Thread
from typing import Any, cast

import uvicorn
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

BACKLOG = 128
KEEP_ALIVE_S = 15
GRACE_S = 5  # for answers under way when it ends
TAKEN_MIN = 32 * 1024  # bytes; a telephone on the edge of its network takes as much in three seconds
TOO_BUSY = 503


@dataclass(frozen=True, slots=True)
class Limits:
    """What one caller, and all of them together, may take of a server."""

    body_max: int  # bytes
    connections_max: int = 400  # a process may have 1024 files open, and its database wants some
    calls_max: int = 200  # that are worked on at once; what is more is told to come back: memory has a bound
    request_within_s: float = 30.0  # head and body, from the connection or the answer before
    taken_within_s: float = 30.0  # TAKEN_MIN bytes of an answer


@contextmanager
def serving(app: ASGIApp, address: tuple[str, int], name: str, limits: Limits) -> Iterator[str]:
    """Serve the application there; yields host:port. Raises OSError when nothing can listen there."""
    listening = bound(address)
    with serving_on(listening, app, name, limits):
        yield host_and_port_of(listening)


@contextmanager
def serving_on(listening: socket.socket, app: ASGIApp, name: str, limits: Limits) -> Iterator[None]:
    """Serve the application on a socket of `bound`, which is closed in the end. `name` is the thread's.

    The application is called when it can have the whole body, or as much of it as shows that it is too long.
    """
    server = uvicorn.Server(configuration(app, limits))
    thread = Thread(target=server.run, args=([listening],), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(GRACE_S + 1)
        listening.close()


def configuration(app: ASGIApp, limits: Limits) -> uvicorn.Config:
    """How uvicorn is to serve the application.

    The caller's address is taken from a proxy's headers only where FORWARDED_ALLOW_IPS (an environment variable,
    uvicorn's) names the proxy; by default that is this machine.
    """
    return uvicorn.Config(
        _Unhurried(app, limits),
        http=cast("type[H11Protocol]", partial(_Connection, limits)),
        ws="none",
        log_config=None,
        log_level="error",  # what strangers send that is no HTTP is no news
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        lifespan="off",
    )


class _Deadline:
    """Cuts a connection off after so many seconds, unless it is lifted before."""

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._timer: asyncio.TimerHandle | None = None

    @property
    def at(self) -> float:
        """When that is, by the loop's clock; never, if it is not set."""
        return inf if self._timer is None else self._timer.when()

    def set(self, connection: H11Protocol) -> None:
        """Begin to count; one that is set already goes on as it is."""
        if self._timer is None:
            self._timer = connection.loop.call_later(self._within_s, connection.transport.abort)

    def lift(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Taking:
    """Cuts a connection off that takes less of its answer than TAKEN_MIN bytes in so many seconds."""

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, loop: asyncio.AbstractEventLoop, transport: asyncio.WriteTransport) -> None:
        """Look again in so many seconds."""
        left = transport.get_write_buffer_size()

        def look() -> None:
            if left - transport.get_write_buffer_size() < TAKEN_MIN:
                transport.abort()
            else:
                self.begin(loop, transport)

        self.end()
        self._timer = loop.call_later(self._within_s, look)

    def end(self) -> None:
        """Everything was taken, or nobody is there."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Connection(H11Protocol):
    """A connection that has to get on, or is cut off."""

    def __init__(self, limits: Limits, **given: Any) -> None:
        super().__init__(**given)
        self._connections_max = limits.connections_max
        self.request = _Deadline(limits.request_within_s)
        self._taking = Taking(limits.taken_within_s)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.request.set(self)
        if len(self.connections) > self._connections_max:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.request.lift()
        self._taking.end()

    def handle_events(self) -> None:
        super().handle_events()
        cycle: RequestResponseCycle | None = self.cycle  # none before the first head
        if cycle is not None and not cycle.more_body and not cycle.response_complete:
            self.request.lift()

    def on_response_complete(self) -> None:
        self.request.set(self)  # a body that is awaited even after its answer gets no more time
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._taking.begin(self.loop, self.transport)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._taking.end()

    def _make_room(self) -> None:
        """Cut off who has been awaited longest."""
        known = [one for one in self.connections if isinstance(one, _Connection)]
        there = [one for one in known if not one.transport.is_closing()]
        if len(there) > self._connections_max:
            min(there, key=lambda one: one.request.at).transport.abort()


class _Unhurried:
    """Calls the application for requests that are whole, and for so many at once."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits
        self._calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read = await self._read(scope, receive)
        if read is None:
            return
        if self._calls >= self._limits.calls_max:
            busy = PlainTextResponse("Too much to do; try again.\n", TOO_BUSY, {"Retry-After": "1"})
            await busy(scope, receive, send)
            return
        self._calls += 1
        try:
            await self._app(scope, _again(read, receive), send)
        finally:
            self._calls -= 1

    async def _read(self, scope: Scope, receive: Receive) -> list[Message] | None:
        """The body, as far as it may be long; None when the caller is gone."""
        read: list[Message] = []
        length = int(Headers(scope=scope).get("content-length", "0"))
        left = self._limits.body_max if length <= self._limits.body_max else -1
        while left >= 0:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            read.append(message)
            left -= len(message.get("body", b""))
            if not message.get("more_body", False):
                break
        return read


def _again(read: list[Message], receive: Receive) -> Receive:
    """First what was read, then what comes."""
    messages = iter(read)

    async def again() -> Message:
        message = next(messages, None)
        return await receive() if message is None else message

    return again


def host_and_port_of(listening: socket.socket) -> str:
    """Where it really listens: of port 0, the one that was free."""
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def bound(address: tuple[str, int]) -> socket.socket:
    """A socket that takes calls there, which wait until somebody serves them. Raises OSError."""
    host, port = address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only where the protocol is named; with it, each page waits 40 ms
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(BACKLOG)
    except TypeError as error:  # a name with letters that none can have
        found.close()
        raise OSError(str(error)) from error
    except BaseException:
        found.close()
        raise
    return found
