"""The web server for every listening address: uvicorn in a thread of its own, so that the worker handles signals.

A slow caller does not hold up others. A caller that sends nothing, or byte by byte, or doesn't take the answer, has
limited time and takes no thread. If there are too many callers, the one that the server has waited for longest is
cut off.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
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
GRACE_S = 5  # for unfinished answers when it ends
TAKEN_MIN = 32 * 1024  # bytes; even a phone at the edge of its network takes this much in three seconds
TOO_BUSY = 503


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for one caller, and for all callers together."""

    body_max: int  # bytes
    connections_max: int = 400  # a process may have 1024 files open, and its database wants some
    calls_max: int = 200  # handled at once; further calls are told to come back, since memory is limited
    request_within_s: float = 30.0  # head and body, from the connection or the answer before
    taken_within_s: float = 30.0  # TAKEN_MIN bytes of an answer
    is_upload: Callable[[Scope], bool] = lambda _scope: False  # a file: its body is passed on as it comes
    upload_within_s: float = (
        600.0  # in place of `request_within_s`: the application refuses what it doesn't want
    )


@contextmanager
def serving(app: ASGIApp, address: tuple[str, int], name: str, limits: Limits) -> Iterator[str]:
    """Serve the application at `address`; yield host:port. Raises OSError if nothing can listen there."""
    listening = bound(address)
    with serving_on(listening, app, name, limits):
        yield host_and_port_of(listening)


@contextmanager
def serving_on(listening: socket.socket, app: ASGIApp, name: str, limits: Limits) -> Iterator[None]:
    """Serve the application on a socket of `bound`, and close it at the end. `name` is the thread's.

    The application is called once the whole body is there, or enough of it to show that it is too long; for an upload
    at once.
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
    """The configuration with which uvicorn serves the application.

    The caller's address is taken from a proxy's headers only if FORWARDED_ALLOW_IPS (uvicorn's environment variable)
    names the proxy; by default that is this machine.
    """
    return uvicorn.Config(
        _Unhurried(app, limits),
        http=cast("type[H11Protocol]", partial(_Connection, limits)),
        ws="none",
        log_config=None,
        log_level="error",  # requests of strangers that are no HTTP are not worth a line
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        lifespan="off",
    )


class _Deadline:
    """Cuts a connection off after `within_s`, unless it is lifted before."""

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._timer: asyncio.TimerHandle | None = None

    @property
    def at(self) -> float:
        """The instant of the cut, by the loop's clock; infinite if it is not set."""
        return inf if self._timer is None else self._timer.when()

    def set(self, connection: H11Protocol) -> None:
        """Start the deadline, unless it runs already."""
        if self._timer is None:
            self._timer = connection.loop.call_later(self._within_s, connection.transport.abort)

    def extend(self, connection: H11Protocol, within_s: float) -> None:
        """Start it anew, with so much time."""
        self.lift()
        self._timer = connection.loop.call_later(within_s, connection.transport.abort)

    def lift(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Taking:
    """Cuts a connection off if it takes less than TAKEN_MIN bytes of its answer within `within_s`."""

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, loop: asyncio.AbstractEventLoop, transport: asyncio.WriteTransport) -> None:
        """Check after `within_s`, and again and again."""
        left = transport.get_write_buffer_size()

        def look() -> None:
            if left - transport.get_write_buffer_size() < TAKEN_MIN:
                transport.abort()
            else:
                self.begin(loop, transport)

        self.end()
        self._timer = loop.call_later(self._within_s, look)

    def end(self) -> None:
        """Stop checking, because everything was taken or the connection has ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Connection(H11Protocol):
    """A connection that is cut off if it makes no progress."""

    def __init__(self, limits: Limits, **given: Any) -> None:
        super().__init__(**given)
        self._limits = limits
        self.request = _Deadline(limits.request_within_s)
        self._taking = Taking(limits.taken_within_s)
        self._upload: RequestResponseCycle | None = None  # the latest call that has more time

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.request.set(self)
        if len(self.connections) > self._limits.connections_max:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.request.lift()
        self._taking.end()

    def handle_events(self) -> None:
        super().handle_events()
        cycle: RequestResponseCycle | None = self.cycle  # none before the first head
        if (
            cycle is not None
            and cycle is not self._upload
            and self._limits.is_upload(cast("Scope", cycle.scope))
        ):
            self._upload = cycle
            self.request.extend(self, self._limits.upload_within_s)
        if cycle is not None and not cycle.more_body and not cycle.response_complete:
            self.request.lift()

    def on_response_complete(self) -> None:
        if self._upload is not None:
            self.request.lift()
        self.request.set(self)  # a body that is still missing after its answer gets no extra time
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._taking.begin(self.loop, self.transport)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._taking.end()

    def _make_room(self) -> None:
        """If there are too many connections, cut off the one that has been waited for longest."""
        known = [one for one in self.connections if isinstance(one, _Connection)]
        there = [one for one in known if not one.transport.is_closing()]
        if len(there) > self._limits.connections_max:
            min(there, key=lambda one: one.request.at).transport.abort()


class _Unhurried:
    """Calls the application only for whole requests, and for `calls_max` of them at once; for uploads as they come."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits
        self._calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._limits.is_upload(scope):
            await self._app(scope, receive, send)
            return
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
        """Read the body, up to one message over its limit; None if the caller is gone."""
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
    """Receive the messages that were read already, then new ones."""
    messages = iter(read)

    async def again() -> Message:
        message = next(messages, None)
        return await receive() if message is None else message

    return again


def host_and_port_of(listening: socket.socket) -> str:
    """The address it really listens at; for port 0, with the free port that was chosen."""
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def bound(address: tuple[str, int]) -> socket.socket:
    """A listening socket; calls wait until it is served. Raises OSError."""
    host, port = address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only if the protocol is named; with the algorithm, each page waits 40 ms
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(BACKLOG)
    except TypeError as error:  # a host's name with impossible characters
        found.close()
        raise OSError(str(error)) from error
    except BaseException:
        found.close()
        raise
    return found
