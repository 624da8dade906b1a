"""One event loop for all the clients of a test process.

A client of its own accord starts a loop and threads for each request, which takes longer than most answers.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import cache
from typing import TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.testclient import TestClient

_Client = TypeVar("_Client", bound=TestClient)
_AT_THE_END = ExitStack()


def in_one_loop(client: _Client) -> _Client:
    """Have the client send its requests into the loop that all share. Returns the same client."""
    client.portal = portal()
    return client


@cache
def portal() -> BlockingPortal:
    """The way into the loop from a test, which has a thread of its own."""
    return _AT_THE_END.enter_context(start_blocking_portal())


def end() -> None:
    """End the loop and its threads. The next client that is made starts another."""
    portal.cache_clear()
    _AT_THE_END.close()


def pytest_unconfigure() -> None:
    """Leave no thread, for which Python would wait."""
    end()
