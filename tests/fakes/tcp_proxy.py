"""A wire that can be broken while it is in use: a TCP proxy on loopback before one server.

    client <-> proxy (one thread) <-> server;  faults act on what the server says, `mend` ends them

Each order is in force when its method returns. Counts speak of everything since the start.
"""

from __future__ import annotations

import selectors
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

CHUNK = 65536  # bytes
WAITING_MAX = 1 << 20  # bytes read and not yet delivered, in one direction; then the sender has to wait
CONNECT_S_MAX = 5.0
ORDER_S_MAX = 10.0
RESET = struct.pack("ii", 1, 0)  # close at once, and tell the other side so


@dataclass(frozen=True, slots=True)
class Fault:
    """How the server's answers are treated; byte counts start anew for each connection and each fault."""

    cut_after: int | None = None
    lost_after: int | None = None
    is_reset: bool = False
    corrupt_after: int | None = None
    is_frozen: bool = False
    trickle_s: float = 0.0
    delay_s: float = 0.0


@dataclass(eq=False, slots=True)
class _Flow:
    """One direction of one connection."""

    source: socket.socket
    sink: socket.socket
    is_from_server: bool
    waiting: deque[tuple[float, bytes]] = field(default_factory=deque)  # due (monotonic), what
    size: int = 0
    seen: int = 0  # bytes since the fault was set
    has_ended: bool = False  # the source has nothing more to say
    is_shut: bool = False  # and the sink knows


class TcpProxy:
    """A context manager: listens at `address` (host, port) from entering to leaving, then nothing is left of it.

    A `host` that is a folder has PostgreSQL's socket of that port in it.
    """

    def __init__(self, host: str, port: int, *, listen: str = "127.0.0.1") -> None:
        self.target = (host, port)
        self.connections = 0
        self.bytes_from_server = 0
        self.bytes_from_client = 0
        self._fault = Fault()
        self._flows: set[_Flow] = set()
        self._orders: deque[tuple[Callable[[], None], threading.Event]] = deque()
        self._selector = selectors.DefaultSelector()
        self._bell, self._ringer = socket.socketpair()
        self._bell.setblocking(False)
        self._listener = _bound((listen, 0))
        self._listener.listen()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="tcp-proxy")

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._listener.getsockname()
        return host, port

    @property
    def port(self) -> int:
        return self.address[1]

    @property
    def open_connections(self) -> int:
        return len(self._flows) // 2

    # Orders

    def refuse(self) -> None:
        """Refuse new connections, as a server that is down does; those that are open stay."""
        self._order(self._stop_listening)

    def cut_after(self, count: int, *, reset: bool = False) -> None:
        """Close each connection when `count` more bytes of the server have passed (0: at once), new ones too.

        In order (the client reads an end), or with a reset.
        """
        self._set(Fault(cut_after=count, is_reset=reset))

    def lose_answers_after(self, count: int) -> None:
        """Close each connection in place of what the server says once it has `count` more bytes of the client."""
        self._set(Fault(lost_after=count))

    def freeze(self) -> None:
        """Deliver nothing in either direction, and close nothing; connections are accepted."""
        self._set(Fault(is_frozen=True))

    def trickle(self, interval_s: float) -> None:
        """Deliver one byte of the server every so many seconds."""
        self._set(Fault(trickle_s=interval_s))

    def corrupt_after(self, count: int) -> None:
        """Turn over every bit of the byte that follows `count` more bytes of the server, once per connection."""
        self._set(Fault(corrupt_after=count))

    def delay(self, seconds: float) -> None:
        """Deliver each chunk of the server so many seconds late."""
        self._set(Fault(delay_s=seconds))

    def mend(self) -> None:
        """Be a good wire again: what was held back is delivered, new connections are accepted."""
        self._order(self._listen)
        self._set(Fault())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_closing = True
        self._ringer.send(b"!")
        self._thread.join()
        for end in (self._ringer, self._bell):
            end.close()  # not before: the thread may be gone ahead of the bell

    def _set(self, fault: Fault) -> None:
        def in_force() -> None:
            self._fault = fault
            for flow in self._flows:
                flow.seen = 0
                flow.waiting = deque((0.0, what) for _, what in flow.waiting)

        self._order(in_force)

    def _order(self, act: Callable[[], None]) -> None:
        done = threading.Event()
        self._orders.append((act, done))
        self._ringer.send(b"!")
        if not done.wait(ORDER_S_MAX):
            raise RuntimeError("the proxy's thread does not answer: it has ended, or was never entered")

    # The thread

    def _run(self) -> None:
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._selector.register(self._listener, selectors.EVENT_READ)
        try:
            while not self._is_closing:
                ready = [key.fileobj for key, _ in self._selector.select(self._pause())]
                self._turn(ready)
        finally:
            for flow in list(self._flows):
                self._drop(flow)
            self._selector.close()
            self._listener.close()

    def _turn(self, ready: Sequence[object]) -> None:
        if self._bell in ready:
            self._bell.recv(CHUNK)
        while self._orders:
            act, done = self._orders.popleft()
            act()
            done.set()
        if self._listener in ready and self._is_listening():
            self._accept()
        for flow in list(self._flows):
            if flow in self._flows:
                self._serve(flow, is_readable=flow.source in ready)
        self._watch()

    def _serve(self, flow: _Flow, *, is_readable: bool) -> None:
        try:
            if is_readable and self._may_read(flow):
                self._read(flow)
            if not self._fault.is_frozen:
                self._deliver(flow)
        except BlockingIOError:
            return  # the sink is full: later
        except OSError:
            self._drop(flow)  # one side is gone, so the other one hears of it

    def _read(self, flow: _Flow) -> None:
        data = flow.source.recv(CHUNK)
        if not data:
            flow.has_ended = True
            return
        if not flow.is_from_server:
            flow.seen += len(data)
            self._hold(flow, data, 0.0)
            return
        fault, begin = self._fault, flow.seen
        if fault.lost_after is not None and self._asked(flow) >= fault.lost_after:
            self._drop(flow)
            return
        flow.seen += len(data)
        if fault.corrupt_after is not None and begin <= fault.corrupt_after < flow.seen:
            spot = fault.corrupt_after - begin
            data = data[:spot] + bytes([data[spot] ^ 0xFF]) + data[spot + 1 :]
        if fault.cut_after is not None:
            data = data[: max(0, fault.cut_after - begin)]
        self._hold(flow, data, time.monotonic() + fault.delay_s if fault.delay_s else 0.0)

    def _hold(self, flow: _Flow, data: bytes, due: float) -> None:
        flow.size += len(data)
        interval = self._fault.trickle_s if flow.is_from_server else 0.0
        if not interval:
            flow.waiting.append((due, data))
            return
        last = max(time.monotonic(), flow.waiting[-1][0] if flow.waiting else 0.0)
        flow.waiting.extend(
            (last + interval * turn, data[turn - 1 : turn]) for turn in range(1, len(data) + 1)
        )

    def _deliver(self, flow: _Flow) -> None:
        while flow.waiting and flow.waiting[0][0] <= time.monotonic():
            due, data = flow.waiting[0]
            sent = flow.sink.send(data) if data else 0
            flow.size -= sent
            self._count(flow, sent)
            flow.waiting.popleft()
            if sent < len(data):
                flow.waiting.appendleft((due, data[sent:]))
        limit = self._fault.cut_after
        if flow.is_from_server and limit is not None and flow.seen >= limit and not flow.waiting:
            self._drop(flow)
        elif flow.has_ended and not flow.waiting and not flow.is_shut:
            self._end(flow)

    def _count(self, flow: _Flow, sent: int) -> None:
        if flow.is_from_server:
            self.bytes_from_server += sent
        else:
            self.bytes_from_client += sent

    def _end(self, flow: _Flow) -> None:
        flow.sink.shutdown(socket.SHUT_WR)
        flow.is_shut = True
        if all(other.is_shut for other in self._pair(flow)):
            self._drop(flow)

    def _drop(self, flow: _Flow) -> None:
        for other in self._pair(flow):
            self._flows.discard(other)
            self._unwatch(other.source)
            if self._fault.is_reset:
                other.source.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            other.source.close()

    def _asked(self, flow: _Flow) -> int:
        """How many bytes the client of a server's flow has sent."""
        return sum(other.seen for other in self._pair(flow) if not other.is_from_server)

    def _pair(self, flow: _Flow) -> list[_Flow]:
        return [other for other in self._flows if flow.source in {other.source, other.sink}]

    # Connections

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:
            return  # it gave up while it waited
        self.connections += 1
        try:
            server = self._connected()
        except OSError:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            client.close()
            return
        for end in (client, server):
            end.setblocking(False)
            if end.family is not socket.AF_UNIX:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._flows |= {
            _Flow(client, server, is_from_server=False),
            _Flow(server, client, is_from_server=True),
        }

    def _connected(self) -> socket.socket:
        host, port = self.target
        if not host.startswith("/"):
            return socket.create_connection(self.target, CONNECT_S_MAX)
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server

    def _stop_listening(self) -> None:
        if not self._is_listening():
            return
        address = self.address
        self._selector.unregister(self._listener)
        self._listener.close()
        # Bound and not listening: it refuses, and keeps the port from others
        self._listener = _bound(address)

    def _listen(self) -> None:
        if not self._is_listening():
            self._listener.listen()
            self._selector.register(self._listener, selectors.EVENT_READ)

    def _is_listening(self) -> bool:
        return self._listener in self._selector.get_map()

    # What to wait for

    def _may_read(self, flow: _Flow) -> bool:
        return not (self._fault.is_frozen or flow.has_ended or flow.size > WAITING_MAX)

    def _watch(self) -> None:
        for flow in self._flows:
            if self._may_read(flow):
                if flow.source not in self._selector.get_map():
                    self._selector.register(flow.source, selectors.EVENT_READ)
            else:
                self._unwatch(flow.source)

    def _unwatch(self, end: socket.socket) -> None:
        if end in self._selector.get_map():
            self._selector.unregister(end)

    def _pause(self) -> float | None:
        """Return the seconds until something held back is due; None to wait for the sockets alone."""
        if self._fault.is_frozen:
            return None
        dues = [flow.waiting[0][0] for flow in self._flows if flow.waiting]
        if not dues:
            return None
        # A sink that is full is tried again soon
        return max(0.005, min(dues) - time.monotonic())


def _bound(address: tuple[str, int]) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.setblocking(False)
    return listener
