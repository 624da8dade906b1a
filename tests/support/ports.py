"""Ports of this machine for servers of tests."""

import socket


def free_port() -> int:
    """A port that nobody listens on. It stays free unless somebody takes it before the server does."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
