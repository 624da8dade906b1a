"""Microsoft Graph: one call is one answer, as plain JSON, or an error of ours.

    call -> does the tenant's budget allow it? -> token -> request -> noted with its ids and its cost -> JSON

A token goes to the configured address alone, whatever a link says. Each request has a `client-request-id` of its
own, which Microsoft's support asks for. Nothing here tries again, but for a token that Graph has refused once.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx2

from connectors import _http
from connectors.directory.entra.answers import (
    GONE,
    NOT_FOUND,
    UNAVAILABLE,
    Told,
    claims_in,
    error_in,
    request_id,
)
from connectors.directory.entra.budget import Budget, cost
from connectors.directory.entra.tokens import Tokens
from worker.ports import CursorExpired, Incomplete, Note, Noted, PermissionDenied, Rejected, Transient

VERSION = "v1.0"
# Codes with which Graph says that a delta has to begin anew; compared in lower case, since both spellings were seen
_RESETS = frozenset({
    "syncstatenotfound", "resyncrequired", "resyncchangesapplydifferences", "resyncchangesuploaddifferences",
    "directory_expiredpagetoken", "directory_expiredskiptoken", "expiredpagetoken",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request, as it is sent again after a token was refused."""

    method: str
    url: str
    what: str
    headers: Mapping[str, str]
    body: Any = None


class Graph:
    """One tenant's Graph, over one connection pool. The budget is shared with all who ask the same tenant."""

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

    def get(self, url: str, *, what: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object behind an address. Raises ConnectorError; Missing for one that is not there."""
        return self.call("GET", url, what=what, headers=headers)

    def find(self, url: str, *, what: str) -> dict[str, Any] | None:
        """As `get`; None when Graph says for certain that there is no such thing."""
        try:
            return self.get(url, what=what)
        except Missing:
            return None

    def count(self, url: str, *, what: str) -> int:
        """The number behind a `$count` address, as of a moment ago (it is eventually consistent)."""
        response = self._answered(_Ask("GET", url, what, {"ConsistencyLevel": "eventual"}))
        text = response.text.strip().lstrip("\ufeff")
        if not text.isdecimal():
            raise Incomplete(f"Graph's number of {what} is no number.")
        return int(text)

    def call(
        self,
        method: str,
        url: str,
        *,
        what: str,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> dict[str, Any]:
        """As `get`, with any method and a JSON body."""
        response = self._answered(_Ask(method, url, what, headers or {}, body))
        if not response.content and method != "GET":
            return {}
        try:
            found = response.json()
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise Incomplete(
                f"Graph's answer for {what} is not whole.",
                remedy="Nobody's status is changed; it is read again.",
            )
        return found

    def _answered(self, ask: _Ask) -> httpx2.Response:
        self._require_own(ask.url, ask.what)
        response = self._sent(ask)
        if response.status_code == _http.REFUSED:
            claims = claims_in(response.headers.get("www-authenticate", ""))
            if claims is None:
                self._tokens.forget()
            response = self._sent(ask, claims)
        if response.status_code == UNAVAILABLE:  # the next try should reach another machine
            self._client.close()
            self._client = self._new_client()
        if not response.is_success:
            raise self._failure(response, ask.what)
        return response

    def _sent(self, ask: _Ask, claims: str | None = None) -> httpx2.Response:
        """Any answer. `claims` is what the token has to prove besides."""
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
            response = self._client.request(
                ask.method, ask.url, headers={**own, **ask.headers}, json=ask.body
            )
        except httpx2.HTTPError as error:
            self._note(Noted.GRAPH_UNANSWERED, **asked, took_s=_since(began_s), error=type(error).__name__)
            raise _http.broken(f"Graph, asked for {ask.what},", error) from None
        told = Told.of(response, units, self._now())
        self._budget.settle(units, told.units)
        if told.retry_after_s is not None and not response.is_success:
            self._budget.pause(told.retry_after_s)
        self._note(told.noted, **asked, took_s=_since(began_s), **asdict(told))
        return response

    def _take(self, ask: _Ask, units: int) -> None:
        """Take part of the tenant's budget. Raises Transient, and sends nothing, before it is time."""
        hold = self._budget.take(units)
        if hold is None:
            return
        self._note(
            Noted.GRAPH_HELD_BACK,
            what=ask.what,
            method=ask.method,
            wait_s=round(hold.wait_s, 3),
            why=hold.why,
        )
        raise Transient(
            f"Graph is not asked for {ask.what} yet: {hold.why}.",
            remedy="It is asked by itself when the time has come.",
            retry_after_s=hold.wait_s,
        )

    def _require_own(self, url: str, what: str) -> None:
        wanted = urlsplit(self.root)
        try:
            scheme, host = urlsplit(url)[:2]
        except ValueError:
            scheme, host = "", "no address"
        if (scheme, host) != (wanted.scheme, wanted.netloc):
            raise Incomplete(
                f"Graph points to {scheme}://{host} for {what}, which is not {self.root}.",
                remedy="It is not followed. Check cloud and graph_url, and any proxy in between.",
            )

    def _failure(self, response: httpx2.Response, what: str) -> Exception:
        code, said = error_in(response)
        where = f"Graph, asked for {what},"
        named = ", ".join(text for text in (code, said, f"request {request_id(response)}") if text)
        if response.status_code == GONE or code.lower() in _RESETS:
            return CursorExpired(f"{where} wants to begin anew ({named}).")
        if response.status_code == NOT_FOUND:
            return Missing(f"{where} has no such thing ({named}).", remedy="It is looked for elsewhere.")
        wait_s = _http.retry_after_s(response.headers, self._now())
        error = _http.failure(where, response.status_code, named, wait_s)
        if isinstance(error, PermissionDenied):
            error.remedy = "whosleft check names the permission; an administrator has to consent to it."
        return error


class Missing(Rejected):
    """Graph answered 404."""


def _since(began_s: float) -> float:
    return round(monotonic() - began_s, 3)
