"""The pages of one process for machines: /healthz, /readyz, /statusz and /metrics.

They have a small server of their own. It starts before the tables are checked, so that a process that waits for
them can say so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, make_wsgi_app
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from worker.ops import events, server
from worker.ops.health import Health, Trouble
from worker.ops.statusz import Status
from worker.ops.terminal import json_text

LIVE, READY, STATUS, METRICS = "/healthz", "/readyz", "/statusz", "/metrics"
OK, UNAVAILABLE = 200, 503

log = structlog.stdlib.get_logger(__name__)


@contextmanager
def serving(
    registry: CollectorRegistry, health: Health, status: Status, address: tuple[str, int]
) -> Iterator[str]:
    """Serve the pages; yield host:port. Raises OSError if the address is not available."""
    with server.serving(
        _application(registry, health, status), address, "metrics", server.Limits(body_max=0)
    ) as listen:
        log.info(events.METRICS_SERVED, listen=listen, path=METRICS)
        yield listen


def _application(registry: CollectorRegistry, health: Health, status: Status) -> ASGIApp:
    metrics = make_wsgi_app(registry)
    pages: Mapping[str, Callable[[Headers], Response]] = {
        LIVE: lambda _: _probe("alive", health.liveness()),
        READY: lambda _: _probe("ready", health.readiness()),
        STATUS: lambda _: _document(*status.document()),
        METRICS: lambda asked: _metrics(metrics, asked),
    }

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        page, method = pages.get(scope["path"]), scope["method"]
        if page is None:
            response = _told(404, f"There is only {', '.join(pages)}.\n")
        elif method not in {"GET", "HEAD"}:
            response = _told(405, "Nothing can be sent to it.\n")
            response.headers["Allow"] = "GET, HEAD"
        else:  # these may have to wait for the database
            response = await run_in_threadpool(page, Headers(scope=scope))
        response.headers["Server"] = "whosleft"  # in place of the library's name and version
        if method == "HEAD":
            response.body = b""
        await response(scope, receive, send)

    return app


def _metrics(metrics: Callable[..., Iterable[bytes]], asked: Headers) -> Response:
    """The metrics, in the format that Prometheus asked for."""
    said: list[Any] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": METRICS,
        "QUERY_STRING": "",
        "HTTP_ACCEPT": asked.get("accept", ""),
        "HTTP_ACCEPT_ENCODING": asked.get("accept-encoding", ""),
    }
    body = b"".join(metrics(environ, lambda *what: said.extend(what)))
    return Response(body, headers=dict(said[1]))


def _probe(what: str, trouble: Trouble) -> Response:
    return _told(UNAVAILABLE, f"not {what}: {trouble}\n") if trouble else _told(OK, f"{what}\n")


def _document(is_whole: bool, document: Mapping[str, Any]) -> Response:  # noqa: FBT001  as Status.document tells it
    text = json_text(document, indent=2)
    return _told(OK if is_whole else UNAVAILABLE, f"{text}\n", "application/json; charset=utf-8")


def _told(status: int, text: str, content_type: str = "text/plain; charset=utf-8") -> Response:
    headers = {
        "Content-Type": content_type,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(text, status, headers)
