"""The pages for machines over HTTP: what each answers, and that nobody can keep them from answering."""

from __future__ import annotations

import http.client
import json
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from time import monotonic

import pytest
from prometheus_client import CollectorRegistry

from fakes.log_lines import Lines
from worker.ops.clock import ManualClock
from worker.ops.health import Health
from worker.ops.metrics import Metrics
from worker.ops.pages import serving
from worker.ops.statusz import Status
from worker.ports.state.figures import ProcessState

LOOPBACK = ("127.0.0.1", 0)
NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
PAGES = ("/healthz", "/readyz", "/statusz", "/metrics")
SLOW = 150  # callers who say half of what they want


class Process:
    """What the pages show; `error` is the database's, `trouble` the loop's."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.trouble = ""
        self.health = Health(self.check)
        self.health.watch(lambda: self.trouble)
        self.health.started()
        self.status = Status("host:1", "9.9", (), self.standing, ManualClock(NINE))

    def check(self) -> None:
        if self.error is not None:
            raise self.error

    def standing(self) -> ProcessState:
        self.check()
        return ProcessState()

    def serving(self, address: tuple[str, int] = LOOPBACK) -> AbstractContextManager[str]:
        return serving(Metrics().registry, self.health, self.status, address)


Answer = tuple[int, str, http.client.HTTPMessage]


def ask(listen: str, path: str, method: str = "GET") -> Answer:
    connection = http.client.HTTPConnection(listen, timeout=5)
    try:
        connection.request(method, path)
        with connection.getresponse() as answer:
            return answer.status, answer.read().decode(), answer.headers
    finally:
        connection.close()


@pytest.fixture
def process() -> Process:
    return Process()


@pytest.fixture
def get(process: Process) -> Iterator[Callable[..., Answer]]:
    with process.serving() as listen:
        yield lambda path, method="GET": ask(listen, path, method)


def test_a_process_that_is_well_says_so(get: Callable[..., Answer]) -> None:
    assert get("/healthz")[:2] == (200, "alive\n")
    assert get("/readyz")[:2] == (200, "ready\n")
    assert get("/statusz")[0] == 200
    assert get("/metrics")[0] == 200


def test_without_its_database_it_is_alive_and_not_ready(process: Process, get: Callable[..., Answer]) -> None:
    process.error = OSError("connection refused")

    assert get("/healthz")[0] == 200
    assert get("/readyz")[:2] == (503, "not ready: connection refused\n")
    status, text, _ = get("/statusz")
    assert (status, json.loads(text)["error"]) == (503, "connection refused")
    assert get("/metrics")[0] == 200


def test_a_loop_that_stands_still_is_a_reason_to_start_anew_and_the_rest_goes_on(
    process: Process, get: Callable[..., Answer]
) -> None:
    process.trouble = "no job was started for 61 s"

    assert get("/healthz")[:2] == (503, "not alive: no job was started for 61 s\n")
    assert get("/readyz")[0] == 200


def test_the_status_is_json_that_nobody_keeps(get: Callable[..., Answer]) -> None:
    _, text, headers = get("/statusz")

    assert json.loads(text)["process"] == "host:1"
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", PAGES)
def test_who_asks_for_the_head_gets_no_body(get: Callable[..., Answer], path: str) -> None:
    status, text, headers = get(path, "HEAD")

    assert (status, text) == (200, "")
    assert int(headers["Content-Length"]) > 0


@pytest.mark.parametrize("path", [*PAGES, "/nothing"])
def test_after_the_head_nothing_follows_on_the_wire(process: Process, path: str) -> None:
    with process.serving() as listen:
        host, _, port = listen.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=5) as caller:
            caller.sendall(f"HEAD {path} HTTP/1.0\r\n\r\n".encode())
            with caller.makefile("rb") as answer:
                whole = answer.read()

    assert whole.endswith(b"\r\n\r\n")
    assert whole.count(b"\r\n\r\n") == 1


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_sent_to_it(get: Callable[..., Answer], path: str, method: str) -> None:
    status, _, headers = get(path, method)

    assert (status, headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/", "/healthz/", "/readyzx", "/metrics/", "/favicon.ico", "/metrics/x"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_other_paths_are_not_there(get: Callable[..., Answer], path: str, method: str) -> None:
    status, text, _ = get(path, method)

    assert status == 404
    assert text == ("" if method == "HEAD" else "There is only /healthz, /readyz, /statusz, /metrics.\n")


@pytest.mark.parametrize("path", [*PAGES, "/nothing"])
def test_no_version_is_given_away(get: Callable[..., Answer], path: str) -> None:
    assert get(path)[2].get_all("Server") == ["whosleft"]


def test_what_follows_a_question_mark_does_not_matter(get: Callable[..., Answer]) -> None:
    assert get("/healthz?verbose=1")[0] == 200


def test_callers_who_say_nothing_keep_no_probe_waiting(process: Process) -> None:
    with process.serving() as listen, ExitStack() as stack:
        host, _, port = listen.rpartition(":")
        for _ in range(SLOW):
            slow = stack.enter_context(socket.create_connection((host, int(port)), timeout=5))
            slow.sendall(b"GET /healthz HT")
        began_s = monotonic()

        assert ask(listen, "/healthz")[0] == 200
        assert monotonic() - began_s < 2


def test_it_says_where_it_is_and_nothing_of_who_asks(
    process: Process, lines: Lines, capfd: pytest.CaptureFixture[str]
) -> None:
    with process.serving() as listen:
        ask(listen, "/metrics")
        host, _, port = listen.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=5) as caller:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            caller.sendall(b"GET /metr")
        ask(listen, "/metrics")

    assert capfd.readouterr() == ("", "")
    (line,) = lines.all()
    assert (line["event"], line["listen"], line["path"]) == ("metrics.served", listen, "/metrics")
    assert int(port) > 0


def test_its_port_is_closed_at_once_afterwards_and_an_address_in_use_is_an_error(process: Process) -> None:
    with process.serving() as listen:
        host, _, port = listen.rpartition(":")
        with pytest.raises(OSError, match="in use"), process.serving((host, int(port))):
            pass
        assert ask(listen, "/healthz")[0] == 200
        began_s = monotonic()

    assert monotonic() - began_s < 2
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((host, int(port)), timeout=5)


def test_an_address_of_the_new_protocol_is_shown_in_brackets(process: Process) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no ::1")
    with process.serving(("::1", 0)) as listen:
        assert listen.startswith("[::1]:")
        assert ask(listen, "/healthz")[0] == 200


def test_an_empty_registry_is_an_empty_page(process: Process) -> None:
    with serving(CollectorRegistry(), process.health, process.status, LOOPBACK) as listen:
        assert ask(listen, "/metrics")[:2] == (200, "")
