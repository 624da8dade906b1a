"""Meta's Groups API: one method is one request. Errors have Meta's code, and never its text, which may name people.

Endpoints and codes: developers.facebook.com/documentation/business-messaging/whatsapp/groups (groups-messaging of
2026-05-21, error-codes of 2026-06-16). Graph's own codes: developers.facebook.com/docs/graph-api/guides/error-handling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from connectors.inventory.whatsapp_cloud.config import WhatsappCloudConfig
from connectors.kit.rest import Refusal, Rest, Server
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorContext,
    ConnectorError,
    Incomplete,
    NotDone,
    PermissionDenied,
    Rejected,
    Transient,
)
from worker.ports.connectors.remover import Confirm

META = "Meta's Groups API"
PAGE_SIZE = 100
FIELDS = "subject,description,participants,join_approval_mode,suspended,total_participant_count"
UNKNOWN_GROUP, CURSOR_EXPIRED, PARTLY, SUSPENDED = 131041, 131059, 131201, 131207
RATE_LIMITED, NOT_INSIDE, NOT_ELIGIBLE = 131208, 131212, 131215
_SLOWER = frozenset({RATE_LIMITED, 4, 80007, 130429})
_TOKEN, _RIGHTS, _UNKNOWN_OBJECT, _MAY_CHANGE = 190, frozenset({3, 10, *range(200, 300)}), 100, 1
_NOT_FOUND = 404


class CursorGone(Exception):
    """The list's cursor has expired: begin again."""


class Suspended(Exception):
    """WhatsApp has suspended the group."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of the list of groups, as they are. `after` is None on the last page; `is_whole`: no row is missing."""

    rows: list[Any]
    after: str | None
    is_whole: bool


class CloudClient:
    """One business number. The token is in the header alone, and no address of an answer is followed."""

    def __init__(self, config: WhatsappCloudConfig, context: ConnectorContext) -> None:
        server = Server(
            META,
            config.url,
            {"authorization": f"Bearer {config.token.get_secret_value()}"},
            config.requests_per_minute,
            config.tls.path(context.base_dir),
        )
        self._number = config.phone_number_id
        self._rest = Rest(server, context.now, context.sleep)

    def close(self) -> None:
        """End the connections. Idempotent."""
        self._rest.close()

    def groups(self, after: str | None, limit: int = PAGE_SIZE) -> Page:
        """Return one page of the groups that the number made. Raises CursorGone and ConnectorError."""
        query: dict[str, str | int] = {"limit": limit} | ({"after": after} if after else {})
        try:
            answer = self._rest.get(f"/{self._number}/groups", "its groups", query)
        except Rejected as error:
            if code_of(error) == CURSOR_EXPIRED:
                raise CursorGone from error
            raise _refused(error, "its groups") from error
        except ConnectorError as error:
            raise _refused(error, "its groups") from error
        return page_of(answer, limit)

    def group(self, group_id: str) -> Any | None:
        """Return a group with its members; None if the number has no such group (any more). Raises Suspended."""
        try:
            return self._rest.get(f"/{quote(group_id, safe='')}", "a group", {"fields": FIELDS})
        except ConnectorError as error:
            code = code_of(error)
            if code == UNKNOWN_GROUP or Refusal.behind(error).status == _NOT_FOUND:
                return None
            if code == SUSPENDED:
                raise Suspended from error
            raise _refused(error, "a group") from error

    def invite_link(self, group_id: str) -> Any:
        """Return a group's join link: a key to the group, to be hashed at once. Raises ConnectorError."""
        what = "the link of a group"
        try:
            answer = self._rest.get(f"/{quote(group_id, safe='')}/invite_link", what)
        except ConnectorError as error:
            raise _refused(error, what) from Refusal.behind(error)
        return answer.get("invite_link") if isinstance(answer, dict) else None

    def remove(self, group_id: str, user: str, confirm: Confirm) -> Any:
        """Ask to remove one participant: a number's digits, or a BSUID. Raises ConnectorError."""
        body = {"messaging_product": "whatsapp", "participants": [{"user": user}]}
        what = "the removal of a participant"
        try:
            path = f"/{quote(group_id, safe='')}/participants"
            return self._rest.call("DELETE", path, what, body=body, confirm=confirm)
        except ConnectorError as error:
            raise _refused(error, what) from error


def page_of(answer: Any, limit: int) -> Page:
    """Return the page in an answer: `data.groups` as Meta documents it, or a plain list. Raises Incomplete."""
    data = answer.get("data") if isinstance(answer, dict) else None
    rows = data.get("groups") if isinstance(data, dict) else data
    paging = answer.get("paging") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not (paging is None or isinstance(paging, dict)):
        raise unexpected("its groups")
    cursors = (paging or {}).get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    has_next = bool((paging or {}).get("next"))
    if has_next and not (isinstance(after, str) and after):
        raise unexpected("its groups")
    goes_on = has_next or (isinstance(after, str) and len(rows) >= limit)
    is_whole = not (answer.get("errors") or answer.get("error"))
    return Page(rows, after if goes_on else None, is_whole)


def unexpected(what: str) -> Incomplete:
    """The error for an answer that is JSON, but of another shape."""
    return Incomplete(
        f"{META}, asked for {what}, answered JSON of another shape.",
        remedy="Nothing is changed by it. Check version, and that graph_url is Graph itself.",
    )


def code_of(error: BaseException) -> int:
    """Return Meta's code behind an error that `Rest` or this module raised, 0 if there is none."""
    cause = error
    while not isinstance(cause, Refusal):
        if cause.__cause__ is None:
            return 0
        cause = cause.__cause__
    return code_in(cause.body)


def code_in(body: Any) -> int:
    """Return the code of an answer's `error`, or of an inner error; 0 if there is none."""
    error = body.get("error", body) if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    try:
        return int(code) if isinstance(code, int | str) else 0
    except ValueError:
        return 0


def _refused(error: ConnectorError, what: str) -> ConnectorError:
    """Return the error for a refusal by its code. An error without an answer stays as it is."""
    refusal = Refusal.behind(error)
    if not refusal.status:
        return error
    code = code_of(error)
    message = f"{META}, asked for {what}, answered {refusal.status}{f' (error {code})' if code else ''}."
    if code in _SLOWER or isinstance(error, NotDone):
        wait_s = error.retry_after_s if isinstance(error, Transient) else None
        return NotDone(message, remedy="It is tried again by itself.", retry_after_s=wait_s)
    if isinstance(error, Transient):
        return Transient(message, remedy="It is tried again by itself.", retry_after_s=error.retry_after_s)
    if code == NOT_ELIGIBLE:
        return PermissionDenied(
            message,
            missing="a number that may use groups",
            remedy="Groups are for official business accounts, not for numbers of the WhatsApp Business app.",
        )
    if code == _TOKEN or isinstance(error, AuthFailed):
        return AuthFailed(
            message, remedy="The token has expired or was revoked: make a new one of a system user."
        )
    if code in _RIGHTS or isinstance(error, PermissionDenied):
        return PermissionDenied(
            message,
            missing="whatsapp_business_messaging",
            remedy="Give the token's system user that permission, and the WhatsApp account.",
        )
    if code == _UNKNOWN_OBJECT and what == "its groups":
        return BadConfig(
            message, remedy="Check phone_number_id, and that the token's system user has that number."
        )
    return Rejected(message, remedy="Look the code up in Meta's list of errors for groups.")
