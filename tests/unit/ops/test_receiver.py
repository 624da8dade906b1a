"""The server for the calls of others: POST only, small, silent, and gone with the worker."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping

import pytest

from worker.ops.receiver import BODY_MAX, receiving


class Source:
    """Answers with what it was asked."""

    def __init__(self, listen: str | None = "127.0.0.1:0") -> None:
        self.listen = listen
        self.calls: list[tuple[str, dict[str, str], bytes]] = []

    def receive(self, path: str, query: Mapping[str, str], body: bytes) -> tuple[int, str]:
        self.calls.append((path, dict(query), body))
        return 202, query.get("validationToken", "")


def ask(
    address: str, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> tuple[int, str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request(method, path, body, dict(headers or {}))
        with connection.getresponse() as answer:
            return answer.status, answer.read().decode(), answer.headers
    finally:
        connection.close()


def test_a_post_is_answered_by_the_source_in_plain_text() -> None:
    source = Source()
    with receiving([source]) as (address,):
        status, text, headers = ask(address, "POST", "/entra?validationToken=a%20%26%20%C3%A4", b"body")

    assert (status, text) == (202, "a & ä")
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert source.calls == [("/entra", {"validationToken": "a & ä"}, b"body")]


def test_a_get_is_not_for_the_source() -> None:
    source = Source()
    with receiving([source]) as (address,):
        assert ask(address, "GET", "/entra?validationToken=x")[:2] == (405, "")
    assert source.calls == []


@pytest.mark.parametrize("length", [str(BODY_MAX + 1), "-1", "many", "9" * 40])
def test_a_body_that_is_too_large_is_not_read(length: str) -> None:
    source = Source()
    with receiving([source]) as (address,):
        assert ask(address, "POST", "/", headers={"Content-Length": length})[0] == 413
    assert source.calls == []


def test_nothing_of_a_call_is_logged(capfd: pytest.CaptureFixture[str]) -> None:
    with receiving([Source()]) as (address,):
        ask(address, "POST", "/entra?validationToken=opaque", b"body")
        ask(address, "GET", "/entra")
        ask(address, "BREW", "/entra")

    assert capfd.readouterr() == ("", "")


def test_each_source_has_its_own_address_and_one_without_wishes_none() -> None:
    first, second = Source(), Source()
    with receiving([first, Source(None), second]) as addresses:
        assert len(set(addresses)) == 2
        ask(addresses[1], "POST", "/")

    assert (len(first.calls), len(second.calls)) == (0, 1)


def test_its_port_is_closed_afterwards_and_an_address_in_use_is_an_error() -> None:
    with (
        receiving([Source()]) as (address,),
        pytest.raises(OSError, match="in use"),
        receiving([Source(address)]),
    ):
        pass
    host, _, port = address.rpartition(":")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((host, int(port)), timeout=5)
