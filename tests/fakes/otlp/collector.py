"""An OpenTelemetry collector on loopback that speaks OTLP over HTTP, and keeps the spans that it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

WAIT_MAX_S = 60.0


@dataclass(frozen=True)
class SeenSpan:
    """One span as it came over the wire; ids in hexadecimal digits."""

    name: str
    trace: str
    id: str
    parent: str
    links: tuple[str, ...]  # the spans that it is linked to
    facts: dict[str, Any]
    error: str | None
    took_s: float
    process: dict[str, Any]


@dataclass
class Collector:
    """`status` is its answer; while `is_stuck` it gives none."""

    address: str = ""
    spans: list[SeenSpan] = field(default_factory=list)
    status: int = 200
    is_stuck: bool = False
    freed: Event = field(default_factory=Event)

    def named(self, name: str) -> list[SeenSpan]:
        return [span for span in self.spans if span.name == name]

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            process = _facts(resource.resource.attributes)
            for scope in resource.scope_spans:
                self.spans += [_seen(span, process) for span in scope.spans]


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector until the context ends."""
    collector = Collector()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(collector))
    server.daemon_threads = True
    collector.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        collector.freed.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/x-protobuf"
            if collector.is_stuck:
                collector.freed.wait(WAIT_MAX_S)
            if self.path == "/v1/traces" and collector.status == 200:
                collector.take(body)
            self.send_response(collector.status if self.path == "/v1/traces" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def _seen(span: Any, process: dict[str, Any]) -> SeenSpan:
    is_error = span.status.code == span.status.STATUS_CODE_ERROR
    return SeenSpan(
        span.name,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        tuple(link.span_id.hex() for link in span.links),
        _facts(span.attributes),
        span.status.message if is_error else None,
        (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
        process,
    )


def _facts(attributes: Any) -> dict[str, Any]:
    value: Callable[[Any], Any] = lambda one: getattr(one.value, one.value.WhichOneof("value"))  # noqa: E731
    return {one.key: value(one) for one in attributes}
