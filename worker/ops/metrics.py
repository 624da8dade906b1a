"""The figures of one process for Prometheus, and the server that shows them at /metrics.

Nothing here names a person: labels are the names of sources and numbers of statuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from socket import AF_INET, AF_INET6
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
    make_wsgi_app,
)
from prometheus_client.exposition import ThreadingWSGIServer

from worker.ops import events
from worker.ports import Fact, Noted

PATH = "/metrics"
SILENCE_MAX_S = 10.0
STOP_WITHIN_S = 0.1
NO_ANSWER = "none"  # in place of a status
_OF_SUBSCRIPTIONS: Mapping[Noted, str] = {
    Noted.SUBSCRIPTION_MADE: "made",
    Noted.SUBSCRIPTION_RENEWED: "renewed",
    Noted.SUBSCRIPTION_REFUSED: "refused",
    Noted.SUBSCRIPTION_ENDED: "ended",
}
_OF_CALLS: Mapping[Noted, str] = {Noted.CALL_ACCEPTED: "accepted", Noted.CALL_REFUSED: "refused"}

log = structlog.stdlib.get_logger(__name__)
# A second figure for each counter, of when it began: process_start_time_seconds says that for all of them
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's is the one without types


class Metrics:
    """All figures, in a registry of their own. Threads may share it."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        source = ("source",)
        self._requests = Counter(
            "whosleft_graph_requests_total",
            "Requests to Microsoft Graph, by the status of the answer (none: no answer came).",
            ("source", "status"),
            registry=registry,
        )
        self._units = Counter(
            "whosleft_graph_resource_units_total",
            "Resource units that Microsoft Graph counted, or by its documentation counts, for them.",
            source,
            registry=registry,
        )
        self._throttled = Counter(
            "whosleft_graph_throttled_total",
            "Requests that Microsoft Graph put off (429, 503).",
            source,
            registry=registry,
        )
        self._held_back = Counter(
            "whosleft_graph_held_back_total",
            "Requests that were not sent, because it was too soon after a wait or for the tenant's budget.",
            source,
            registry=registry,
        )
        self._limit_ratio = Gauge(
            "whosleft_graph_throttle_limit_ratio",
            "Share of the app's limit in the tenant that is used; Microsoft Graph tells it from 0.8 on, else it is 0.",
            source,
            registry=registry,
        )
        self._subscriptions = Counter(
            "whosleft_graph_subscriptions_total",
            "What became of our subscription to Microsoft Graph's notifications, and how often.",
            ("source", "outcome"),
            registry=registry,
        )
        self._calls = Counter(
            "whosleft_graph_calls_total",
            "Calls that came in as Microsoft Graph's, by whether something in them was believed, or was not.",
            ("source", "outcome"),
            registry=registry,
        )

    def count(self, event: Noted, fields: Mapping[str, Fact]) -> None:
        """Count one note of a source (the field `source`)."""
        source = str(fields["source"])
        if event in _OF_SUBSCRIPTIONS or event in _OF_CALLS:
            self._count_outcome(event, source, _number(fields.get("calls", 1)))
        else:
            self._count_request(event, source, fields)

    def _count_outcome(self, event: Noted, source: str, times: float) -> None:
        for figure, outcomes in ((self._subscriptions, _OF_SUBSCRIPTIONS), (self._calls, _OF_CALLS)):
            for outcome in outcomes.values():
                figure.labels(source, outcome)  # a rate needs the 0 before the first
            if event in outcomes:
                figure.labels(source, outcomes[event]).inc(times)

    def _count_request(self, event: Noted, source: str, fields: Mapping[str, Fact]) -> None:
        for figure in (self._throttled, self._held_back):
            figure.labels(source)  # a rate needs the 0 before the first
        if event is Noted.GRAPH_HELD_BACK:
            self._held_back.labels(source).inc()
            return
        self._requests.labels(source, str(fields.get("status") or NO_ANSWER)).inc()
        self._units.labels(source).inc(_number(fields.get("units")))
        if event is Noted.GRAPH_THROTTLED:
            self._throttled.labels(source).inc()
        share = fields.get("throttle_share")
        if share is not None or event is Noted.GRAPH_ANSWERED:  # a good answer is silent below 0.8
            self._limit_ratio.labels(source).set(_number(share))


def _number(value: Fact) -> float:
    return float(value or 0)


@contextmanager
def serving(metrics: Metrics, address: tuple[str, int]) -> Iterator[str]:
    """Show the figures to whoever asks for PATH; yields host:port. Raises OSError when that can't be had."""
    host, port = address
    server = make_server(host, port, _only_metrics(metrics), _server_for(host), _Handler)
    thread = Thread(target=server.serve_forever, args=(STOP_WITHIN_S,), name="metrics", daemon=True)
    thread.start()
    try:
        shown = f"[{host}]" if ":" in host else host
        listen = f"{shown}:{server.server_port}"
        log.info(events.METRICS_SERVED, listen=listen, path=PATH)
        yield listen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _only_metrics(metrics: Metrics) -> Callable[..., Iterable[bytes]]:
    """The library's page under PATH alone: a probe that asks for /healthz must not take it for its answer."""
    page: Callable[..., Iterable[bytes]] = make_wsgi_app(metrics.registry)

    def app(environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == PATH:
            return page(environ, start_response)
        start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [f"There is only {PATH}.\n".encode()]

    return app


class _Server(ThreadingWSGIServer):
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
