"""The desk's web server: uvicorn in a thread of its own, so that signals stay the worker's."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from starlette.types import ASGIApp

BACKLOG = 128
CALLS_MAX = 200  # at once; what is more is told to come back (503), so that memory has a bound
KEEP_ALIVE_S = 15
GRACE_S = 5  # for answers under way when it ends


@contextmanager
def serving(app: ASGIApp, address: tuple[str, int]) -> Iterator[str]:
    """Serve the application there; yields host:port. Raises OSError when nothing can listen there."""
    listening = bound(address)
    with serving_on(listening, app):
        yield host_and_port_of(listening)


@contextmanager
def serving_on(listening: socket.socket, app: ASGIApp) -> Iterator[None]:
    """Serve the application on a socket of `bound`, which is closed in the end.

    The caller's address is taken from a proxy's headers only where FORWARDED_ALLOW_IPS (an environment variable,
    uvicorn's) names the proxy; by default that is this machine.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=CALLS_MAX,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, args=([listening],), name="desk", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(GRACE_S + 1)
        listening.close()


def host_and_port_of(listening: socket.socket) -> str:
    """Where it really listens: of port 0, the one that was free."""
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def bound(address: tuple[str, int]) -> socket.socket:
    """A socket that takes calls there, which wait until somebody serves them. Raises OSError."""
    host, port = address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only where the protocol is named; with it, each page waits 40 ms
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(BACKLOG)
    except BaseException:
        found.close()
        raise
    return found
