"""An HTTP server for the calls of others (Graph's change notifications): POST only, small, and gone with the worker.

TLS and the public address are the ingress's. What a call says is the connector's to judge; nothing is done here
that takes time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from socket import AF_INET, AF_INET6
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from worker.ports import Called

BODY_MAX = 1 << 20  # bytes, those around chunks included; Graph bundles notifications, and is far from this
LINE_MAX = 1 << 10  # of a chunk's size with its extensions, or a trailer
SILENCE_MAX_S = 10.0
STOP_WITHIN_S = 0.1
NOT_UNDERSTOOD, WRONG_METHOD, TOO_LARGE = 400, 405, 413
_LENGTH = re.compile(r"[0-9]{1,9}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,30})[ \t]*(?:;[^\r\n]*)?\r\n")


@contextmanager
def receiving(sources: Sequence[Called]) -> Iterator[tuple[str, ...]]:
    """Take calls for each source that wants them; yields the addresses. Raises OSError when one is taken."""
    with ExitStack() as stack:
        yield tuple(
            stack.enter_context(_serving(source, source.listen)) for source in sources if source.listen
        )


@contextmanager
def _serving(source: Called, listen: str) -> Iterator[str]:
    host, _, port = listen.rpartition(":")
    server = _Server((host.strip("[]"), int(port)), _handler(source))
    thread = Thread(
        target=server.serve_forever, args=(STOP_WITHIN_S,), name=f"receiver {listen}", daemon=True
    )
    thread.start()
    try:
        yield f"{server.server_address[0]!s}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = AF_INET6 if ":" in address[0] else AF_INET
        super().__init__(address, handler)

    def server_bind(self) -> None:
        try:
            super().server_bind()
        except TypeError as error:  # a name with letters that none can have
            raise OSError(str(error)) from error

    def handle_error(self, *_: Any) -> None:
        """Nothing: a caller that breaks off is no news, and the library would print its address."""


class _Refused(Exception):
    """Nothing that the source should see."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _Limited:
    """Reads BODY_MAX bytes of a stream at most."""

    def __init__(self, stream: BufferedIOBase) -> None:
        self._stream = stream
        self._left = BODY_MAX

    def read(self, size: int) -> bytes:
        self._take(size)
        data = self._stream.read(size)
        if len(data) < size:
            raise _Refused(NOT_UNDERSTOOD)
        return data

    def line(self) -> bytes:
        line = self._stream.readline(LINE_MAX)
        self._take(len(line))
        if not line.endswith(b"\r\n"):
            raise _Refused(NOT_UNDERSTOOD)
        return line

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise _Refused(TOO_LARGE)


def _body(headers: Message, stream: _Limited) -> bytes:
    """The whole body, with its length said before or in chunks (RFC 9112, 6.3 and 7.1). Raises _Refused."""
    length, coding = headers.get("Content-Length"), headers.get("Transfer-Encoding")
    if coding is None:
        if length is not None and not _LENGTH.fullmatch(length):
            raise _Refused(TOO_LARGE)
        return stream.read(int(length or 0))
    if length is not None or coding.strip().lower() != "chunked":
        raise _Refused(NOT_UNDERSTOOD)
    body = bytearray()
    while size := _chunk_size(stream.line()):
        body += stream.read(size)
        if stream.read(2) != b"\r\n":
            raise _Refused(NOT_UNDERSTOOD)
    while stream.line() != b"\r\n":
        pass  # trailers say nothing that we would want
    return bytes(body)


def _chunk_size(line: bytes) -> int:
    match = _CHUNK.fullmatch(line)
    if match is None:
        raise _Refused(NOT_UNDERSTOOD)
    return int(match[1], 16)


def _handler(source: Called) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = SILENCE_MAX_S
        server_version, sys_version = "whosleft", ""

        def do_POST(self) -> None:
            try:
                parts = urlsplit(self.path)
                body = _body(self.headers, _Limited(self.rfile))
            except _Refused as refused:
                self._answer(refused.status, "")
            except ValueError:  # of urlsplit
                self._answer(NOT_UNDERSTOOD, "")
            else:
                self._answer(*source.receive(parts.path, dict(parse_qsl(parts.query)), body))

        def do_GET(self) -> None:
            self._answer(WRONG_METHOD, "")

        def _answer(self, status: int, text: str) -> None:
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Nothing: addresses and tokens are in the request line."""

    return Handler
