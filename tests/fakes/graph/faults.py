"""Faults of a service, set by rules: which requests, how many of them are let through first, how many are hit.

    faults.add(throttled(2), path="*/users/delta*", skip=1, times=3);  faults.clear()

A fault replaces the answer, spoils its bytes on the way, or edits the JSON of the true one. The names here are those
of section 1.5 and 7 of the project's notes on Microsoft Graph; any other is a `Fault(…)` of its own.
"""

from __future__ import annotations

import base64
import json
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from fakes.graph.http import Reply, Request

Json = dict[str, Any]
HTML = b"<html><head><title>503 Service Unavailable</title></head><body><h2>Our services aren't available.</h2></body>"
EXPIRED = (
    "The sync state generation is not found. The delta token is expired and data must be synchronized again."
)
RESYNC = "Resync required. Replace any local items with the server's version."
PAGE_TOKEN = "The specified page token value has expired and can no longer be included in your request."


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request.

    With a `status`: an error of `code` and `message` (or the raw `body`) instead of the answer. With an `edit`: the
    answer's JSON, changed. The rest is done to the bytes: see Reply. A `keep` share of the body with a
    Content-Length that fits is JSON cut short.
    """

    status: int | None = None
    code: str = ""
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"
    edit: Callable[[Json], Json] | None = None
    keep: float | None = None
    cut_at: float | None = None  # share of the body, then the connection ends
    is_reset: bool = False
    is_dropped: bool = False
    slow_s: float = 0.0
    drip_s: float = 0.0
    is_last: bool = False

    def spoil(self, reply: Reply) -> Reply:
        """Return the answer as this fault leaves it; JSON that isn't there isn't edited."""
        body = reply.body
        if self.edit and body.startswith(b"{"):
            body = json.dumps(self.edit(json.loads(body))).encode()
        if self.keep is not None:
            body = body[: int(len(body) * self.keep)]
        return replace(
            reply,
            body=body,
            headers={**reply.headers, **self.headers},
            cut_after=None if self.cut_at is None else int(len(body) * self.cut_at),
            is_reset=self.is_reset,
            is_dropped=self.is_dropped,
            slow_s=self.slow_s,
            drip_s=self.drip_s,
            is_last=self.is_last or reply.is_last,
        )


@dataclass(eq=False, slots=True)
class Rule:
    """One order: the requests that it fits, counted as they come. `hits` says how often it struck."""

    fault: Fault
    path: str
    method: str
    where: Callable[[Request], bool] | None
    skip: int
    times: int | None
    hits: int = 0

    def strikes(self, request: Request) -> bool:
        if self.times is not None and self.hits >= self.times:
            return False
        if self.method not in {"", request.method} or not fnmatchcase(request.path, self.path):
            return False
        if self.where is not None and not self.where(request):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.hits += 1
        return True


class Faults:
    """The rules in force. The first that strikes is the one that counts."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(
        self,
        fault: Fault,
        *,
        path: str = "*",
        method: str = "",
        where: Callable[[Request], bool] | None = None,
        skip: int = 0,
        times: int | None = 1,
    ) -> Rule:
        """Add a rule: `path` is a glob over the decoded path; `skip` requests that fit go well first; then `times`
        are hit (None: all, until `clear` or `remove`).
        """
        rule = Rule(fault, path, method, where, skip, times)
        with self._lock:
            self._rules.append(rule)
        return rule

    def remove(self, rule: Rule) -> None:
        with self._lock:
            self._rules.remove(rule)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def take(self, request: Request) -> Fault | None:
        with self._lock:
            return next((rule.fault for rule in self._rules if rule.strikes(request)), None)


# --- refusals -----------------------------------------------------------------------------------------------


def throttled(retry_after: float | str | None = None, *, status: int = 429) -> Fault:
    """429 (or 503) with Retry-After as seconds, as a date in the words of HTTP, or without it."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Fault(status, "TooManyRequests", "Too many requests.", headers)


def unavailable(*, retry_after: float | str | None = None) -> Fault:
    """503 with a page for people, as the gateways before the service send it; the connection is closed."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Fault(503, headers=headers, body=HTML, content_type="text/html", is_last=True)


def server_error(status: int = 500) -> Fault:
    codes = {500: "InternalServerError", 502: "BadGateway", 504: "GatewayTimeout"}
    return Fault(status, codes.get(status, "UnknownError"), "The server had an internal error.")


def unauthorized() -> Fault:
    return Fault(
        401,
        "InvalidAuthenticationToken",
        "Lifetime validation failed, the token is expired.",
        {"WWW-Authenticate": 'Bearer realm="", authorization_uri="https://login.example.org/authorize"'},
    )


def claims_challenge(claims: str) -> Fault:
    """401 that asks for a token with these claims (a JSON text), as continuous access evaluation does."""
    return Fault(
        401,
        "InvalidAuthenticationToken",
        "Continuous access evaluation resulted in challenge with result: InteractionRequired.",
        {"WWW-Authenticate": claims_header(claims)},
    )


def claims_header(claims: str) -> str:
    encoded = base64.b64encode(claims.encode()).decode()
    return (
        'Bearer realm="", authorization_uri="https://login.example.org/authorize", '
        f'error="insufficient_claims", claims="{encoded}"'
    )


def denied() -> Fault:
    return Fault(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def not_found(resource_id: str = "") -> Fault:
    """404 for somebody who may well be there: a replica that hasn't heard of them yet."""
    return Fault(
        404,
        "Request_ResourceNotFound",
        f"Resource '{resource_id}' does not exist or one of its queried reference-property objects are not present.",
    )


def stale(record: Json) -> Fault:
    """A replica that has not heard of a change answers with the record of before."""
    return Fault(status=200, body=json.dumps(record).encode())


def gone(location: str | None = None, code: str = "syncStateNotFound") -> Fault:
    """410, with a Location to start from where one is given."""
    return Fault(410, code, RESYNC, {} if location is None else {"Location": location})


def sync_state_not_found(code: str = "syncStateNotFound", status: int = 400) -> Fault:
    return Fault(status, code, EXPIRED)


def page_token_expired() -> Fault:
    return Fault(400, "Directory_ExpiredPageToken", PAGE_TOKEN)


# --- the wire -----------------------------------------------------------------------------------------------


def dropped() -> Fault:
    """No answer at all: the connection ends."""
    return Fault(is_dropped=True)


def cut_body(at: float = 0.5, *, reset: bool = False) -> Fault:
    """The connection ends after this share of the body, in order or with a reset."""
    return Fault(cut_at=at, is_reset=reset)


def truncated(keep: float = 0.5) -> Fault:
    """JSON cut short by a proxy that counted again: the Content-Length is right."""
    return Fault(keep=keep)


def slow(seconds: float) -> Fault:
    return Fault(slow_s=seconds)


def dripping(seconds: float) -> Fault:
    """One byte of the body at a time, with so many seconds between them."""
    return Fault(drip_s=seconds)


# --- answers that lie ---------------------------------------------------------------------------------------


def foreign_links(host: str = "graph.attacker.example") -> Fault:
    """The links, nextLink and deltaLink, point to another host."""

    def moved(link: str) -> str:
        return urlunsplit(urlsplit(link)._replace(netloc=host))

    return Fault(
        edit=lambda page: {
            name: moved(value) if name in {"@odata.nextLink", "@odata.deltaLink"} else value
            for name, value in page.items()
        }
    )


def without(*names: str) -> Fault:
    """The answer lacks these keys, e.g. `value`."""
    return Fault(edit=lambda page: {name: value for name, value in page.items() if name not in names})


def without_links() -> Fault:
    return without("@odata.nextLink", "@odata.deltaLink")


def no_people() -> Fault:
    """Every page is empty; its links are good. With times=None: an empty round."""
    return Fault(edit=lambda page: {**page, "value": []})


def fewer_people(share: float = 0.4) -> Fault:
    """This share of the people isn't there, the same ones every time. With times=None: a shrunken round."""

    def stays(item: Json) -> bool:
        return zlib.crc32(item["id"].encode()) % 1000 >= share * 1000

    return Fault(edit=lambda page: {**page, "value": [item for item in page["value"] if stays(item)]})


def limited_info(*names: str) -> Fault:
    """These properties (none named: all but the id) are null for everybody: a right has gone."""

    def blank(item: Json) -> Json:
        if "@removed" in item:
            return item
        return {
            name: None if name in names or (not names and name != "id" and "@" not in name) else value
            for name, value in item.items()
        }

    def edit(page: Json) -> Json:
        return {**page, "value": list(map(blank, page["value"]))} if "value" in page else blank(page)

    return Fault(edit=edit)


def unshown(name: str) -> Fault:
    """No user shown with a property, as if it did not exist."""

    def edit(page: Json) -> Json:
        users = page.get("value")
        if isinstance(users, list):
            return {**page, "value": [edit(user) for user in users]}
        return {key: value for key, value in page.items() if key != name}

    return Fault(edit=edit)
