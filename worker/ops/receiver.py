"""Doors for the calls from outside that connectors want taken: small ones, and gone with the worker.

The ingress has TLS and the public address. The connector judges what a call says. Nothing here takes long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from worker.ops import server
from worker.ports import Called, InboundCall

METHODS = frozenset({"GET", "POST"})  # GET proves an address to those who ask before they call it
BODY_MAX = 1 << 20  # bytes; who bundles notifications is far from this
WRONG_METHOD, TOO_LARGE = 405, 413


@contextmanager
def receiving(sources: Sequence[Called]) -> Iterator[tuple[str, ...]]:
    """Take the calls of each source; yield the addresses. Raises OSError if one is in use."""
    with ExitStack() as stack:
        yield tuple(stack.enter_context(_serving(source, source.listen)) for source in sources)


@contextmanager
def _serving(source: Called, listen: str) -> Iterator[str]:
    host, _, port = listen.rpartition(":")
    address = host.strip("[]"), int(port)
    with server.serving(
        _application(source), address, f"receiver {listen}", server.Limits(BODY_MAX)
    ) as found:
        yield found


def _application(source: Called) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await _answer(source, request)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Server"] = "whosleft"
        await response(scope, receive, send)

    return app


async def _answer(source: Called, request: Request) -> Response:
    if request.method not in METHODS:
        return Response(status_code=WRONG_METHOD)
    if int(request.headers.get("content-length", "0")) > BODY_MAX:
        return Response(status_code=TOO_LARGE)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_MAX:
            return Response(status_code=TOO_LARGE)
    call = InboundCall(
        request.method,
        request.scope["path"],
        dict(request.query_params),
        {name.lower(): value for name, value in request.headers.items()},
        bytes(body),
    )
    status, text = await run_in_threadpool(source.receive, call)
    return PlainTextResponse(text, status, media_type="application/json" if text.startswith("{") else None)
