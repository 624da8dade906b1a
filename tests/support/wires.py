"""A wire between a connector and a real server over HTTP, which can lose answers or lead to somebody's page instead."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from fakes.tcp_proxy import TcpProxy

PAGE = b"<!doctype html><title>Maintenance</title><h1>We are back soon</h1>"


class _Page(BaseHTTPRequestHandler):
    """Answers whatever is asked with a page."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Wire:
    """Leads to one server. Orders hold for connections that are made after them, so close those that are open."""

    def __init__(self, proxy: TcpProxy, page_port: int) -> None:
        self._proxy = proxy
        self._page_port = page_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._proxy.port}"

    @property
    def connections(self) -> int:
        return self._proxy.connections

    def lose_answers(self) -> None:
        """Pass on every request, and lose what is answered."""
        self._proxy.lose_answers_after(1)

    def refuse(self) -> None:
        self._proxy.refuse()

    def mend(self) -> None:
        self._proxy.mend()

    def answer_html(self) -> None:
        self._proxy.target = ("127.0.0.1", self._page_port)


@contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    """Yield a wire to a port of loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as pages, TcpProxy("127.0.0.1", port) as proxy:
        thread = threading.Thread(target=pages.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield Wire(proxy, pages.server_port)
        finally:
            pages.shutdown()
            thread.join()
