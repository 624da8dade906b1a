"""The server for the calls of others: small ones, silent, and gone with the worker."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.ops.receiver import BODY_MAX, receiving
from worker.ports import InboundCall


class Source:
    """Answers with what it was asked."""

    name, caller, key = "tenant", "The tenant", "listen"

    def __init__(self, listen: str = "127.0.0.1:0") -> None:
        self.listen = listen
        self.calls: list[tuple[str, dict[str, str], bytes]] = []

    def receive(self, call: InboundCall) -> tuple[int, str]:
        self.calls.append((call.path, dict(call.query), call.body))
        return 202, call.query.get("validationToken", "")


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


def say(address: str, *raw: bytes, is_all: bool = True) -> bytes:
    """Send these bytes, one packet each; what came back until the other side closed. Not all: hang up after them."""
    host, _, port = address.rpartition(":")
    found = b""
    with socket.create_connection((host, int(port)), timeout=5) as connection, suppress(OSError):
        for part in raw:
            connection.sendall(part)
        if not is_all:
            connection.shutdown(socket.SHUT_WR)
        while part := connection.recv(4096):
            found += part
    return found


def chunked(*chunks: bytes, trailer: bytes = b"") -> bytes:
    sized = [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks]
    return b"".join([*sized, b"0\r\n", trailer, b"\r\n"])


HEAD = b"POST /entra HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
STREAMED = HEAD + b"Transfer-Encoding: %b\r\n\r\n"


def test_a_post_is_answered_by_the_source_in_plain_text() -> None:
    source = Source()
    with receiving([source]) as (address,):
        status, text, headers = ask(address, "POST", "/entra?validationToken=a%20%26%20%C3%A4", b"body")

    assert (status, text) == (202, "a & ä")
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert source.calls == [("/entra", {"validationToken": "a & ä"}, b"body")]


def test_a_get_is_the_source_s_to_answer_and_other_methods_are_not() -> None:
    source = Source()
    with receiving([source]) as (address,):
        assert ask(address, "GET", "/entra?validationToken=x")[:2] == (202, "x")
        assert ask(address, "DELETE", "/entra")[:2] == (405, "")
    assert source.calls == [("/entra", {"validationToken": "x"}, b"")]


@pytest.mark.parametrize(
    "length, status",
    [
        (str(BODY_MAX + 1), 413),
        ("9" * 19, 413),
        ("-1", 400),
        ("many", 400),
        ("9" * 5000, 400),
        ("\xb2", 400),
        ("", 400),
    ],
)
def test_a_body_that_is_too_large_or_of_no_length_is_not_waited_for(length: str, status: int) -> None:
    source = Source()
    with receiving([source]) as (address,):
        assert ask(address, "POST", "/", headers={"Content-Length": length})[0] == status
    assert source.calls == []


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Source, str]]:
    source = Source()
    with receiving([source]) as (address,):
        yield source, address


@given(chunks=st.lists(st.binary(min_size=1, max_size=300), max_size=20))
def test_a_body_in_chunks_is_read_whole(served: tuple[Source, str], chunks: list[bytes]) -> None:
    source, address = served
    source.calls.clear()

    answer = say(address, STREAMED % b"chunked", chunked(*chunks))

    assert answer.startswith(b"HTTP/1.1 202 ")
    assert source.calls == [("/entra", {}, b"".join(chunks))]


@given(body=st.binary() | st.binary().map(lambda inner: b"4\r\nbody\r\n" + inner))
def test_whatever_comes_as_chunks_is_answered(served: tuple[Source, str], body: bytes) -> None:
    answer = say(served[1], STREAMED % b"chunked", body, is_all=False)

    assert answer.startswith((b"HTTP/1.1 202 ", b"HTTP/1.1 400 ", b"HTTP/1.1 413 ")) or not answer


@pytest.mark.parametrize(
    "body",
    [
        chunked(b"body", trailer=b"X-Checksum: 7\r\nX-More: 8\r\n"),
        b"4;name=value\r\nbody\r\n0;last\r\n\r\n",
        b"0004\r\nbody\r\n000\r\n\r\n",
        b"4 \r\nbody\r\n0\r\n\r\n",
    ],
)
@pytest.mark.parametrize("coding", [b"chunked", b" Chunked "])
def test_extensions_and_trailers_of_chunks_are_left_out(coding: bytes, body: bytes) -> None:
    source = Source()
    with receiving([source]) as (address,):
        assert b" 202 " in say(address, STREAMED % coding, *(bytes([one]) for one in body))
    assert source.calls == [("/entra", {}, b"body")]


@pytest.mark.parametrize(
    "body",
    [
        b"4\r\nbodyX\r\n0\r\n\r\n",
        b"-4\r\nbody\r\n0\r\n\r\n",
        b"0x4\r\nbody\r\n0\r\n\r\n",
        b"0_4\r\nbody\r\n0\r\n\r\n",
        b"\xd9\xa4\r\nbody\r\n0\r\n\r\n",
        b"\r\nbody\r\n0\r\n\r\n",
    ],
)
def test_chunks_that_are_none_are_not_for_the_source(body: bytes) -> None:
    source = Source()
    with receiving([source]) as (address,):
        assert b" 400 " in say(address, STREAMED % b"chunked", body)
    assert source.calls == []


@pytest.mark.parametrize("body", [b"", b"4\r\nbo", b"4\r\nbody\r\n", b"4\r\nbody\r\n0\r\n"])
def test_chunks_without_an_end_are_not_for_the_source(body: bytes) -> None:
    source = Source()
    with receiving([source]) as (address,):
        assert say(address, STREAMED % b"chunked", body, is_all=False) == b""
    assert source.calls == []


@pytest.mark.parametrize("header", [b"gzip, chunked", b"identity"])
def test_a_body_whose_end_is_not_certain_is_not_for_the_source(header: bytes) -> None:
    source = Source()
    with receiving([source]) as (address,):
        assert b" 202 " not in say(address, STREAMED % header, chunked(b"body"), is_all=False)
    assert source.calls == []


@pytest.mark.parametrize(
    "body",
    [
        b"%x\r\n" % (BODY_MAX + 1) + bytes(BODY_MAX + 1),
        b"f" * 30 + b"\r\n",
        b"".join(b"10000\r\n%b\r\n" % bytes(65536) for _ in range(BODY_MAX // 65536 + 1)),
    ],
    ids=["one chunk", "a size without end", "many chunks"],
)
def test_a_body_in_chunks_has_the_same_limit(body: bytes) -> None:
    source = Source()
    with receiving([source]) as (address,):
        answer = say(address, STREAMED % b"chunked", body, is_all=False)
    assert (
        answer.startswith((b"HTTP/1.1 413 ", b"HTTP/1.1 400 ")) or not answer
    )  # the rest was not waited for
    assert source.calls == []


def test_a_body_that_is_shorter_than_it_says_is_not_for_the_source() -> None:
    source = Source()
    with receiving([source]) as (address,):
        assert say(address, HEAD + b"Content-Length: 9\r\n\r\n", b"body", is_all=False) == b""
    assert source.calls == []


@pytest.mark.parametrize("target", [b"http://[", b"http://[x]/", b"//[", b"/%ff?validationToken=%ff"])
def test_a_target_that_is_none_is_answered(target: bytes) -> None:
    with receiving([Source()]) as (address,):
        answer = say(address, HEAD.replace(b"/entra", target) + b"Content-Length: 0\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 202 "))


def test_nothing_of_a_call_is_logged(capfd: pytest.CaptureFixture[str]) -> None:
    with receiving([Source()]) as (address,):
        ask(address, "POST", "/entra?validationToken=opaque", b"body")
        ask(address, "GET", "/entra")
        ask(address, "BREW", "/entra")

    assert capfd.readouterr() == ("", "")


def test_each_source_has_its_own_address() -> None:
    first, second = Source(), Source()
    with receiving([first, second]) as addresses:
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
