"""A time limit for a whole answer, for libraries that have one for each piece of it alone."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Timer


@contextmanager
def cut_off(connection: socket.socket) -> Iterator[None]:
    """End the connection if the block takes longer than its time-out for one read, and raise TimeoutError."""
    limit_s = connection.gettimeout()
    assert limit_s is not None  # noqa: S101  nobody opens one without
    is_over = Event()

    def end() -> None:
        is_over.set()
        with suppress(OSError):
            # Not by a TLS connection's own way, which takes the encryption away below whoever reads
            socket.socket.shutdown(connection, socket.SHUT_RDWR)

    timer = Timer(limit_s, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if is_over.is_set():
            raise TimeoutError("not whole in time")
