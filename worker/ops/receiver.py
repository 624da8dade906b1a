"""An HTTP server for the calls of others (Graph's change notifications): POST only, small, and gone with the worker.

TLS and the public address are the ingress's. What a call says is the connector's to judge; nothing is done here
that takes time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from worker.ports import Called

BODY_MAX = 1 << 20  # bytes; Graph bundles notifications, and is far from this
SILENCE_MAX_S = 10.0
STOP_WITHIN_S = 0.1
TOO_LARGE, WRONG_METHOD = 413, 405


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

    def handle_error(self, *_: Any) -> None:
        """Nothing: a caller that breaks off is no news, and the library would print its address."""


def _handler(source: Called) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = SILENCE_MAX_S
        server_version, sys_version = "whosleft", ""

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "0")
            if not length.isdecimal() or int(length) > BODY_MAX:
                self._answer(TOO_LARGE, "")
                return
            parts = urlsplit(self.path)
            status, text = source.receive(
                parts.path, dict(parse_qsl(parts.query)), self.rfile.read(int(length))
            )
            self._answer(status, text)

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
