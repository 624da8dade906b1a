"""The pages of one process for machines: /healthz, /readyz, /statusz and /metrics.

A small server of its own, up before the tables are looked at, so that a process that waits can say what for. A
thread for each call: who sends slowly keeps nobody else waiting.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from socket import AF_INET, AF_INET6
from socketserver import TCPServer
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import structlog
from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from worker.ops import events
from worker.ops.health import Health, Trouble
from worker.ops.statusz import Status

LIVE, READY, STATUS, METRICS = "/healthz", "/readyz", "/statusz", "/metrics"
SILENCE_MAX_S = 10.0
STOP_WITHIN_S = 0.1
_TEXT = "text/plain; charset=utf-8"
_SERVER = ("Server", "whosleft")  # in place of Python's version
_OK, _UNAVAILABLE = "200 OK", "503 Service Unavailable"

Answer = tuple[str, str, str]  # status, content type, body
Start = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], Start], Iterable[bytes]]

log = structlog.stdlib.get_logger(__name__)


@contextmanager
def serving(
    registry: CollectorRegistry, health: Health, status: Status, address: tuple[str, int]
) -> Iterator[str]:
    """Show the pages; yields host:port. Raises OSError when that can't be had."""
    host, port = address
    server = make_server(host, port, _application(registry, health, status), _server_for(host), _Handler)
    thread = Thread(target=server.serve_forever, args=(STOP_WITHIN_S,), name="metrics", daemon=True)
    thread.start()
    try:
        shown = f"[{host}]" if ":" in host else host
        listen = f"{shown}:{server.server_port}"
        log.info(events.METRICS_SERVED, listen=listen, path=METRICS)
        yield listen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _application(registry: CollectorRegistry, health: Health, status: Status) -> Wsgi:
    metrics: Wsgi = make_wsgi_app(registry)
    pages: Mapping[str, Callable[[], Answer]] = {
        LIVE: lambda: _probe("alive", health.liveness()),
        READY: lambda: _probe("ready", health.readiness()),
        STATUS: lambda: _document(*status.document()),
    }

    def app(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if path not in pages and path != METRICS:
            there = ", ".join((*pages, METRICS))
            return _told(start, method, ("404 Not Found", _TEXT, f"There is only {there}.\n"))
        if method not in {"GET", "HEAD"}:
            refused = ("405 Method Not Allowed", _TEXT, "Nothing can be sent to it.\n")
            return _told(start, method, refused, ("Allow", "GET, HEAD"))
        if path == METRICS:
            said: list[Any] = []
            body = b"".join(metrics({**environ, "REQUEST_METHOD": "GET"}, lambda *what: said.extend(what)))
            start(said[0], [*said[1], ("Content-Length", str(len(body))), _SERVER])
            return [body] if method == "GET" else []
        return _told(start, method, pages[path]())

    return app


def _probe(what: str, trouble: Trouble) -> Answer:
    return (_UNAVAILABLE, _TEXT, f"not {what}: {trouble}\n") if trouble else (_OK, _TEXT, f"{what}\n")


def _document(is_whole: bool, document: Mapping[str, Any]) -> Answer:  # noqa: FBT001  as Status.document tells it
    text = json.dumps(document, ensure_ascii=False, indent=2)
    return _OK if is_whole else _UNAVAILABLE, "application/json; charset=utf-8", f"{text}\n"


def _told(start: Start, method: str, answer: Answer, *headers: tuple[str, str]) -> Iterable[bytes]:
    status, content_type, text = answer
    body = text.encode()
    start(
        status,
        [
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            _SERVER,
            *headers,
        ],
    )
    return [] if method == "HEAD" else [body]


class _Server(ThreadingWSGIServer):
    request_queue_size = 64

    def server_bind(self) -> None:
        """Without the library's look-up of our name, which a slow resolver would make us wait for."""
        TCPServer.server_bind(self)
        host, self.server_port = self.server_address[:2]
        self.server_name = str(host)
        self.setup_environ()

    def handle_error(self, *_: Any) -> None:
        """Nothing: a caller that breaks off is no news, and the library would print its address."""


def _server_for(host: str) -> type[_Server]:
    class Server(_Server):
        address_family = AF_INET6 if ":" in host else AF_INET

    return Server


class _Handler(WSGIRequestHandler):
    timeout = SILENCE_MAX_S

    def log_message(self, *_: Any) -> None:
        """Nothing: a line for each scrape would drown the log."""
