"""A dead man's switch on loopback: checks as healthchecks and cronitor have them, and what they answer.

An unknown check, and a ping too many, are answered with 200 and say so only in the body; a slug's 404 is a real one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

WAIT_MAX_S = 30.0
KNOWN = "/7b0a4d7e-6f0c-4f0e-9d0e-1d6f0b6a2c11"
UNKNOWN = "/00000000-0000-4000-8000-000000000000"
SLUG = "/pingkey/no-such-slug"
MONITOR = "/p/KEY/whosleft"


@dataclass
class Checks:
    """`heard` are the pings of known checks: path, state and what was said. `answer` is given in place of any other;
    while it `is_stuck` it gives none, and while it `drips` its body never ends.
    """

    address: str = ""
    heard: list[tuple[str, str, str]] = field(default_factory=list)
    answer: tuple[int, str] | None = None
    is_stuck: bool = False
    drips: bool = False
    freed: Event = field(default_factory=Event)

    def asked(self, method: str, target: str, body: str) -> tuple[int, str]:
        """What it answers to a ping."""
        parts = urlsplit(target)
        if self.answer is not None:
            return self.answer
        if parts.path == MONITOR:
            query = parse_qs(parts.query)
            self.heard.append((method, query.get("state", ["run"])[0], query.get("message", [""])[0]))
            return 200, "OK"
        check, is_fail = parts.path.removesuffix("/fail"), parts.path.endswith("/fail")
        if check == KNOWN:
            self.heard.append((method, "fail" if is_fail else "success", body))
            return 200, "OK"
        return (404, "not found") if check == SLUG else (200, "OK (not found)")


@contextmanager
def checking() -> Iterator[Checks]:
    """A switch until the context ends."""
    checks = Checks()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(checks))
    server.daemon_threads = True
    checks.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield checks
    finally:
        checks.freed.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(checks: Checks) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET", "")

        def do_POST(self) -> None:
            self._answer("POST", self.rfile.read(int(self.headers["Content-Length"] or 0)).decode())

        def _answer(self, method: str, body: str) -> None:
            if checks.is_stuck:
                checks.freed.wait(WAIT_MAX_S)
            status, text = checks.asked(method, self.path, body)
            self.send_response(status)
            if status in {301, 302}:
                self.send_header("Location", KNOWN)
            if not checks.drips:
                self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            while checks.drips and not checks.freed.wait(0.1):
                self.wfile.write(b"O")
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
