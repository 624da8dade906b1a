"""The wire that tests break does what it is told, and nothing of it is left."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from fakes.tcp_proxy import TcpProxy

SOON_S = 0.15  # long enough for whatever would come to have come
LATE_S = 5.0


class Echo:
    """A server that says back what it hears, until its listener is closed."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(LATE_S)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._talk, args=(client,)))
            self._threads[-1].start()

    @staticmethod
    def _talk(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            while data := client.recv(65536):
                client.sendall(data)


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.close()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[TcpProxy]:
    with TcpProxy("127.0.0.1", echo.port) as proxy:
        yield proxy


@pytest.fixture
def client(proxy: TcpProxy) -> Iterator[socket.socket]:
    with socket.create_connection(proxy.address, LATE_S) as client:
        assert ask(client, b"hello") == b"hello"
        yield client


def ask(client: socket.socket, data: bytes) -> bytes:
    client.sendall(data)
    return read(client, len(data))


def read(client: socket.socket, count: int, within_s: float = LATE_S) -> bytes:
    """Read so many bytes, or what there was when the connection ended or the time was over."""
    got, until = bytearray(), time.monotonic() + within_s
    while len(got) < count and (left := until - time.monotonic()) > 0:
        client.settimeout(left)
        try:
            data = client.recv(count - len(got))
        except TimeoutError:
            break
        if not data:
            break
        got += data
    return bytes(got)


def test_much_passes_unchanged_in_both_directions_and_is_counted(
    proxy: TcpProxy, client: socket.socket
) -> None:
    data = bytes(range(256)) * 100_000
    sender = threading.Thread(target=client.sendall, args=(data,))
    sender.start()
    sender.join(SOON_S)  # 25 MB: every buffer on the way is full by now

    assert read(client, len(data)) == data
    sender.join()
    assert proxy.bytes_from_client == proxy.bytes_from_server == len(data) + len(b"hello")
    assert (proxy.connections, proxy.open_connections) == (1, 1)


def test_an_end_is_passed_on(proxy: TcpProxy, client: socket.socket) -> None:
    client.sendall(b"last words")
    client.shutdown(socket.SHUT_WR)

    assert read(client, 100) == b"last words"
    client.settimeout(LATE_S)
    assert client.recv(1) == b""


def test_refuses_new_connections_keeps_open_ones_and_mends(proxy: TcpProxy, client: socket.socket) -> None:
    address = proxy.address
    proxy.refuse()
    proxy.refuse()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, LATE_S)
    assert ask(client, b"still here") == b"still here"

    proxy.mend()
    with socket.create_connection(address, LATE_S) as again:
        assert ask(again, b"back") == b"back"
    assert proxy.address == address


@pytest.mark.parametrize("count", [1, 7, 9])
def test_cuts_every_connection_after_so_many_bytes(
    proxy: TcpProxy, client: socket.socket, count: int
) -> None:
    proxy.cut_after(count)

    with socket.create_connection(proxy.address, LATE_S) as second:
        for one in (client, second):
            one.sendall(b"0123456789")
            assert read(one, 10) == b"0123456789"[:count]
            assert one.recv(1) == b""


def test_cuts_at_once_what_is_open_and_what_comes(proxy: TcpProxy, client: socket.socket) -> None:
    proxy.cut_after(0)

    assert client.recv(1) == b""
    with socket.create_connection(proxy.address, LATE_S) as second:
        assert second.recv(1) == b""
    assert proxy.open_connections == 0


def test_a_cut_may_be_a_reset(proxy: TcpProxy, client: socket.socket) -> None:
    proxy.cut_after(3, reset=True)
    client.sendall(b"0123456789")

    with pytest.raises(ConnectionResetError):
        read(client, 10)


def test_what_is_said_after_so_much_was_asked_is_lost_though_the_server_has_all_of_it(
    proxy: TcpProxy, client: socket.socket
) -> None:
    proxy.lose_answers_after(5)

    assert ask(client, b"1234") == b"1234"
    assert ask(client, b"56") == b""
    assert proxy.bytes_from_client == len(b"hello123456")
    assert proxy.open_connections == 0


def test_freezes_and_delivers_when_mended(proxy: TcpProxy, client: socket.socket) -> None:
    proxy.freeze()
    client.sendall(b"anybody there?")

    assert read(client, 1, SOON_S) == b""
    with socket.create_connection(proxy.address, LATE_S) as second:
        second.sendall(b"me too")
        assert read(second, 1, SOON_S) == b""
        proxy.mend()
        assert read(second, 6) == b"me too"
    assert read(client, 14) == b"anybody there?"


def test_trickles_byte_by_byte_and_delivers_the_rest_when_mended(
    proxy: TcpProxy, client: socket.socket
) -> None:
    proxy.trickle(0.05)
    begun = time.monotonic()
    client.sendall(bytes(range(100)))

    assert read(client, 4) == bytes(range(4))
    assert 0.2 <= time.monotonic() - begun < 2

    proxy.mend()
    assert read(client, 96, 1) == bytes(range(4, 100))


def test_corrupts_one_byte_once(proxy: TcpProxy, client: socket.socket) -> None:
    proxy.corrupt_after(5)

    assert ask(client, b"0123") == b"0123"
    assert ask(client, b"4567") == b"4" + bytes([ord("5") ^ 0xFF]) + b"67"
    assert ask(client, b"89ab") == b"89ab"


def test_delays_each_chunk(proxy: TcpProxy, client: socket.socket) -> None:
    proxy.delay(0.2)
    begun = time.monotonic()

    assert ask(client, b"hello") == b"hello"
    assert 0.2 <= time.monotonic() - begun < 2


def test_a_server_that_is_down_resets_the_client(proxy: TcpProxy, echo: Echo) -> None:
    echo.close()

    with (
        pytest.raises(ConnectionResetError),
        socket.create_connection(proxy.address, LATE_S) as client,  # may hear of it as soon as here
    ):
        client.recv(1)
    assert proxy.connections == 1


def test_the_target_can_be_another_server(proxy: TcpProxy, client: socket.socket) -> None:
    other = Echo()
    proxy.target = ("127.0.0.1", other.port)
    try:
        with socket.create_connection(proxy.address, LATE_S) as second:
            assert ask(second, b"moved") == b"moved"
        assert ask(client, b"stayed") == b"stayed"
    finally:
        other.close()


@pytest.mark.parametrize("order", ["freeze", "refuse", "mend"])
def test_nothing_is_left_of_it(echo: Echo, order: str) -> None:
    before = set(threading.enumerate())
    with TcpProxy("127.0.0.1", echo.port) as proxy:
        address = proxy.address
        client = socket.create_connection(address, LATE_S)
        client.sendall(b"x")
        getattr(proxy, order)()

    with client, contextlib.suppress(ConnectionResetError):
        assert read(client, 2) in {b"", b"x"}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, LATE_S)
    assert not any(thread.name == "tcp-proxy" for thread in set(threading.enumerate()) - before)
