"""A server that speaks JSON over HTTP: one call is one answer, as plain JSON, or an error of ours.

    call -> is there budget? (waits) -> request -> status -> JSON

A server that asked for a long pause is not asked within it: the call is NotDone at once. Nothing here tries again.
The credential is in the headers alone, and goes to the configured address alone: no redirect is followed.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx2

from connectors.kit.addresses import may_go_plainly
from connectors.kit.http import (
    ANSWER_MAX,
    UNANSWERED,
    WAIT_MAX_S,
    broken,
    failure,
    new_client,
    read_within,
    retry_after_s,
    trusting,
)
from connectors.kit.text import REPLACEMENT, cut, one_line
from worker.ports import BadConfig, ConnectorError, Incomplete, NotDone

READ_S = 30.0
PATIENCE_S = 30.0  # a longer pause is not waited for: one server's limit holds up no other
SAID_MAX = 120
BURST_SHARE = 10  # a tenth of what a minute allows may go out at once
NO_CONTENT, OK_MAX, MOVED_MAX = 204, 299, 399
_ODD = re.compile("[\x00\ud800-\udfff]")  # NUL, and halves of surrogate pairs
_MAY_HAVE_ODD = re.compile(rb"\\u0000|\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")  # as an escape, or as bytes


class Pace:
    """A budget of requests: so many a minute, `burst` of them at once (a tenth, if it isn't given). Threads share it.

    Kept on the monotonic clock: neither a wall clock that is set nor one that stands still (`--now`) may stop us.
    """

    def __init__(
        self, per_minute: int, clock_s: Callable[[], float] = monotonic, *, burst: int | None = None
    ) -> None:
        self._every_s = 60.0 / per_minute
        self._burst = burst or max(1, per_minute // BURST_SHARE)
        self._clock_s = clock_s
        self._next_s = clock_s() - self._burst * self._every_s
        self._paused_until_s = clock_s()
        self._lock = Lock()

    def take(self) -> float:
        """Take one request; return how long it has to wait, in seconds."""
        with self._lock:
            now_s = self._clock_s()
            self._next_s = max(self._next_s, now_s - self._burst * self._every_s) + self._every_s
            return max(0.0, self._next_s - now_s)

    def pause(self, wait_s: float) -> None:
        """Let nothing go out for so long, WAIT_MAX_S at most. A shorter wait does not end a longer one."""
        with self._lock:
            until_s = self._clock_s() + min(wait_s, WAIT_MAX_S)
            self._paused_until_s = max(self._paused_until_s, until_s)
            self._next_s = max(self._next_s, self._paused_until_s)

    def require_patience(self, where: str, now: datetime) -> None:
        """Raise NotDone if a pause lasts for longer than PATIENCE_S. `where` begins the message: who was asked."""
        with self._lock:
            left_s = self._paused_until_s - self._clock_s()
        if left_s > PATIENCE_S:
            until = now + timedelta(seconds=left_s + 59)  # rounded up to the minute
            raise NotDone(
                f"{where} has asked to be left alone.",
                remedy=f"It is tried again by itself, after {until:%Y-%m-%d %H:%M} UTC.",
                retry_after_s=left_s,
            )


@dataclass(frozen=True, slots=True)
class Raw:
    """A body that is no JSON: a file. `kind` is its content type."""

    data: bytes
    kind: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class If:
    """A body, JSON or `Raw`, for what still has this ETag: else the server answers 412 and does nothing."""

    etag: str
    body: Any


Query = Mapping[str, str | int | list[str]]  # a list is sent as one option several times


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server is, and how it is asked. `name` is what errors call it: "WAHA".

    `allows_private_http`: plain HTTP may go to a private address, not only to this machine.
    """

    name: str
    url: str
    headers: Mapping[str, str]
    per_minute: int
    ca_file: Path | None = None
    allows_private_http: bool = False
    read_s: float = READ_S


class Rest:
    """One server over one connection pool; connects when it is asked first."""

    def __init__(self, server: Server, now: Callable[[], datetime], sleep: Callable[[float], None]) -> None:
        self._server = server
        self._now = now
        self._sleep = sleep
        self._pace = Pace(server.per_minute)
        self._client: httpx2.Client | None = None

    def close(self) -> None:
        """End the connections. Idempotent; the next call connects anew."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def get(self, path: str, what: str, query: Query | None = None) -> Any:
        """Return the JSON behind a path. `what` is for errors: "the members of a group". Raises ConnectorError."""
        return self.call("GET", path, what, query=query)

    def call(
        self,
        method: str,
        path: str,
        what: str,
        *,
        query: Query | None = None,
        body: Any = None,
        auth: tuple[str, str] | None = None,
        takes_text: bool = False,
        confirm: Callable[[], None] | None = None,
    ) -> Any:
        """As `get`, with any method and a body: JSON, or `Raw`; None for an answer without a body.

        An error for a status has a `Refusal` as its cause. `takes_text`: an answer that is no JSON is its text.
        `confirm` is called right before the request goes out, and may fill in `body`; what it raises is passed on.
        """
        return self.answered(
            method, path, what, query=query, body=body, auth=auth, takes_text=takes_text, confirm=confirm
        )[0]

    def answered(
        self,
        method: str,
        path: str,
        what: str,
        *,
        query: Query | None = None,
        body: Any = None,
        auth: tuple[str, str] | None = None,
        takes_text: bool = False,
        confirm: Callable[[], None] | None = None,
    ) -> tuple[Any, Mapping[str, str]]:
        """As `call`, with the headers of the answer, by names in any case."""
        response, data, where = self._exchanged(method, path, what, query, body, auth, confirm)
        if response.status_code == NO_CONTENT or not data:
            return None, response.headers
        found, is_json = _parsed(data)
        if is_json:
            return found, response.headers
        if takes_text:
            return data.decode(errors="replace"), response.headers
        kind = one_line(response.headers.get("content-type", "no type"))
        raise Incomplete(
            f"{where} answered {response.status_code} with {cut(kind, SAID_MAX)} that is no whole JSON.",
            remedy=f"{_NOTHING_CHANGED} Check that url is the server itself, not a page in front of it.",
        )

    def digest(self, path: str, what: str) -> str:
        """Return the SHA-256 in hex of the bytes behind a path, of which nothing is kept. Raises as `call`."""
        _response, data, _where = self._exchanged("GET", path, what, None, None, None)
        return hashlib.sha256(data).hexdigest()

    def _exchanged(
        self,
        method: str,
        path: str,
        what: str,
        query: Query | None,
        body: Any,
        auth: tuple[str, str] | None,
        confirm: Callable[[], None] | None = None,
    ) -> tuple[httpx2.Response, bytes, str]:
        """Return a successful answer, its bytes, and the beginning of an error about it."""
        where = f"{self._server.name}, asked for {what},"
        self._pace.require_patience(where, self._now())
        if wait_s := self._pace.take():
            self._sleep(wait_s)
        if confirm is not None:
            confirm()
        try:
            with self._connected().stream(
                method,
                self._server.url.rstrip("/") + path,
                params=dict(query or {}),
                auth=auth,
                **self._sent(body),
            ) as response:
                data = self._read(response, where)
        except UNANSWERED as error:
            raise broken(where.rstrip(","), error) from error
        self._require_done(response, data, where)
        return response, data, where

    def _sent(self, body: Any) -> dict[str, Any]:
        headers = dict(self._server.headers)
        if isinstance(body, If):
            sent = self._sent(body.body)
            return {**sent, "headers": {**sent["headers"], "if-match": body.etag}}
        if isinstance(body, Raw):
            return {"content": body.data, "headers": {**headers, "content-type": body.kind}}
        return {"json": body, "headers": headers}

    def pause(self, wait_s: float) -> None:
        """Let nothing go out for so long: for limits that are told otherwise than by 429 and Retry-After."""
        self._pace.pause(wait_s)

    def _connected(self) -> httpx2.Client:
        if self._client is None:
            require_safe(self._server.url, allows_private=self._server.allows_private_http)
            self._client = new_client(self._server.read_s, trusting(self._server.ca_file))
        return self._client

    def _read(self, response: httpx2.Response, where: str) -> bytes:
        data = read_within(response, ANSWER_MAX)
        if data is None:
            raise Incomplete(f"{where} answered more than {ANSWER_MAX >> 20} MB.", remedy=_NOTHING_CHANGED)
        return data

    def _require_done(self, response: httpx2.Response, data: bytes, where: str) -> None:
        status = response.status_code
        if status > MOVED_MAX:
            found, _is_json = _parsed(data)
            asked_s = retry_after_s(response.headers, self._now())
            wait_s = None if asked_s is None else min(asked_s, WAIT_MAX_S)
            error = failure(where.rstrip(","), status, _said(found), wait_s)
            if isinstance(error, NotDone) and wait_s:
                self.pause(wait_s)
            raise error from Refusal(status, found, response.headers)
        if status > OK_MAX:
            raise BadConfig(
                f"{where} answered {status}, a redirection.",
                remedy="It is not followed. Give the address of the server itself in url.",
            ) from Refusal(status, None, response.headers)


_NOTHING_CHANGED = "Nothing is changed by it; it is read again."


class Refusal(Exception):
    """What a server said as it refused, as the cause of our error. `body` is JSON, None for anything else.

    Names in `headers` are in any case.
    """

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body
        self.headers: Mapping[str, str] = {} if headers is None else headers

    @classmethod
    def behind(cls, error: ConnectorError) -> Refusal:
        """Return the refusal behind an error; one of status 0 where there was no answer."""
        return error.__cause__ if isinstance(error.__cause__, cls) else cls(0, None)


def _parsed(data: bytes) -> tuple[Any, bool]:
    """Return JSON, and whether it is any, with U+FFFD for what no database keeps: else it would be news each time."""
    try:
        found = json.loads(data)
        return (_storable(found) if _MAY_HAVE_ODD.search(data) else found), True
    except (ValueError, RecursionError):
        return None, False


def _storable(found: Any) -> Any:
    if isinstance(found, str):
        return _ODD.sub(REPLACEMENT, found)
    if isinstance(found, list):
        return [_storable(one) for one in found]
    return (
        {_storable(key): _storable(value) for key, value in found.items()}
        if isinstance(found, dict)
        else found
    )


def _said(found: Any) -> str:
    """Return the short text that servers put into a refusal; "" where there is none."""
    if isinstance(found, dict):
        for key in ("message", "error", "errcode", "detail", "reason"):
            value = found.get(key)
            if isinstance(value, dict):
                value = value.get("message")
            if isinstance(value, str) and value.strip():
                return cut(one_line(value), SAID_MAX)
    return ""


def require_safe(url: str, *, allows_private: bool) -> None:
    """Raise BadConfig for plain HTTP that would leave this machine, or a private network where that is allowed."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return
    try:
        found = {ipaddress.ip_address(info[4][0]) for info in socket.getaddrinfo(parts.hostname, None)}
    except (OSError, UnicodeError, ValueError) as error:
        raise NotDone(
            f"The name {parts.hostname} can't be resolved ({type(error).__name__}).",
            remedy="Check url and the name server; it is tried again by itself.",
        ) from error
    if all(may_go_plainly(one, allows_private=allows_private) for one in found):
        return
    allowed = "this machine or a private address" if allows_private else "this machine"
    raise BadConfig(
        f"Plain http would send the credential to {parts.hostname}, which is not {allowed}.",
        remedy="Write https: in url.",
    )
