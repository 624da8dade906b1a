"""HTTP for connectors: one client with time-outs, and the errors for answers other than success.

    | what came back | error | was it done? |
    |---|---|---|
    | nothing: no name, no connection, no TLS | NotDone | no |
    | nothing, or half an answer, after it was sent | Transient | unclear |
    | 429 | NotDone, with the wait asked for | no |
    | 408, any 5xx | Transient, with the wait asked for | unclear |
    | 401; 403; any other | AuthFailed; PermissionDenied; Rejected | no |

Nothing here tries again. No part of a request gets into an error, since its headers hold the credential.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import monotonic
from typing import Any

import httpcore2
import httpx2
from pydantic import SecretStr

from connectors.kit.text import cut, one_line
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorError,
    NotDone,
    PermissionDenied,
    Rejected,
    Transient,
)

CONNECT_S = 10.0
WAIT_MAX_S = (
    3600.0  # the longest wait that a source may ask for: a gateway may name a date in another century
)
REFUSED, FORBIDDEN, TIMED_OUT, TOO_MANY, TROUBLE = 401, 403, 408, 429, 500
OWN_MACHINE = ("http://127.0.0.1", "http://[::1]", "http://localhost")  # no proxy can reach our loopback
ANSWER_MAX = 64 << 20  # bytes of an answer, unpacked
SAID_MAX, READ_MAX = 200, 4096  # of an answer's text: characters that are kept, bytes that are read
_PASSING = "It is tried again by itself."

logging.getLogger("httpx2").setLevel(
    logging.WARNING
)  # at INFO it logs every address, and some hold a credential


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """A context that trusts the system's authorities, and those of the file. Raises BadConfig."""
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise BadConfig(
                f"The certificates of {ca_file.name} can't be read: {error}.",
                remedy="Give the issuing authority's certificate as a PEM file (BEGIN CERTIFICATE).",
            ) from error
    return context


def new_client(read_s: float, tls: ssl.SSLContext, *, is_direct: bool = False) -> httpx2.Client:
    """A client that keeps its connections and follows no redirect. Plain HTTP to this machine goes through no proxy.

    It gives up where an answer isn't whole `read_s` after its request was sent. It goes through the proxy that the
    environment names, unless `is_direct`.
    """
    client = httpx2.Client(
        timeout=httpx2.Timeout(read_s, connect=CONNECT_S),
        verify=tls,
        follow_redirects=False,
        trust_env=not is_direct,
        mounts=dict.fromkeys(OWN_MACHINE),
    )
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001  it has no argument for this
        if isinstance(transport, httpx2.HTTPTransport):
            transport._pool._network_backend = _Network()  # noqa: SLF001  nor has that
    return client


class _Network(httpcore2.SyncBackend):
    """Connections on which an answer has a time limit as a whole: the library's own is for each piece of it."""

    def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore2.NetworkStream:
        return _Stream(super().connect_tcp(*args, **kwargs))


class _Stream(httpcore2.NetworkStream):
    """All that is read until the next write has to come within the time that one read may take."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream
        self._until_s: float | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if timeout is None:
            return self._stream.read(max_bytes)
        if self._until_s is None:
            self._until_s = monotonic() + timeout
        left_s = self._until_s - monotonic()
        if left_s <= 0:
            raise httpcore2.ReadTimeout("not whole in time")
        return self._stream.read(max_bytes, left_s)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._until_s = None
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, *args: Any, **kwargs: Any) -> httpcore2.NetworkStream:
        return _Stream(self._stream.start_tls(*args, **kwargs))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def read_within(response: httpx2.Response, most: int) -> bytes | None:
    """The body of a streamed answer, unpacked; None if it has more than `most` bytes, and then the rest is not read."""
    data = bytearray()
    for part in response.iter_bytes():
        data += part
        if len(data) > most:
            return None
    return bytes(data)


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that the other side asks us to wait (RFC 9110 10.2.3: seconds, or a date); None if it doesn't ask."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())


def failure(where: str, status: int, said: str, wait_s: float | None) -> ConnectorError:
    """The error for an unsuccessful status; `said` is the other side's own short text."""
    message = f"{where} answered {status}{f' ({said})' if said else ''}."
    if status == TOO_MANY:
        return NotDone(message, remedy=_PASSING, retry_after_s=wait_s)
    if status == TIMED_OUT or status >= TROUBLE:
        return Transient(message, remedy=_PASSING, retry_after_s=wait_s)
    if status == REFUSED:
        return AuthFailed(message, remedy="Check the credential.")
    if status == FORBIDDEN:
        return PermissionDenied(message, missing=said or "a permission", remedy="See the README.")
    return Rejected(message, remedy="If it stays, look at the other side's log.")


# Errors of sending; the last two are for a Location that is no address, although it isn't followed
UNANSWERED = (httpx2.HTTPError, httpx2.InvalidURL, ValueError)
UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


def broken(where: str, error: Exception) -> Transient:
    """The error for no answer, or for half of one: for any of UNANSWERED."""
    how = "did not answer in time" if isinstance(error, httpx2.TimeoutException) else "broke off"
    detail = type(error).__name__
    kind = NotDone if isinstance(error, UNSENT) else Transient
    return kind(f"{where} {how} ({detail}).", remedy="Check the network; it is tried again by itself.")


@dataclass(frozen=True, slots=True)
class Posted:
    """The answer to a POST whose text says nothing that we need; `said` is its beginning, on one line."""

    status: int
    headers: Mapping[str, str]
    said: str


def post(
    client: httpx2.Client,
    where: str,
    url: SecretStr,
    body: bytes,
    headers: Mapping[str, str],
    extensions: Mapping[str, str] | None = None,
) -> Posted:
    """POST once to an address that is a secret itself, and return whatever is answered.

    Raises NotDone or Transient, with nothing behind them: the client's own errors know the address.
    """
    try:
        with client.stream(
            "POST",
            url.get_secret_value(),
            content=body,
            headers=dict(headers),
            extensions=dict(extensions or {}),
        ) as response:
            return Posted(response.status_code, dict(response.headers), _beginning(response))
    except UNANSWERED as trouble:
        error = broken(where, trouble)
    raise error


def _beginning(response: httpx2.Response) -> str:
    data = b""
    for part in response.iter_bytes():
        data += part
        if len(data) > READ_MAX:
            break
    return cut(one_line(data[:READ_MAX].decode(errors="replace")), SAID_MAX)
