"""Pings of the dead man's switch, over HTTP.

    style          well                        blind                             heard if
    healthchecks   POST URL                    POST URL/fail, the reason as body  200 and the body OK
    cronitor       GET URL?state=complete      GET URL?state=fail&message=…       any success
    plain          GET URL                     (nothing: the silence alarms)      any success

A check that does not exist, and a ping too many, are answered with 200 as well: the body tells. No error has the
address, which is a secret.
"""

from __future__ import annotations

from datetime import timedelta
from ssl import create_default_context
from time import monotonic

import httpx2

from worker.domain.messages.sentences import flat
from worker.ports import ConnectorError, NotDone, Rejected, Transient
from worker.ports.ping import PingStyle

BODY_MAX = 1_024  # bytes of an answer that are read
REASON_MAX = 500  # characters
OK = "OK"
UNKNOWN = "not found"
_TOO_MANY, _TIMED_OUT, _TROUBLE = 429, 408, 500
_LOOK = "Compare watch.ping.url with the address that the check shows."
_PASSING = "It is tried again by itself."
_UNANSWERED = (httpx2.HTTPError, httpx2.InvalidURL, ValueError)
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_OWN_MACHINE = ("http://127.0.0.1", "http://[::1]", "http://localhost")  # no proxy can reach our loopback


class HttpPinger:
    """The port `Pinger`. Every call opens a connection of its own, which ends with it."""

    def __init__(self, url: str, style: PingStyle, timeout: timedelta) -> None:
        self._url = httpx2.URL(url)
        self._style = style
        self._timeout_s = timeout.total_seconds()
        self._tls = create_default_context()  # the system's authorities

    def well(self) -> None:
        if self._style is PingStyle.HEALTHCHECKS:
            self._heard("POST", self._url, "")
        elif self._style is PingStyle.CRONITOR:
            self._heard("GET", self._url.copy_merge_params({"state": "complete"}))
        else:
            self._heard("GET", self._url)

    def blind(self, why: str) -> bool:
        said = flat(why)[:REASON_MAX]
        if self._style is PingStyle.HEALTHCHECKS:
            self._heard("POST", self._url.copy_with(path=f"{self._url.path.rstrip('/')}/fail"), said)
        elif self._style is PingStyle.CRONITOR:
            self._heard("GET", self._url.copy_merge_params({"state": "fail", "message": said}))
        return self._style is not PingStyle.PLAIN

    def _heard(self, method: str, url: httpx2.URL, body: str | None = None) -> None:
        try:
            status, text = self._answer(method, url, body)
        except _UNANSWERED as error:
            raise _broken(error) from None  # its text may have the address
        if (wrong := self._wrong(status, text)) is not None:
            raise wrong

    def _answer(self, method: str, url: httpx2.URL, body: str | None) -> tuple[int, str]:
        until_s = monotonic() + self._timeout_s
        content = None if body is None else body.encode()
        with (
            httpx2.Client(
                timeout=self._timeout_s, verify=self._tls, mounts=dict.fromkeys(_OWN_MACHINE)
            ) as client,
            client.stream(method, url, content=content) as response,
        ):
            read = b""
            for piece in response.iter_bytes():
                read += piece
                if monotonic() > until_s:
                    raise httpx2.ReadTimeout("not whole in time")
                if len(read) >= BODY_MAX:
                    break
            return response.status_code, read[:BODY_MAX].decode(errors="replace").strip()

    def _wrong(self, status: int, text: str) -> ConnectorError | None:
        """What is wrong with an answer; None if it was heard."""
        if status == _TOO_MANY:
            return NotDone(
                "The dead man's switch was pinged too often.", remedy="Make watch.ping.every longer."
            )
        if status == _TIMED_OUT or status >= _TROUBLE:
            return Transient(f"The dead man's switch answered {status}.", remedy=_PASSING)
        if not httpx2.codes.is_success(status):
            return Rejected(f"The dead man's switch answered {status}: it knows no such check.", remedy=_LOOK)
        if self._style is not PingStyle.HEALTHCHECKS or text == OK:
            return None
        if UNKNOWN in text:
            return Rejected("The dead man's switch answered that it knows no such check.", remedy=_LOOK)
        if text.startswith(OK):
            return NotDone(
                "The dead man's switch was pinged too often.", remedy="Make watch.ping.every longer."
            )
        return Rejected("What answers the ping is no such switch: it did not say OK.", remedy=_LOOK)


def _broken(error: Exception) -> Transient:
    how = "did not answer in time" if isinstance(error, httpx2.TimeoutException) else "could not be reached"
    kind = NotDone if isinstance(error, _NOT_SENT) else Transient
    return kind(f"The dead man's switch {how} ({type(error).__name__}).", remedy=_PASSING)
