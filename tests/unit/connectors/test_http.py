"""Which answers leave open whether something was done: each status, and each way in which there is no answer."""

from __future__ import annotations

import httpx2
import pytest

from connectors.kit import http as _http
from worker.ports import AuthFailed, ConnectorError, NotDone, PermissionDenied, Rejected, Transient

CLEAR, UNCLEAR = NotDone, Transient
STATUSES: list[tuple[range, type[ConnectorError]]] = [
    (range(300, 401), Rejected),
    (range(401, 402), AuthFailed),
    (range(402, 403), Rejected),
    (range(403, 404), PermissionDenied),
    (range(404, 408), Rejected),
    (range(408, 409), UNCLEAR),
    (range(409, 429), Rejected),
    (range(429, 430), CLEAR),
    (range(430, 500), Rejected),
    (range(500, 600), UNCLEAR),
]


@pytest.mark.parametrize("asked_s", [None, 30.0])
def test_each_status_is_clear_unclear_or_permanent_whatever_wait_is_asked_for(asked_s: float | None) -> None:
    told = [status for statuses, _ in STATUSES for status in statuses]
    assert told == list(range(300, 600))
    for statuses, kind in STATUSES:
        for status in statuses:
            error = _http.failure("The other side", status, "", asked_s)
            assert (status, type(error)) == (status, kind)
            if isinstance(error, Transient):
                assert error.retry_after_s == asked_s


@pytest.mark.parametrize(
    "error, kind",
    [
        (httpx2.ConnectError("refused, no such name, or no TLS"), CLEAR),
        (httpx2.ConnectTimeout("no connection"), CLEAR),
        (httpx2.PoolTimeout("no connection is free"), CLEAR),
        (httpx2.WriteError("cut while it was sent"), UNCLEAR),
        (httpx2.WriteTimeout("sent too slowly"), UNCLEAR),
        (httpx2.ReadError("cut"), UNCLEAR),
        (httpx2.ReadTimeout("no answer"), UNCLEAR),
        (httpx2.RemoteProtocolError("half an answer"), UNCLEAR),
        (httpx2.DecodingError("an answer that can't be unpacked"), UNCLEAR),
        (httpx2.InvalidURL("an answer that points nowhere"), UNCLEAR),
        (ValueError("an answer that points nowhere"), UNCLEAR),
    ],
)
def test_only_what_was_never_sent_is_surely_not_done(error: Exception, kind: type[ConnectorError]) -> None:
    assert type(_http.broken("The other side", error)) is kind
