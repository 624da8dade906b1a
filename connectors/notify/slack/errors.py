"""Slack's error codes and HTTP statuses -> the worker's taxonomy. Pure.

Codes: the error tables of chat.postMessage, conversations.info/.open/.history, users.conversations,
users.lookupByEmail and auth.test (docs.slack.dev/reference/methods, read 2026-11). A code that is in no
table is Rejected, and the message names it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from connectors.kit.slack_codes import (
    ASKED_TO_WAIT,
    AUTH,
    DENIED,
    LATER,
    RENEW,
    TRANSIENT,
    WAIT_S,
    scope_remedy,
)
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorError,
    NotDone,
    PermissionDenied,
    Rejected,
    Transient,
    Unreachable,
)

ASK_ADMIN = "Ask a Slack administrator to allow the app to post here."
INVITE = "Open the channel in Slack and invite the app: /invite @ followed by the app's name."
REPORT = "Please report this with the code: the message is not one that Slack takes."

_UNARCHIVE = "Unarchive the channel, or set `channel` to one in use; then " + INVITE
_BAD_CONFIG = {
    "channel_not_found": INVITE + " If `channel` is a name, check its spelling or give the channel's id.",
    "not_in_channel": INVITE,
    "is_archived": _UNARCHIVE,
    "is_inactive": _UNARCHIVE,
    "messages_tab_disabled": "On the app's page at api.slack.com/apps, App Home, turn the Messages Tab on.",
    "method_deprecated": "Update whosleft.",
    "deprecated_endpoint": "Update whosleft.",
    "unknown_method": "Check `api_url`; leave it out to reach Slack itself.",
}
_NO_SUCH_PERSON = frozenset({"users_not_found", "user_not_found", "user_not_visible", "user_disabled"})
# These are about the configured channel, unless the message was for one person.
_PERSON_UNREACHABLE = _NO_SUCH_PERSON | {
    "cannot_dm_bot", "channel_not_found", "is_archived", "not_in_channel", "user_is_restricted",
}  # fmt: skip
# A channel that is archived, or that the app is not in, may be what it was again, with the message in it
_CHANGE_UNREACHABLE = _NO_SUCH_PERSON | {"channel_not_found"}
_GONE = frozenset({"message_not_found", "thread_not_found", "cannot_reply_to_message"})
_UNREACHABLE_REMEDY = "Check that the person is an active member of the workspace with this e-mail address."
_CODE = re.compile(r"[a-z0-9_.:-]{1,80}")
_HTTP_NOT_FOUND = 404
_HTTP_SERVER_ERROR = 500
_HTTP_TOO_MANY = 429


class Gone(Unreachable):
    """The message that was to be changed, or answered in its thread, stands there no longer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer instead of `ok`: `code` is empty if the answer did not come from Slack."""

    status: int
    code: str = ""
    needed: str = ""
    notes: tuple[str, ...] = ()
    retry_after_s: float | None = None


def failure(
    tried: str, answer: Answer, *, to_person: bool = False, is_change: bool = False
) -> ConnectorError:
    """Return the error to raise; `tried` continues the text "Slack: " and has no secret.

    `to_person`: the channel is a person's. `is_change`: of a message that stands there.

    | answer | error | was it done? |
    |---|---|---|
    | 429, or a code for it | NotDone, with Retry-After or `WAIT_S` | no |
    | 5xx, or a code for trouble at Slack | Transient, with Retry-After where there is one | unclear |
    | no answer of Slack's (a proxy's page) | Transient; 404: BadConfig | unclear; no |
    | a code | by the tables above; unknown: Rejected | no |
    """
    if answer.status == _HTTP_TOO_MANY:
        return _asked_to_wait(f"{tried}: too many requests.", answer)
    if answer.status >= _HTTP_SERVER_ERROR:
        message = f"{tried}: Slack is in trouble (HTTP {answer.status})."
        return Transient(message, remedy=LATER, retry_after_s=answer.retry_after_s)
    if not _CODE.fullmatch(answer.code):
        return _foreign(tried, answer.status)
    gone = _PERSON_UNREACHABLE if to_person else _CHANGE_UNREACHABLE if is_change else _NO_SUCH_PERSON
    return _by_code(tried, answer, gone)


def redirected(tried: str, host: str, status: int) -> Transient:
    """The error for a redirection (3xx) by `host`, which is not followed. Whether it was done is unclear."""
    return Transient(
        f"{tried}: {host} answered with a redirection, which is not followed (HTTP {status}).",
        remedy="Check `api_url`, and the proxy between here and Slack; it is tried again.",
    )


def _asked_to_wait(message: str, answer: Answer) -> NotDone:
    wait_s = WAIT_S if answer.retry_after_s is None else answer.retry_after_s
    return NotDone(message, remedy=LATER, retry_after_s=wait_s)


def _foreign(tried: str, status: int) -> ConnectorError:
    message = f"{tried}: the answer is not Slack's (HTTP {status})."
    if status == _HTTP_NOT_FOUND:
        return BadConfig(message, remedy=_BAD_CONFIG["unknown_method"])
    return Transient(message, remedy="Check the proxy between here and Slack; it is tried again.")


def _by_code(tried: str, answer: Answer, unreachable: frozenset[str]) -> ConnectorError:
    code = answer.code
    message = f"{tried}: Slack answered {code}."
    if code in ASKED_TO_WAIT:
        return _asked_to_wait(message, answer)
    if code in TRANSIENT:
        return Transient(message, remedy=LATER, retry_after_s=answer.retry_after_s)
    if code in AUTH:
        return AuthFailed(message, remedy=RENEW)
    if code == "missing_scope":
        return missing_scopes(message, answer.needed)
    if code in DENIED:
        return PermissionDenied(message, missing=code, remedy=ASK_ADMIN)
    if code in _GONE:
        return Gone(message, remedy="Nothing to do: somebody deleted the message.")
    if code in unreachable:
        return Unreachable(message, remedy=_UNREACHABLE_REMEDY)
    if code in _BAD_CONFIG:
        return BadConfig(message, remedy=_BAD_CONFIG[code])
    if answer.notes:
        message = f"{tried}: Slack answered {code} ({'; '.join(answer.notes)})."
    return Rejected(message, remedy=REPORT)


def missing_scopes(message: str, scopes: str) -> PermissionDenied:
    """The error for a token that lacks `scopes` (comma-separated)."""
    return PermissionDenied(message, missing=scopes or "unknown", remedy=scope_remedy(scopes))
