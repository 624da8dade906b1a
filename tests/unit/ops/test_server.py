"""The web server of all doors: whoever is slow or silent holds up nobody, and is cut off."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from time import monotonic
from typing import Any

import pytest
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from worker.ops.server import TAKEN_MIN, Limits, Taking, bound, configuration, serving

LOOPBACK = ("127.0.0.1", 0)
LARGE, CHUNK = 1 << 25, 1 << 16
SILENT = b""
HALF_A_HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "
HALF_A_BODY = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"
HALF_A_CHUNK = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf"
BLANKS = b"\r\n"


class Echo:
    """Answers with the length of what was sent; `/large` much, and `/wait` when it is let."""

    def __init__(self) -> None:
        self.calls = 0
        self.waiting = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.over = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        if scope["path"] == "/wait":
            self.waiting.release()
            await run_in_threadpool(self.go_on.wait, 10)
        body = await Request(scope, receive).body()
        large = StreamingResponse(iter([bytes(CHUNK)] * (LARGE // CHUNK)))
        response = large if scope["path"] == "/large" else PlainTextResponse(str(len(body)))
        await response(scope, receive, send)
        self.over.set()


@pytest.fixture
def echo() -> Echo:
    return Echo()


def post(listen: str, body: bytes = b"", path: str = "/") -> tuple[int, str]:
    connection = http.client.HTTPConnection(listen, timeout=5)
    try:
        connection.request("POST", path, body)
        with connection.getresponse() as answer:
            return answer.status, answer.read().decode()
    finally:
        connection.close()


@contextmanager
def callers(listen: str, number: int, said: bytes) -> Iterator[list[socket.socket]]:
    """So many who say this, and no more."""
    host, _, port = listen.rpartition(":")
    with ExitStack() as stack:
        made = []
        for _ in range(number):
            caller = stack.enter_context(socket.create_connection((host, int(port)), timeout=5))
            caller.sendall(said)
            made.append(caller)
        yield made


def is_cut_off(caller: socket.socket) -> bool:
    """Whether the other side ends it. Raises TimeoutError when it doesn't."""
    with suppress(ConnectionError):
        while caller.recv(100):
            pass
    return True


SLOW = [SILENT, HALF_A_HEAD, HALF_A_BODY, HALF_A_CHUNK, BLANKS]
IDS = ["silent", "head", "body", "chunk", "blanks"]


@pytest.mark.parametrize("said", SLOW, ids=IDS)
def test_two_hundred_slow_callers_keep_nobody_waiting_and_have_no_thread(echo: Echo, said: bytes) -> None:
    with serving(echo, LOOPBACK, "door", Limits(1000)) as listen:
        before = threading.active_count()
        with callers(listen, 250, said):
            began_s = monotonic()

            assert post(listen, b"good") == (200, "4")
            assert monotonic() - began_s < 2
            assert threading.active_count() <= before  # one of an earlier test may end meanwhile
    assert echo.calls == 1


@pytest.mark.parametrize("said", SLOW, ids=IDS)
def test_a_request_that_is_not_whole_in_time_is_cut_off(echo: Echo, said: bytes) -> None:
    limits = Limits(1000, request_within_s=0.3)
    with serving(echo, LOOPBACK, "door", limits) as listen, callers(listen, 1, said) as [caller]:
        assert is_cut_off(caller)


def test_byte_after_byte_buys_no_time(echo: Echo) -> None:
    limits = Limits(1000, request_within_s=0.3)
    with serving(echo, LOOPBACK, "door", limits) as listen, callers(listen, 1, HALF_A_HEAD) as [caller]:
        caller.settimeout(0.02)
        began_s = monotonic()
        with pytest.raises(OSError, match=r"reset|pipe"):  # noqa: PT012  until it is cut off
            while monotonic() - began_s < 5:
                caller.sendall(b"x")
                with suppress(TimeoutError):
                    if caller.recv(1) == b"":
                        raise BrokenPipeError("broken pipe")


def test_an_answer_that_nobody_takes_is_given_up(echo: Echo) -> None:
    limits = Limits(1000, taken_within_s=0.3)
    asked = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
    with serving(echo, LOOPBACK, "door", limits) as listen, callers(listen, 1, asked) as [caller]:
        assert caller.recv(1) == b"H"
        assert echo.over.wait(5), "its thread of thought is free again"
        read = 0
        with suppress(ConnectionError):
            while part := caller.recv(1 << 16):
                read += len(part)
    assert read < LARGE


def test_who_takes_a_large_answer_gets_all_of_it_and_the_next_on_the_same_connection(echo: Echo) -> None:
    with serving(echo, LOOPBACK, "door", Limits(1000, request_within_s=5, taken_within_s=5)) as listen:
        connection = http.client.HTTPConnection(listen, timeout=5)
        for path in ("/large", "/", "/large"):
            connection.request("POST", path, b"body")
            assert len(connection.getresponse().read()) == (LARGE if path == "/large" else 1)
        connection.close()


class Line:
    """A loop and a transport in one: `left` is what the other side has not taken yet."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.is_cut_off = False
        self.planned: list[Callable[[], None]] = []

    def call_later(self, _: float, call: Callable[[], None]) -> Line:
        self.planned.append(call)
        return self

    def cancel(self) -> None:
        self.planned.clear()

    def get_write_buffer_size(self) -> int:
        return self.left

    def abort(self) -> None:
        self.is_cut_off = True


def test_an_answer_may_take_as_long_as_it_wants_while_some_of_it_is_taken() -> None:
    line = Line(10 * TAKEN_MIN)
    taking: Any = Taking(30)
    taking.begin(line, line)
    for _ in range(9):
        line.left -= TAKEN_MIN
        line.planned.pop()()
        assert not line.is_cut_off
        assert len(line.planned) == 1
    line.left -= 1
    line.planned.pop()()
    assert line.is_cut_off


def test_where_there_are_too_many_who_waited_longest_makes_room(echo: Echo) -> None:
    limits = Limits(1000, connections_max=10)
    with (
        serving(echo, LOOPBACK, "door", limits) as listen,
        callers(listen, 10, SILENT) as first,
        callers(listen, 10, HALF_A_HEAD) as second,
    ):
        assert post(listen, b"good") == (200, "4")
        assert all(map(is_cut_off, first))
        second[-1].sendall(b"x\r\nConnection: close\r\n\r\n")
        assert second[-1].recv(100).startswith(b"HTTP/1.1 200 ")


def test_more_calls_than_are_worked_on_at_once_are_told_to_come_back(echo: Echo) -> None:
    waiting = b"GET /wait HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with (
        serving(echo, LOOPBACK, "door", Limits(1000, calls_max=2)) as listen,
        callers(listen, 2, waiting) as asked,
        callers(listen, 5, HALF_A_BODY),
    ):
        assert all(echo.waiting.acquire(timeout=5) for _ in asked)
        assert post(listen) == (503, "Too much to do; try again.\n")
        echo.go_on.set()
        assert all(one.recv(100).startswith(b"HTTP/1.1 200 ") for one in asked)
        assert post(listen, b"body") == (200, "4"), "those who are slow don't count"


CALLER = "203.0.113.7"


@pytest.mark.parametrize(
    "trusted, peer, forwarded, seen",
    [
        pytest.param("", CALLER, "192.0.2.1", CALLER, id="nobody is trusted"),
        pytest.param("10.0.0.0/8", CALLER, "192.0.2.1", CALLER, id="a caller from outside makes it up"),
        pytest.param("10.0.0.0/8", "10.0.0.1", CALLER, CALLER, id="a proxy of ours"),
        pytest.param(
            "10.0.0.0/8", "10.0.0.1", f"192.0.2.1, {CALLER}", CALLER, id="the caller made up the first hop"
        ),
        pytest.param(
            "10.0.0.0/8", "10.0.0.1", f"10.9.9.9, {CALLER}, 10.0.0.2", CALLER, id="a chain of two proxies"
        ),
        pytest.param(
            "10.0.0.1", "10.0.0.1", f"{CALLER}, 10.0.0.2", "10.0.0.2", id="only the nearest is known"
        ),
        pytest.param("2001:db8::/32", "2001:db8::1", "2001:db9::7", "2001:db9::7", id="IPv6"),
        pytest.param(
            "2001:db8::/32", "2001:db8:0::1", f"{CALLER}, [2001:db8::2]:443", CALLER, id="IPv6 with a port"
        ),
        pytest.param("10.0.0.0/8", "10.0.0.1", f"{CALLER}, , 10.0.0.2", "10.0.0.1", id="an empty hop"),
        pytest.param(
            "10.0.0.0/8", "10.0.0.1", f"{CALLER}, <b>", "<b>", id="a hop that is no address is nobody's"
        ),
        pytest.param("10.0.0.0/8", "10.0.0.1", "", "10.0.0.1", id="nothing in it"),
    ],
)
def test_the_caller_is_the_rightmost_hop_that_no_trusted_proxy_is(
    monkeypatch: pytest.MonkeyPatch, trusted: str, peer: str, forwarded: str, seen: str
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", trusted)

    async def whose(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(scope["client"][0])(scope, receive, send)

    config = configuration(whose, Limits(0))
    config.load()
    client = TestClient(config.loaded_app, client=(peer, 5000))
    assert client.get("/", headers={"X-Forwarded-For": forwarded}).text == seen


@pytest.mark.parametrize("host", ["no such host", "x\x00y", "ü" * 70])
def test_an_address_that_is_none_is_an_error_of_the_system(host: str) -> None:
    with pytest.raises((OSError, UnicodeError)):
        bound((host, 0))


# --- uploads ----------------------------------------------------------------------------------------------


def is_file(scope: Scope) -> bool:
    return bool(scope["path"] == "/file")


def test_an_upload_is_passed_on_as_it_comes_however_long_and_others_are_not(echo: Echo) -> None:
    with serving(echo, LOOPBACK, "door", Limits(1000, is_upload=is_file)) as listen:
        assert post(listen, bytes(LARGE), "/file") == (200, str(LARGE))
        with callers(listen, 1, HALF_A_BODY.replace(b" / ", b" /file ")):
            assert wait_for_calls(echo, 2)
        with callers(listen, 1, HALF_A_BODY):
            assert not wait_for_calls(echo, 3, 0.2)


def test_an_upload_has_time_of_its_own_and_then_is_cut_off(echo: Echo) -> None:
    limits = Limits(1000, request_within_s=0.2, is_upload=is_file, upload_within_s=1.0)
    with (
        serving(echo, LOOPBACK, "door", limits) as listen,
        callers(listen, 1, HALF_A_BODY.replace(b" / ", b" /file ")) as [slow],
    ):
        began = monotonic()
        assert is_cut_off(slow)
        assert monotonic() - began > 0.7


def test_after_the_answer_to_an_upload_a_connection_has_the_time_of_any(echo: Echo) -> None:
    limits = Limits(1000, request_within_s=0.3, is_upload=is_file, upload_within_s=30.0)
    whole = b"POST /file HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nhalf"
    with serving(echo, LOOPBACK, "door", limits) as listen, callers(listen, 1, whole) as [caller]:
        assert caller.recv(12) == b"HTTP/1.1 200"
        began = monotonic()
        while caller.recv(4096):
            pass
        assert monotonic() - began < 5


def wait_for_calls(echo: Echo, number: int, within_s: float = 5.0) -> bool:
    until = monotonic() + within_s
    while echo.calls < number and monotonic() < until:
        threading.Event().wait(0.01)
    return echo.calls >= number
