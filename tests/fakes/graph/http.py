"""The HTTP/1.1 server under the fakes of Microsoft's services, on loopback: keep-alive, TLS where wanted, and a log.

    bytes -> Request -> answer(request) -> Reply -> bytes, acted out by the reply's own mischief

A subclass says what the answer is. Used as a context manager; nothing (thread, socket) is left of it afterwards.
"""

from __future__ import annotations

import os
import socket
import ssl
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from certificates import Pair
from worker.ops.clock import system_now

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close at once, and tell the other side so
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked. Names of headers and of query options are in lower case; values are decoded."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    target: str = ""  # as it was sent, undecoded
    connection: int = 0  # counted from 1: the same number means the same connection


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered, and what goes wrong on the way.

    `slow_s` seconds pass first; then nothing is sent (`is_dropped`), or only `cut_after` bytes of the body are, and
    the connection ends (with a reset where `is_reset`); it is closed after a good answer too where `is_last`. The
    body comes byte by byte where there are `drip_s` seconds between them.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    slow_s: float = 0.0
    drip_s: float = 0.0
    is_dropped: bool = False
    cut_after: int | None = None
    is_reset: bool = False
    is_last: bool = False

    def with_headers(self, **headers: str) -> Reply:
        return replace(self, headers={**self.headers, **headers})


@dataclass(frozen=True, slots=True)
class Seen:
    """One line of the log: the request, and the status that was answered (0: none)."""

    request: Request
    status: int

    @property
    def method(self) -> str:
        return self.request.method

    @property
    def path(self) -> str:
        return self.request.path

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query

    @property
    def headers(self) -> Mapping[str, str]:
        return self.request.headers

    @property
    def body_size(self) -> int:
        return len(self.request.body)


END_WITHIN_S = 5.0  # a thread that does not see its connection end is left behind


class LoopbackServer:
    """Listens from entering to leaving. `log` has every request in the order of its answer."""

    def __init__(self, certificate: Pair | None = None, *, host: str = "127.0.0.1") -> None:
        self.log: list[Seen] = []
        self.closing = threading.Event()
        self._host = host
        self._scheme = "https" if certificate else "http"
        self._server = _Server((host, 0), self)
        if certificate:
            self._server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._server.tls.load_cert_chain(certificate.certificate, certificate.key)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, name=type(self).__name__
        )

    def answer(self, request: Request) -> Reply:
        """Return what is answered to a request; called from several threads."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """The server's root, without a slash at the end."""
        return f"{self._scheme}://{self._host}:{self.port}"

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def connections(self) -> int:
        """How many connections were ever accepted."""
        return self._server.accepted

    def seen(self, path: str = "", method: str = "") -> list[Seen]:
        """Return the log's lines whose path contains `path` and whose method is `method`."""
        return [line for line in self.log if path in line.path and method in {"", line.method}]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        for thread in self._server.end_connections():
            thread.join(END_WITHIN_S)
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # they are waited for at the end, and not for ever
    block_on_close = False
    request_queue_size = 128
    tls: ssl.SSLContext | None = None

    def __init__(self, address: tuple[str, int], owner: LoopbackServer) -> None:
        self.owner = owner
        self.accepted = 0
        self._open: dict[int, socket.socket] = {}
        self._is_ending = False
        self._lock = threading.Lock()
        self._serving: dict[int, threading.Thread] = {}
        super().__init__(address, _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.tls:
            request = self.tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self.accepted += 1
            number = self.accepted
            self._open[number] = request
            self._serving[number] = threading.current_thread()
            is_ending = self._is_ending
        try:
            if not is_ending:
                if isinstance(request, ssl.SSLSocket):
                    request.do_handshake()
                _Handler(request, (client_address, number), self)
        finally:
            if isinstance(request, ssl.SSLSocket):  # the caller closes a plain one
                request.close()
            with self._lock:
                del self._open[number]

    def end_connections(self) -> list[threading.Thread]:
        """End what is open: an idle client keeps its connection, and its thread, for ever. Returns the threads."""
        with self._lock:
            self._is_ending = True
            for each in self._open.values():
                # Below TLS, whose object another thread uses
                with suppress(OSError):
                    socket.socket.shutdown(each, socket.SHUT_RDWR)
            return list(self._serving.values())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away in the middle is what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _do(self) -> None:
        parts = urlsplit(self.path)
        request = Request(
            self.command,
            unquote(parts.path),
            {name.lower(): value for name, value in parse_qsl(parts.query, keep_blank_values=True)},
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(int(self.headers.get("Content-Length") or 0)),
            self.path,
            self.client_address[1],  # finish_request puts the connection's number there
        )
        reply = self.server.owner.answer(request)
        self.server.owner.log.append(Seen(request, 0 if reply.is_dropped else reply.status))
        self._act(reply)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _do  # noqa: N815 - the names are the base class's

    def _act(self, reply: Reply) -> None:
        if reply.slow_s:
            self.server.owner.closing.wait(reply.slow_s)
        self.close_connection = self.close_connection or reply.is_last
        if not reply.is_dropped:
            # In one piece: a head and a body written apart wait for each other's acknowledgement (40 ms)
            whole = self._head(reply) + reply.body[: reply.cut_after]
            at_once = len(whole) - len(reply.body) if reply.drip_s else len(whole)
            self.wfile.write(whole[:at_once])
            for byte in whole[at_once:]:
                self.server.owner.closing.wait(reply.drip_s)
                self.wfile.write(bytes([byte]))
        if reply.is_dropped or reply.cut_after is not None:
            self.close_connection = True
            if reply.is_reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                # A polite shutdown would say FIN first, and TLS would say goodbye
                os.close(self.connection.detach())

    def _head(self, reply: Reply) -> bytes:
        headers = {"Date": format_datetime(system_now(), usegmt=True), **reply.headers}
        if reply.content_type:
            headers["Content-Type"] = reply.content_type
        if reply.status != HTTPStatus.NO_CONTENT:
            headers["Content-Length"] = str(len(reply.body))
        if self.close_connection:
            headers["Connection"] = "close"
        lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        pass
