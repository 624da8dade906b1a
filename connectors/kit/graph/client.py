"""Microsoft Graph: one call returns one answer, as plain JSON, or raises one of our errors.

    call -> does the tenant's budget allow it? -> token -> request -> noted with its ids and its cost -> JSON

A token goes only to the configured address, even if a link names another. Each request has its own
`client-request-id`, which Microsoft's support asks for. Nothing here tries again, except once after Graph refused a
token.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx2

from connectors.kit import http as _http
from connectors.kit.graph import notes
from connectors.kit.graph.answers import (
    GONE,
    NOT_FOUND,
    UNAVAILABLE,
    Told,
    claims_in,
    error_in,
    for_support,
    request_id,
)
from connectors.kit.graph.budget import Budget, cost
from connectors.kit.graph.tokens import Tokens
from worker.ports import (
    ConnectorError,
    CursorExpired,
    Incomplete,
    NotDone,
    Note,
    PermissionDenied,
    Rejected,
)

VERSION = "v1.0"
READ_USERS = "User.Read.All"  # the permission that a request needs, unless it names another
BAD_REQUEST = 400
NO_IMAGE = "imagenotfound"  # Graph's code, in lower case
PICTURE_MAX = 16 << 20  # bytes
_NOT_FOLLOWED = "It is not followed. Check cloud and graph_url, and any proxy in between."
_DIGITS_MAX = 12  # of a plausible number of users
# Graph's codes for a delta that has to begin anew; compared in lower case, since both spellings were seen
_RESETS = frozenset({
    "syncstatenotfound", "resyncrequired", "resyncchangesapplydifferences", "resyncchangesuploaddifferences",
    "directory_expiredpagetoken", "directory_expiredskiptoken", "expiredpagetoken",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request, kept to send it again after a refused token."""

    method: str
    url: str
    what: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    needs: str = READ_USERS
    most: int = _http.ANSWER_MAX  # bytes of an answer


class Graph:
    """One tenant's Graph, over one connection pool. All users of the same tenant share its budget."""

    def __init__(
        self,
        root: str,
        tokens: Tokens,
        new_client: Callable[[], httpx2.Client],
        now: Callable[[], datetime],
        *,
        budget: Budget,
        note: Note,
    ) -> None:
        self.root = root
        self._tokens = tokens
        self._new_client = new_client
        self._client = new_client()
        self._now = now
        self._budget = budget
        self._note = note

    def close(self) -> None:
        """Idempotent."""
        self._client.close()

    def url(self, path: str, **query: str) -> str:
        """The address of a path, with Graph's own `$` options."""
        text = str(httpx2.QueryParams({name.replace("_", "$", 1): value for name, value in query.items()}))
        return f"{self.root}/{VERSION}/{path}" + (f"?{text}" if text else "")

    def get(self, url: str, *, what: str, needs: str = READ_USERS, prefer: str = "") -> dict[str, Any]:
        """The JSON object at an address. Raises ConnectorError; Missing if there is none.

        `needs` is the permission that is missing if Graph denies access; `prefer` is sent as the header of that name.
        """
        headers = {"Prefer": prefer} if prefer else {}
        return self._json(_Ask("GET", url, what, headers, needs=needs))

    def digest(self, url: str, *, what: str, needs: str = READ_USERS) -> str:
        """The SHA-256 in hex of the bytes at an address, of which nothing is kept. Raises as `get`; NoImage."""
        response = self._answered(_Ask("GET", url, what, needs=needs, most=PICTURE_MAX))
        return hashlib.sha256(response.content).hexdigest()

    def find(self, url: str, *, what: str) -> dict[str, Any] | None:
        """As `get`; None if Graph says for certain that there is no such object."""
        try:
            return self.get(url, what=what)
        except Missing:
            return None

    def count(self, url: str, *, what: str) -> int:
        """The number at a `$count` address; it may be slightly old (it is eventually consistent)."""
        response = self._answered(_Ask("GET", url, what, {"ConsistencyLevel": "eventual"}))
        text = response.text.strip().lstrip("\ufeff")
        if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS_MAX):
            raise Incomplete(f"Graph's number of {what} is no number.")
        return int(text)

    def call(
        self, method: str, url: str, *, what: str, body: Any = None, needs: str = READ_USERS
    ) -> dict[str, Any]:
        """As `get`, with any method and a JSON body."""
        return self._json(_Ask(method, url, what, body=body, needs=needs))

    def _json(self, ask: _Ask) -> dict[str, Any]:
        response = self._answered(ask)
        if not response.content and ask.method != "GET":
            return {}
        try:
            found = response.json()
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise Incomplete(
                f"Graph's answer for {ask.what} is not whole.",
                remedy="Nobody's status is changed; it is read again.",
            )
        return found

    def _answered(self, ask: _Ask) -> httpx2.Response:
        self.require_own(ask.url, ask.what)
        response = self._sent(ask)
        if response.status_code == _http.REFUSED:
            claims = claims_in(response.headers.get("www-authenticate", ""))
            if claims is None:
                self._tokens.forget()
            response = self._sent(ask, claims)
        if response.status_code == UNAVAILABLE:  # a new connection may reach another machine
            self._client.close()
            self._client = self._new_client()
        if not response.is_success:
            raise self._failure(response, ask)
        return response

    def _sent(self, ask: _Ask, claims: str | None = None) -> httpx2.Response:
        """Send a request; return any answer. `claims` are extra claims that the token has to prove.

        Raises Incomplete for an answer of more bytes than the request allows, as soon as they have come.
        """
        units = cost(ask.url)
        self._take(ask, units)
        client_request_id = str(uuid.uuid4())
        own = {
            "Authorization": f"Bearer {self._tokens.get(claims)}",
            "client-request-id": client_request_id,
            "x-ms-throttle-priority": "low",
        }
        asked = {"what": ask.what, "method": ask.method, "client_request_id": client_request_id}
        began_s = monotonic()
        try:
            with self._client.stream(
                ask.method, ask.url, headers={**own, **ask.headers}, json=ask.body
            ) as streamed:
                data = _http.read_within(streamed, ask.most)
        except _http.UNANSWERED as error:
            self._note(notes.GRAPH_UNANSWERED, **asked, took_s=_since(began_s), error=type(error).__name__)
            raise _http.broken(f"Graph, asked for {ask.what},", error) from None
        response = _unpacked(streamed, data or b"")
        told = Told.of(response, units, self._now())
        self._budget.settle(units, told.units)
        if told.retry_after_s is not None and not response.is_success:
            self._budget.pause(told.retry_after_s)
        self._note(told.noted, **asked, took_s=_since(began_s), **asdict(told))
        if data is None:
            raise Incomplete(f"Graph's answer for {ask.what} has more than {ask.most >> 20} MB.")
        return response

    def _take(self, ask: _Ask, units: int) -> None:
        """Take units of the tenant's budget. Raises NotDone, before anything is sent, if it has to wait."""
        hold = self._budget.take(units)
        if hold is None:
            return
        self._note(
            notes.GRAPH_HELD_BACK,
            what=ask.what,
            method=ask.method,
            wait_s=round(hold.wait_s, 3),
            why=hold.why,
        )
        raise NotDone(
            f"Graph is not asked for {ask.what} yet: {hold.why}.",
            remedy="It is asked by itself when the time has come.",
            retry_after_s=hold.wait_s,
        )

    def require_own(self, url: str, what: str) -> None:
        """Raise Incomplete for an address that is not Graph's, or none at all. `what` is asked for there."""
        try:
            httpx2.URL(url)  # refuses control characters, and what is too long
            cost(url)  # and this one, numbers that are none
            own, asked = urlsplit(self.root)[:2], urlsplit(url)[:2]
        except (httpx2.InvalidURL, ValueError):
            raise Incomplete(f"Graph's link for {what} is no address.", remedy=_NOT_FOLLOWED) from None
        if own != asked:
            raise Incomplete(
                f"Graph points to {asked[0]}://{asked[1]} for {what}, which is not {self.root}.",
                remedy=_NOT_FOLLOWED,
            )

    def _failure(self, response: httpx2.Response, ask: _Ask) -> ConnectorError:
        """The error for a refusal. Values that change each time are in its remedy: see `for_support`."""
        error = self._kind(response, ask)
        error.remedy = (error.remedy + for_support("request", request_id(response))).strip()
        return error

    def _kind(self, response: httpx2.Response, ask: _Ask) -> ConnectorError:
        code, said = error_in(response)
        where = f"Graph, asked for {ask.what},"
        named = ", ".join(text for text in (code, said) if text)
        if response.status_code == GONE or code.lower() in _RESETS:
            return CursorExpired(f"{where} wants to begin anew ({named}).")
        wait_s = _http.retry_after_s(response.headers, self._now())
        error = _http.failure(where, response.status_code, named, wait_s)
        if response.status_code == NOT_FOUND:
            kind = NoImage if code.casefold() == NO_IMAGE else Missing
            return kind(error.message, remedy="It is looked for elsewhere.")
        if response.status_code == BAD_REQUEST:
            return BadRequest(error.message, remedy=error.remedy)
        if isinstance(error, PermissionDenied):
            error.missing = ask.needs
            error.remedy = (
                f"Grant the application permission {ask.needs} and consent to it; if it is granted, look for a "
                "policy or a proxy that refuses."
            )
        return error


class BadRequest(Rejected):
    """Graph answered 400: it does not understand the request."""


class Missing(Rejected):
    """Graph answered 404."""


class NoImage(Missing):
    """Graph knows whose picture is asked for, and there is none. Any other 404 may be of what the app may not see."""


def _unpacked(streamed: httpx2.Response, data: bytes) -> httpx2.Response:
    """The answer with its body, which is unpacked already."""
    headers = streamed.headers.copy()
    headers.pop("content-encoding", None)
    return httpx2.Response(streamed.status_code, headers=headers, content=data)


def _since(began_s: float) -> float:
    return round(monotonic() - began_s, 3)
