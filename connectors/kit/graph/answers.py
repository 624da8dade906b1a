"""The extra information in Graph's answers: errors, ids, and how much of the limit is used.

Headers and bodies come from Graph, or from a gateway in between: values that can't be understood are ignored.
"""

from __future__ import annotations

import base64
import json
import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import httpx2

from connectors.kit import http as _http
from connectors.kit.graph import notes
from worker.ports import Noted

GONE, NOT_FOUND, UNAVAILABLE = 410, 404, 503
THROTTLED = frozenset({_http.TOO_MANY, UNAVAILABLE})
UNITS_DIGITS = 5  # of a plausible number of units
TEXT_MAX = 200
_CLAIMS = re.compile(r'claims="([A-Za-z0-9+/=_-]+)"')


@dataclass(frozen=True, slots=True)
class Told:
    """The noted values of an answer. `units` is Graph's own count, else the documented one.

    `throttle_share` is the used share of the app's limit; Graph states it from 0.8 on. `throttle_scope` and
    `throttle_why` are Graph's words for the scope and the kind of the limit. `code` is an error's code.
    """

    status: int
    request_id: str | None
    units: int
    retry_after_s: float | None
    throttle_share: float | None
    throttle_scope: str | None
    throttle_why: str | None
    code: str | None

    @classmethod
    def of(cls, response: httpx2.Response, documented: int, now: datetime) -> Self:
        """Read any answer; `now` is aware UTC."""
        headers = response.headers
        wait_s = _http.retry_after_s(headers, now)
        return cls(
            status=response.status_code,
            request_id=_text(headers.get("request-id")),
            units=_units(headers.get("x-ms-resource-unit", ""), documented),
            retry_after_s=None if wait_s is None else min(wait_s, _http.WAIT_MAX_S),
            throttle_share=_share(headers.get("x-ms-throttle-limit-percentage", "")),
            throttle_scope=_text(headers.get("x-ms-throttle-scope")),
            throttle_why=_text(headers.get("x-ms-throttle-information")),
            code=None if response.is_success else _text(error_in(response)[0]),
        )

    @property
    def noted(self) -> Noted:
        """The kind of note for it. A user who does not exist is an ordinary answer."""
        if self.status in THROTTLED:
            return notes.GRAPH_THROTTLED
        is_answer = httpx2.codes.is_success(self.status) or self.status == NOT_FOUND
        return notes.GRAPH_ANSWERED if is_answer else notes.GRAPH_REFUSED


def error_in(response: httpx2.Response) -> tuple[str, str]:
    """Graph's own code and text, from a body with any contents."""
    try:
        error = response.json()["error"]
        code, said = (" ".join(str(error.get(name, "")).split()) for name in ("code", "message"))
        return code[:TEXT_MAX], said[:TEXT_MAX]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", ""


def request_id(response: httpx2.Response) -> str:
    """The id that Microsoft's support asks for first."""
    found: str = response.headers.get("request-id") or response.headers.get("client-request-id") or "unknown"
    return found[:TEXT_MAX]


def for_support(what: str, reference: str) -> str:
    """A sentence with the id for the end of a remedy: in the message, it would make a new trouble each time."""
    return f" For Microsoft's support: {what} {reference}." if reference else ""


def claims_in(header: str) -> str | None:
    """The claims that Graph wants the token to prove (continuous access evaluation), as a JSON object."""
    match = _CLAIMS.search(header)
    if match is None or "insufficient_claims" not in header:
        return None
    try:
        claims = base64.b64decode(match[1] + "=" * (-len(match[1]) % 4), altchars=b"-_").decode()
        return claims if isinstance(json.loads(claims), dict) else None
    except (ValueError, RecursionError):  # binascii's and the decoder's errors are among them
        return None


def _units(text: str, documented: int) -> int:
    is_number = text.isascii() and text.isdecimal() and len(text) <= UNITS_DIGITS
    return int(text) if is_number else documented


def _share(text: str) -> float | None:
    """The throttle percentage, which in fact is a share of one: from 0.8 to 1.8."""
    try:
        share = float(text)
    except ValueError:
        return None
    return share if math.isfinite(share) else None


def _text(said: str | None) -> str | None:
    return said[:TEXT_MAX] if said else None
