"""Calls to Slack's Web API: each is one request, returns plain values, and never retries.

Uses slack-sdk's synchronous client. Its exceptions are caught here and not chained: their frames hold the token,
and a traceback that is logged with locals would show it.
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit

from pydantic import SecretStr
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse
from slack_sdk.web.base_client import BaseClient

from connectors.kit.text import cut, one_line
from connectors.notify.slack.errors import Answer, failure
from connectors.notify.slack.mapping import Rendered
from worker.ports import ConnectorError, NotDone, Transient

TIMEOUT_S = 15  # for the connection, and for each read
HISTORY_MAX = 100  # newest messages of a conversation that are searched for an earlier attempt
CHANNELS_PER_PAGE = 200  # what Slack recommends (docs.slack.dev, users.conversations)
EVENT_TYPE = "whosleft_message"
_NOTES_MAX = 300


@dataclass(frozen=True, slots=True)
class Identity:
    """The token's identity; `scopes` is None if the answer did not name them."""

    workspace: str
    user: str
    scopes: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as conversations.info shows it."""

    channel_id: str
    name: str
    is_private: bool
    is_archived: bool
    is_member: bool


@dataclass(frozen=True, slots=True)
class ChannelPage:
    """Channels that the app is a member of, by name with their ids; `cursor` is empty on the last page."""

    ids: Mapping[str, str]
    cursor: str


@dataclass(frozen=True, slots=True)
class Posted:
    """The place of a message: its conversation, and Slack's time stamp, which is its id there."""

    channel_id: str
    ts: str
    key: str


class SlackClient:
    """Raises only ConnectorErrors. Safe to use from several threads."""

    def __init__(self, token: SecretStr, api_url: str | None = None, *, timeout_s: int = TIMEOUT_S) -> None:
        self._web = WebClient(
            token=token.get_secret_value(),
            base_url=api_url or BaseClient.BASE_URL,
            timeout=timeout_s,
            retry_handlers=[],  # the worker retries in one place, and would not see waits in here
            logger=_silent(),
        )
        self._host = urlsplit(self._web.base_url).netloc

    def identity(self) -> Identity:
        """auth.test."""
        answer = self._call("asking who the token belongs to", self._web.auth_test)
        headers = {str(name).lower(): str(value) for name, value in answer.headers.items()}
        scopes = headers.get("x-oauth-scopes")
        return Identity(
            workspace=one_line(str(answer.get("team", "?"))),
            user=one_line(str(answer.get("user", "?"))),
            scopes=None if scopes is None else frozenset(filter(None, map(str.strip, scopes.split(",")))),
        )

    def channel(self, channel_id: str) -> Channel:
        """conversations.info; tier 3."""
        answer = self._call(
            f"looking at channel {channel_id}", lambda: self._web.conversations_info(channel=channel_id)
        )
        found = _mapping(answer.get("channel"))
        return Channel(
            channel_id=channel_id,
            name=one_line(str(found.get("name", channel_id))),
            is_private=bool(found.get("is_private")),
            is_archived=bool(found.get("is_archived")),
            is_member=bool(found.get("is_member")),
        )

    def own_channels(self, cursor: str) -> ChannelPage:
        """users.conversations: one page of the channels that the app is in; tier 3."""
        answer = self._call(
            "listing the app's channels",
            lambda: self._web.users_conversations(
                types="public_channel,private_channel", limit=CHANNELS_PER_PAGE, cursor=cursor
            ),
        )
        rows = _rows(answer, "channels")
        return ChannelPage(
            ids={str(row.get("name", "")): str(row.get("id", "")) for row in rows},
            cursor=str(_mapping(answer.get("response_metadata")).get("next_cursor", "")),
        )

    def user_id(self, email: str) -> str | None:
        """users.lookupByEmail; None for a deactivated account or a bot; tier 3. Raises Unreachable."""
        answer = self._call(f"looking up {email}", lambda: self._web.users_lookupByEmail(email=email))
        user = _mapping(answer.get("user"))
        is_gone = bool(user.get("deleted") or user.get("is_bot"))
        return None if is_gone or not user.get("id") else str(user["id"])

    def direct_channel(self, user_id: str) -> str:
        """conversations.open: the id of the conversation with one person. The person does not notice the call."""
        answer = self._call(
            "opening a direct message", lambda: self._web.conversations_open(users=user_id), to_person=True
        )
        return str(_mapping(answer.get("channel")).get("id", ""))

    def post(self, target: str, label: str, message: Rendered, key: str, *, to_person: bool) -> Posted:
        """chat.postMessage to a channel's id or name, or to a user's id; one a second and channel.

        A Transient that is not NotDone leaves open whether it was posted: `history` tells.
        """
        answer = self._call(
            f"posting to {label}",
            lambda: self._web.chat_postMessage(
                channel=target,
                text=message.text,
                blocks=message.blocks,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}},
                unfurl_links=False,  # a preview would fetch the link, and a signed link is only for its reader
                unfurl_media=False,
                link_names=False,
                parse="none",
            ),
            to_person=to_person,
        )
        return Posted(str(answer.get("channel", target)), str(answer.get("ts", "?")), key)

    def history(self, channel_id: str, label: str) -> tuple[Posted, ...]:
        """conversations.history: our messages among the newest `HISTORY_MAX`, newest first; tier 3."""
        answer = self._call(
            f"reading the history of {label}",
            lambda: self._web.conversations_history(
                channel=channel_id, limit=HISTORY_MAX, include_all_metadata=True
            ),
        )
        return tuple(posted for row in _rows(answer, "messages") if (posted := _ours(channel_id, row)))

    def _call(
        self, tried: str, call: Callable[[], SlackResponse], *, to_person: bool = False
    ) -> SlackResponse:
        tried = f"Slack: {tried}"
        error: ConnectorError
        try:
            return call()
        except SlackApiError as refusal:
            error = failure(tried, _answer(refusal.response), to_person=to_person)
        except (OSError, HTTPException) as trouble:
            error = self._unanswered(tried, trouble)
        except (SlackClientError, AttributeError, TypeError, ValueError):
            # The SDK expects every answer to be a JSON object, and fails for others.
            error = failure(tried, Answer(status=200))
        raise error  # out here, so that it has no context: see the module's docstring

    def _unanswered(self, tried: str, trouble: Exception) -> Transient:
        reason = trouble.reason if isinstance(trouble, URLError) else trouble
        remedy = f"Check the way to {self._host} (name, proxy, firewall); it is tried again."
        if isinstance(reason, ssl.SSLCertVerificationError):
            remedy = f"If a proxy signs for {self._host}, name its CA in SSL_CERT_FILE; it is tried again."
        text = cut(one_line(str(reason)) or type(reason).__name__, _NOTES_MAX)
        kind = NotDone if _is_unsent(trouble) else Transient
        return kind(f"{tried}: no answer from {self._host} ({text}).", remedy=remedy)


def _is_unsent(trouble: Exception) -> bool:
    """True if the request was not sent, because there was no connection. urllib opens one for each request, and wraps
    errors from before it waits for the answer.
    """
    no_connection = (ConnectionRefusedError, socket.gaierror, ssl.SSLError, TimeoutError)
    return isinstance(trouble, URLError) and isinstance(trouble.reason, no_connection)


def _silent() -> logging.Logger:
    """A silent logger: the SDK's own would log message bodies, and errors are raised anyway."""
    logger = logging.getLogger(f"{__name__}.sdk")
    logger.setLevel(logging.CRITICAL)
    return logger


def _answer(response: SlackResponse) -> Answer:
    headers = {str(name).lower(): str(value) for name, value in response.headers.items()}
    data = _mapping(response.data)
    notes = _mapping(data.get("response_metadata")).get("messages") or ()
    return Answer(
        status=response.status_code,
        code=str(data.get("error", "")),
        needed=cut(one_line(str(data.get("needed", ""))), _NOTES_MAX),
        notes=tuple(cut(one_line(str(note)), _NOTES_MAX) for note in notes),
        retry_after_s=_seconds(headers.get("retry-after", "")),
    )


def _seconds(retry_after: str) -> float | None:
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() else None


def _ours(channel_id: str, row: Mapping[str, Any]) -> Posted | None:
    metadata = _mapping(row.get("metadata"))
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    return Posted(
        channel_id, str(row.get("ts", "?")), str(_mapping(metadata.get("event_payload")).get("key", ""))
    )


def _rows(answer: SlackResponse, key: str) -> list[Mapping[str, Any]]:
    rows: list[Any] = answer.get(key) or []
    return [_mapping(row) for row in rows]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
