"""The recipe's bridge serves one connection after another, so none may hold it for long."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Event, Thread

import pytest

from recipes import bridge


@pytest.fixture
def heard() -> Event:
    """Whether Roundup was asked for what changed."""
    return Event()


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch, heard: Event) -> Iterator[int]:
    assert bridge.Events.timeout == bridge.TIMEOUT_S
    monkeypatch.setattr(bridge.Events, "timeout", 0.2)
    monkeypatch.setattr(bridge, "EVERY_S", 0.0)

    def hear(_tracker: object, since: str) -> str:
        heard.set()
        return since

    monkeypatch.setattr(bridge, "hear", hear)
    with bridge.Bridge(("127.0.0.1", 0), bridge.Events) as server:
        server.tracker = None
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "half", [b"", b"POST / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"]
)
def test_half_a_request_stops_neither_direction_for_long(half: bytes, port: int, heard: Event) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(half)
        connection.settimeout(5)
        assert connection.recv(1000) == b"", "it is let go"
        heard.clear()
        assert heard.wait(5)
