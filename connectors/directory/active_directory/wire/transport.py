"""TCP and TLS to one server, with a time limit for the whole answer and a verified certificate.

We connect ourselves, and give ldap3 the socket: its own TLS verifies nothing by default, sends no server name, and
on newer Pythons refuses certificates for IP addresses.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from connectors.directory.active_directory.config import TlsConfig
from worker.ports import BadConfig


class Timed:
    """A socket with a deadline for the whole answer, `until_s` (monotonic), even if bytes keep trickling in."""

    def __init__(self, plain: socket.socket, until_s: float) -> None:
        self.plain = plain
        self.until_s = until_s

    def recv(self, size: int) -> bytes:
        self._set_timeout()
        return self.plain.recv(size)

    def sendall(self, data: bytes) -> None:
        self._set_timeout()
        self.plain.sendall(data)

    def _set_timeout(self) -> None:
        left_s = self.until_s - monotonic()
        if left_s <= 0:
            raise TimeoutError("timed out")
        self.plain.settimeout(left_s)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)


@dataclass(frozen=True, slots=True)
class Certificate:
    """The server's certificate; `issuer` and the end are only known if it was verified."""

    issuer: str
    ends_at: datetime | None


def connect(url: str, connect_s: float) -> socket.socket:
    """A TCP connection. Raises OSError."""
    parts = urlsplit(url)
    plain = socket.create_connection((parts.hostname, parts.port), connect_s)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return plain


def encrypt(plain: socket.socket, url: str, tls: ssl.SSLContext, config: TlsConfig) -> ssl.SSLSocket:
    """The same connection, encrypted. Raises OSError; ssl.SSLCertVerificationError is one."""
    return tls.wrap_socket(plain, server_hostname=config.server_name or urlsplit(url).hostname)


def tls_context(config: TlsConfig, base_dir: Path) -> ssl.SSLContext:
    """A context that trusts the file's certificates if a file is set, else the system's. Raises BadConfig."""
    file = base_dir / config.ca_file if config.ca_file else None
    try:
        context = ssl.create_default_context(cafile=file)
    except (OSError, ssl.SSLError) as error:
        raise BadConfig(
            f"The certificates of tls.ca_file {config.ca_file} can't be read: {error}.",
            remedy="Give the issuing authority's certificate as a PEM file (BEGIN CERTIFICATE).",
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not config.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def certificate_of(encrypted: ssl.SSLSocket) -> Certificate:
    """Issuer and end of the server's certificate."""
    shown: dict[str, Any] = encrypted.getpeercert() or {}
    names = [value for relative in shown.get("issuer", ()) for _, value in relative]
    ends = shown.get("notAfter")
    ends_at = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if ends else None
    return Certificate(", ".join(reversed(names)), ends_at)
