"""The way to Slack's Web API: each call is one request, returns plain values, and never retries.

Uses slack-sdk's synchronous client, with the HTTP client of all connectors below it. Their exceptions are caught here
and not chained: their frames hold the token, and a traceback that is logged with locals would show it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import urlsplit
from urllib.request import Request

import httpx2
from pydantic import SecretStr
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse
from slack_sdk.web.base_client import BaseClient

from connectors.kit.http import UNSENT, new_client, trusting
from connectors.kit.text import cut, one_line
from connectors.notify.slack.errors import Answer, failure, redirected
from worker.ports import ConnectorError, NotDone, Transient

TIMEOUT_S = 15  # for an answer, once the request was sent
_NOTES_MAX = 300
_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"  # OpenSSL's name of it, which Python's message begins with
_REDIRECTED, _REFUSED = 300, 400


class _Client(WebClient):
    """The SDK's client, which asks by the one of all connectors: it follows no redirection, so nobody else gets the
    token, or answers in Slack's place.
    """

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        with new_client(self.timeout, trusting(None)) as client:
            body = cast("bytes | None", req.data)
            answer = client.request("POST", url, content=body, headers=dict(req.header_items()))
        return {"status": answer.status_code, "headers": answer.headers, "body": answer.content.decode()}


class SlackWeb:
    """Raises only ConnectorErrors. Safe to use from several threads."""

    def __init__(self, token: SecretStr, api_url: str | None = None, *, timeout_s: int = TIMEOUT_S) -> None:
        self._web = _Client(
            token=token.get_secret_value(),
            base_url=api_url or BaseClient.BASE_URL,
            timeout=timeout_s,
            retry_handlers=[],  # the worker retries in one place, and would not see waits in here
            logger=silent(),
        )
        self._host = urlsplit(self._web.base_url).netloc

    def _call(
        self,
        tried: str,
        call: Callable[[], SlackResponse],
        *,
        to_person: bool = False,
        is_change: bool = False,
    ) -> SlackResponse:
        tried = f"Slack: {tried}"
        error: ConnectorError
        try:
            return call()
        except SlackApiError as refusal:
            if _REDIRECTED <= refusal.response.status_code < _REFUSED:
                error = redirected(tried, self._host, refusal.response.status_code)
            else:
                error = failure(tried, _answer(refusal.response), to_person=to_person, is_change=is_change)
        except (httpx2.HTTPError, httpx2.InvalidURL) as trouble:
            error = self._unanswered(tried, trouble)
        except (SlackClientError, AttributeError, TypeError, ValueError):
            # The SDK expects every answer to be a JSON object, and fails for others.
            error = failure(tried, Answer(status=200))
        raise error  # out here, so that it has no context: see the module's docstring

    def _unanswered(self, tried: str, trouble: Exception) -> Transient:
        remedy = f"Check the way to {self._host} (name, proxy, firewall); it is tried again."
        reason = one_line(str(trouble)) or type(trouble).__name__
        if _UNTRUSTED in reason:
            remedy = f"If a proxy signs for {self._host}, name its CA in SSL_CERT_FILE; it is tried again."
        kind = NotDone if isinstance(trouble, UNSENT) else Transient
        return kind(f"{tried}: no answer from {self._host} ({cut(reason, _NOTES_MAX)}).", remedy=remedy)


def silent() -> logging.Logger:
    """A silent logger: the SDK's own would log message bodies, and errors are raised anyway."""
    logger = logging.getLogger(f"{__name__}.sdk")
    logger.setLevel(logging.CRITICAL)
    return logger


def _answer(response: SlackResponse) -> Answer:
    headers = {str(name).lower(): str(value) for name, value in response.headers.items()}
    data = mapping(response.data)
    notes = mapping(data.get("response_metadata")).get("messages") or ()
    return Answer(
        status=response.status_code,
        code=str(data.get("error", "")),
        needed=cut(one_line(str(data.get("needed", ""))), _NOTES_MAX),
        notes=tuple(cut(one_line(str(note)), _NOTES_MAX) for note in notes),
        retry_after_s=_seconds(headers.get("retry-after", "")),
    )


def _seconds(retry_after: str) -> float | None:
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() else None


def rows(answer: SlackResponse, key: str) -> list[Mapping[str, Any]]:
    """The objects of a list in an answer; empty if there is none."""
    found: list[Any] = answer.get(key) or []
    return [mapping(row) for row in found]


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}
