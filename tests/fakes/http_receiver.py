"""A server on loopback that takes POSTs, and keeps what it took. Used as a context manager.

fail(Fault(…)) is what comes of the next POST; without one it is taken, and answered with `status`
"""

from __future__ import annotations

import ssl
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from certificates import Pair


@dataclass(frozen=True)
class Fault:
    """What happens to one POST. Without `is_taken`, it has no effect; a `status` of 0 is no answer at all."""

    status: int = 0
    is_taken: bool = False
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    slow_s: float = 0.0


@dataclass(frozen=True)
class Taken:
    """One POST as it came; header names in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class HttpReceiver:
    """`taken` is the log of effects, `asked` counts all requests."""

    def __init__(self, status: int = 200, path: str = "/hook", tls: Pair | None = None) -> None:
        self.taken: list[Taken] = []
        self.asked = 0
        self.status = status
        self.is_revoked = False
        self._path = path
        self._faults: deque[Fault] = deque()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.certificate, tls.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "http" if tls is None else "https"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}{self._path}"

    def fail(self, *faults: Fault) -> None:
        self._faults.extend(faults)

    def answer(self, taken: Taken) -> Fault:
        """What comes of a POST."""
        self.asked += 1
        if self.is_revoked:
            return Fault(401)
        fault = self._faults.popleft() if self._faults else Fault(self.status, is_taken=True)
        if fault.slow_s:
            time.sleep(fault.slow_s)  # noqa: TID251  a real server's own time
        if fault.is_taken:
            self.taken.append(taken)
        return fault


def _handler(receiver: HttpReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            fault = receiver.answer(Taken(self.path, headers, body))
            if not fault.status:
                self.close_connection = True
                return
            self.send_response(fault.status)
            for name, value in fault.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(fault.body)))
            self.end_headers()
            self.wfile.write(fault.body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
