"""Microsoft Graph: one call is one answer, as plain JSON, or an error of ours.

A token goes to the configured address alone, whatever a link says. Each request has a `client-request-id` of its
own, which Microsoft's support asks for. Nothing here tries again, but for a token that Graph has refused once.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx2

from connectors import _http
from connectors.directory.entra.tokens import Tokens
from worker.ports import CursorExpired, Incomplete, PermissionDenied, Rejected

VERSION = "v1.0"
# Codes with which Graph says that a delta has to begin anew; compared in lower case, since both spellings were seen
_RESETS = frozenset({
    "syncstatenotfound", "resyncrequired", "resyncchangesapplydifferences", "resyncchangesuploaddifferences",
    "directory_expiredpagetoken", "directory_expiredskiptoken", "expiredpagetoken",
})  # fmt: skip
GONE, NOT_FOUND, UNAVAILABLE = 410, 404, 503
_CLAIMS = re.compile(r'claims="([A-Za-z0-9+/=_-]+)"')


class Graph:
    """One tenant's Graph, over one connection pool."""

    def __init__(
        self, root: str, tokens: Tokens, new_client: Callable[[], httpx2.Client], now: Callable[[], datetime]
    ) -> None:
        self.root = root
        self._tokens = tokens
        self._new_client = new_client
        self._client = new_client()
        self._now = now

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
        response = self._answered("GET", url, what, {"ConsistencyLevel": "eventual"}, None)
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
        response = self._answered(method, url, what, headers or {}, body)
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

    def _answered(
        self, method: str, url: str, what: str, headers: Mapping[str, str], body: Any
    ) -> httpx2.Response:
        self._require_own(url, what)
        response = self._sent(method, url, what, headers, body, self._tokens.get())
        if response.status_code == _http.REFUSED:
            claims = _claims_in(response.headers.get("www-authenticate", ""))
            if claims is None:
                self._tokens.forget()
            response = self._sent(method, url, what, headers, body, self._tokens.get(claims))
        if response.status_code == UNAVAILABLE:  # the next try should reach another machine
            self._client.close()
            self._client = self._new_client()
        if not response.is_success:
            raise self._failure(response, what)
        return response

    def _sent(
        self, method: str, url: str, what: str, headers: Mapping[str, str], body: Any, token: str
    ) -> httpx2.Response:
        own = {
            "Authorization": f"Bearer {token}",
            "client-request-id": str(uuid.uuid4()),
            "x-ms-throttle-priority": "low",
        }
        try:
            return self._client.request(method, url, headers={**own, **headers}, json=body)
        except httpx2.HTTPError as error:
            raise _http.broken(f"Graph, asked for {what},", error) from None

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
        code, said = _error_in(response)
        where = f"Graph, asked for {what},"
        named = ", ".join(text for text in (code, said, f"request {_request_id(response)}") if text)
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


def _error_in(response: httpx2.Response) -> tuple[str, str]:
    """Graph's own code and text, of a body that may be anything."""
    try:
        error = response.json()["error"]
        return str(error.get("code", "")), " ".join(str(error.get("message", "")).split())[:200]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", ""


def _request_id(response: httpx2.Response) -> str:
    found: str = response.headers.get("request-id") or response.headers.get("client-request-id") or "unknown"
    return found


def _claims_in(header: str) -> str | None:
    """The claims that Graph wants proven (continuous access evaluation), as JSON."""
    match = _CLAIMS.search(header)
    if match is None or "insufficient_claims" not in header:
        return None
    try:
        return base64.b64decode(match[1] + "=" * (-len(match[1]) % 4), altchars=b"-_").decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
