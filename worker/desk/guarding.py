"""The layer before every page: strict headers, small bodies, one origin, tidied links, and limited guessing.

Referrer-Policy is same-origin: with no-referrer, Chromium posts forms with `Origin: null`, so our own forms would
look like another site's.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.app.tell.signed_links import Dead, LinkDead
from worker.desk.api.errors import Code, answer
from worker.desk.calls import Call, error_page, is_own_path, too_many
from worker.desk.services import Services

BODY_MAX = 128 * 1024
LISTS_MAX = 1024 * 1024  # of a list of 2,000 names: each letter may be nine bytes of a form
FILE_MAX = (
    64 * 1024 * 1024
)  # of a chat's export, with what the form adds: without media they have some megabytes
SEALED_MAX = 4 << 30  # of a file that is measured and dropped
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
NOT_KEPT = "no-store"  # pages have names, so neither a proxy nor the next user of a phone may get a copy
YEAR = "max-age=31536000"
API = "/api/"
GROUPS = "/g/"
EXPORT = "/export"  # the end of a path of GROUPS
SEAL = "/seal"  # the end of a path of a ticket, in the console or by its link
TICKETS = ("/tickets/", "/t/")
LINKS = (
    "/t/",
    "/me/",
    "/h/",
    GROUPS,
    "/r/",
    "/c/",
    "/login/",
)  # a token of theirs ends in a letter, a digit, - or _
TEMPORARY, SEE_OTHER = 307, 303
NOT_FOUND, GONE = 404, 410
# Characters that get attached to a link when it is copied or broken over two lines, such as invisible spaces
_BLANK = r"\s\u200b-\u200f\u2060\ufeff"
_BEHIND = re.compile(rf"(?<![{_BLANK}])[{_BLANK}]+\Z")
_MARKS = rf"""{_BLANK}.,;:!?)>\]}}"'»”’"""
_BEHIND_LINK = re.compile(rf"(?<![{_MARKS}])[{_MARKS}]+\Z")


class Guarded:
    """The outermost layer."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services
        self._host = services.place.host
        self._headers = {
            **HEADERS,
            **({"Strict-Transport-Security": YEAR} if services.place.is_https else {}),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", NOT_KEPT)
            await send(message)

        refusal = self._tidied(scope) or self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send_with_headers)
            return
        await self._app(scope, _bounded(receive, _body_max(scope)), send_with_headers)

    def _tidied(self, scope: Scope) -> Response | None:
        """Redirect to the address without attached characters, a slash among them; None if there are none.

        The redirect names no host and no scheme, which a proxy may have changed on the way here.
        """
        path: str = scope["path"]
        if scope["method"] not in {"GET", "HEAD"} or path.startswith(API):
            return None
        meant = (_BEHIND_LINK if path.startswith(LINKS) else _BEHIND).sub("", path).rstrip("/") or "/"
        if meant == path or not is_own_path(meant):
            return None
        query = scope["query_string"].decode("ascii", "ignore")
        return RedirectResponse(quote(meant) + (f"?{query}" if query else ""), TEMPORARY)

    def _refusal(self, scope: Scope) -> Response | None:
        """The refusal of a request that can't be answered, as a page or as an API error; None if it can."""
        headers = Headers(scope=scope)
        is_foreign = scope["method"] not in SAFE_METHODS and self._is_foreign(headers)
        if is_foreign:
            said = (
                Code.FOREIGN,
                "This was sent from another site.",
                "Open the page again and repeat it there.",
            )
            status = 403
        elif any(mark < " " for mark in scope["path"]):  # such as a line break, at which routes end
            said = Code.NOT_FOUND, "There is no such address.", "Write it as our pages do."
            status = 404
        elif not _is_small(headers, _body_max(scope)):
            if is_upload(scope):  # the page can say what to do
                back = scope["path"].rpartition("/")[0]
                return RedirectResponse(f"{quote(back)}?refused=large", SEE_OTHER)
            said = Code.TOO_LARGE, "This is too long.", "Send less than 128 KiB."
            status = 413
        else:
            return None
        if scope["path"].startswith(API):
            return answer(status, *said)
        return error_page(Request(scope), self._services, status, is_foreign=is_foreign)

    def _is_foreign(self, headers: Headers) -> bool:
        """True if the browser says that another site sent this. Without such a header, the form's token protects."""
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site not in {"same-origin", "none"}
        origin = headers.get("origin")
        return origin is not None and origin.partition("://")[2] not in {self._host, headers.get("host")}


def is_upload(scope: Scope) -> bool:
    """True for a call that sends a file, which is received as it comes."""
    path: str = scope["path"]
    is_export = path.startswith(GROUPS) and path.endswith(EXPORT)
    return scope["method"] == "POST" and (is_export or _is_sealed(path))


def _is_sealed(path: str) -> bool:
    return path.startswith(TICKETS) and path.endswith(SEAL)


def _body_max(scope: Scope) -> int:
    if is_upload(scope):
        return SEALED_MAX if _is_sealed(scope["path"]) else FILE_MAX
    return LISTS_MAX if scope["path"].startswith(GROUPS) else BODY_MAX


def _is_small(headers: Headers, body_max: int) -> bool:
    length = headers.get("content-length", "0")
    return length.isascii() and length.isdigit() and int(length) <= body_max


def _bounded(receive: Receive, body_max: int) -> Receive:
    """Refuse a body that is too long, even if its stated length was not."""
    read = 0

    async def bounded() -> Message:
        nonlocal read
        message = await receive()
        if message["type"] == "http.request":
            read += len(message.get("body", b""))
            if read > body_max:
                raise HTTPException(413)
        return message

    return bounded


class Attempts:
    """Counts wrong secrets of one kind by address within a rolling window; threads share it.

    It is used only after a secret was found wrong. So a caller with a right one is always answered, even if others
    send wrong ones from the same address. Nobody guesses 128 bits; the limit only slows scanners down. Addresses that
    have been silent longest are forgotten.
    """

    ADDRESSES_MAX = 10_000

    def __init__(self, limit: int, window: timedelta, clock: Callable[[], datetime]) -> None:
        self._limit = limit
        self._window = window
        self._clock = clock
        self._lock = Lock()
        self._failures: OrderedDict[str, deque[datetime]] = OrderedDict()

    def wrong(self, address: str) -> int:
        """Count a wrong secret; return the whole seconds to wait before the next one, 0 below the limit."""
        network, now = _network(address), self._clock()
        with self._lock:
            known = self._failures.setdefault(network, deque(maxlen=self._limit))
            self._failures.move_to_end(network)
            while len(self._failures) > self.ADDRESSES_MAX:
                self._failures.popitem(last=False)
            left_s = (known[0] + self._window - now).total_seconds() if len(known) == self._limit else 0
            if left_s > 0:
                return math.ceil(left_s)
            known.append(now)
            return 0


def answer_dead(
    call: Call, attempts: Attempts, dead: LinkDead, template: str = "dead.html", **values: object
) -> Response:
    """Say why a link opens nothing, in its assignee's language; a forged one counts, and too many have to wait."""
    call.language = dead.language
    is_forged = dead.why is Dead.FORGED
    wait_s = attempts.wrong(call.address) if is_forged else 0
    if wait_s:
        return too_many(call, wait_s)
    return call.page(template, {"why": dead.why.value, **values}, status=NOT_FOUND if is_forged else GONE)


def _network(address: str) -> str:
    """The address to count by: for IPv6 its /64, since one customer has all of its addresses."""
    try:
        return str(ipaddress.IPv6Network((address, 64), strict=False))
    except ValueError:
        return address
