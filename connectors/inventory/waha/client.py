"""WAHA's HTTP API: one call is one request, and one page of a list. Says what was answered, not what it means.

As of WAHA 2026.7 (github.com/devlikeapro/waha, its OpenAPI and its engines). An engine that fails answers 500 with
WhatsApp's reason, also for a group that it doesn't know; a session that isn't working answers 422 with `status` and
`expected`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from connectors.inventory.waha.config import WahaConfig
from connectors.kit.gateway_errors import unexpected, without_numbers
from connectors.kit.rest import Refusal, Rest, Server
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorContext,
    ConnectorError,
    Incomplete,
    Rejected,
    Transient,
)
from worker.ports.connectors.remover import Confirm

WAHA = "WAHA"
PAGE = 100  # groups
REFUSED, NOT_FOUND, NOT_WORKING, FAILED = 401, 404, 422, 500
STARTING, WORKING = "STARTING", "WORKING"
REMEDIES = {
    "SCAN_QR_CODE": "Link the phone again: scan the QR code that WAHA's dashboard shows for this session.",
    "PASSKEY_REQUIRED": "Confirm the passkey for this session in WAHA's dashboard.",
    "PASSKEY_CONFIRMATION_REQUIRED": "Confirm the passkey's code on the phone.",
    "STOPPED": "Start the session in WAHA's dashboard, or set it to start with WAHA.",
    "FAILED": "Restart the session in WAHA's dashboard; if that fails, log out there and link the phone again.",
}
# What engines say of a group that the phone is not in, or not in any more: WEBJS', Baileys' and whatsmeow's words
_NOT_THERE = (
    "not found", "item-not-found", "forbidden", "not-authorized", "not participating", "that group does not exist",
    "you're not part", "not a group",
)  # fmt: skip
_NO_PATH = "cannot get "
NOT_THERE, UNTOLD = object(), object()
T = TypeVar("T")


class WahaClient:
    """One session of one WAHA."""

    def __init__(self, config: WahaConfig, context: ConnectorContext) -> None:
        server = Server(
            WAHA,
            config.url,
            {"X-Api-Key": config.api_key.get_secret_value()},
            config.requests_per_minute,
            config.tls.path(context.base_dir),
            allows_private_http=True,
        )
        self._rest = Rest(server, context.now, context.sleep)
        self._session = config.session
        self._root = f"/api/{quote(config.session, safe='')}"

    def close(self) -> None:
        self._rest.close()

    def require_working(self) -> Any:
        """Return who the linked phone is (`me`). Raises AuthFailed, with the remedy, where none is linked and
        connected; Transient while the session starts.
        """
        path = f"/api/sessions/{quote(self._session, safe='')}"
        try:
            found = self._asked(lambda: self._rest.get(path, "its session"))
        except Rejected as error:
            if Refusal.behind(error).status != NOT_FOUND:
                raise
            raise BadConfig(
                f"WAHA has no session {self._session!r}.",
                remedy="Give the name of the session that the phone is linked to in session.",
            ) from error
        status = found.get("status") if isinstance(found, dict) else None
        if not isinstance(status, str):
            raise unexpected(WAHA, "its session")
        if status != WORKING:
            raise not_working(status)
        return found.get("me")

    def groups(self, offset: int) -> list[Any]:
        """Return one page of the groups, in order of their ids. More than PAGE rows: WAHA knows no pages."""
        query: dict[str, str | int] = {
            "limit": PAGE,
            "offset": offset,
            "sortBy": "id",
            "sortOrder": "asc",
            "exclude": "participants",
        }
        found = self._asked(lambda: self._rest.get(f"{self._root}/groups", "the groups", query))
        if isinstance(found, dict) and all(_is_under(key, row) for key, row in found.items()):
            found = list(found.values())  # the engine NOWEB: by id
        if not isinstance(found, list):
            raise unexpected(WAHA, "the groups")
        return [_without_message(row) for row in found]

    def groups_total(self) -> int:
        """Return how many groups there are."""
        found = self._asked(lambda: self._rest.get(f"{self._root}/groups/count", "the number of groups"))
        count = found.get("count") if isinstance(found, dict) else None
        if not isinstance(count, int) or isinstance(count, bool):
            raise unexpected(WAHA, "the number of groups")
        return count

    def group(self, group_id: str) -> dict[str, Any] | None:
        """Return one group; None if the phone isn't in it."""
        found = self._there(self._of(group_id), "a group")
        if found is not NOT_THERE and not isinstance(found, dict):
            raise unexpected(WAHA, "a group")
        return None if found is NOT_THERE else _without_message(found)

    def participants(self, group_id: str) -> list[Any] | None:
        """Return a group's members; None if the phone isn't in it."""
        what = "the members of a group"
        found = self._there(self._of(group_id, "participants/v2"), what)
        if found is not NOT_THERE and not isinstance(found, list):
            raise unexpected(WAHA, what)
        return found if isinstance(found, list) else None

    def number_behind(self, lid: str) -> Any:
        """Return the id with the number behind a LID; None if WAHA doesn't know it, or its engine can't tell.

        UNTOLD if the engine fails at it, once the session is seen to be working: some do for one LID again and again.
        """
        path = f"{self._root}/lids/{quote(lid, safe='')}"
        try:
            found = self._asked(lambda: self._rest.get(path, "the number of a member"))
        except Rejected:
            return None
        except Transient as error:
            if Refusal.behind(error).status != FAILED:
                raise
            self.require_working()
            return UNTOLD
        if not isinstance(found, dict):
            raise unexpected(WAHA, "the number of a member")
        return found.get("pn") if found.get("lid", lid) == lid else None

    def picture(self, group_id: str) -> str:
        """Return the address of a group's picture as WhatsApp has it now, "" if there is none."""
        what = "the picture of a group"
        # WAHA would otherwise answer what it saw within the last 24 hours
        found = self._asked(lambda: self._rest.get(self._of(group_id, "picture"), what, {"refresh": "true"}))
        url = found.get("url") if isinstance(found, dict) else 0
        if url is not None and not isinstance(url, str):
            raise unexpected(WAHA, what)
        return url or ""

    def invite_code(self, group_id: str) -> Any:
        """Return the code of a group's join link, or the link: a key to the group, to be hashed at once."""
        path = self._of(group_id, "invite-code")
        return self._asked(lambda: self._rest.call("GET", path, "the link of a group", takes_text=True))

    def admins_only(self, group_id: str, part: str) -> Any:
        """Return whether only admins may edit the group's profile (`info`), or write in it (`messages`)."""
        path = self._of(group_id, f"settings/security/{part}-admin-only")
        found = self._asked(lambda: self._rest.get(path, "the rights in a group"))
        return found.get("adminsOnly") if isinstance(found, dict) else None

    def last_messages(self, group_ids: Sequence[str]) -> dict[str, Any]:
        """Return when the newest message of each of these groups was written, as WAHA has it; nothing else of it."""
        body = {"pagination": {"limit": len(group_ids), "offset": 0}, "filter": {"ids": list(group_ids)}}
        what = "when the newest messages of groups were written"
        path = f"{self._root}/chats/overview"
        found = self._asked(lambda: self._rest.call("POST", path, what, body=body))
        if not isinstance(found, list):
            raise unexpected(WAHA, what)
        return {str(row.get("id")): _written(row) for row in found if isinstance(row, dict)}

    def act(self, group_id: str, action: str, participant: str, confirm: Confirm) -> Any:
        """Remove somebody from a group, or make them an admin; return the answer, None where it is empty."""
        path = {"remove": "participants/remove", "promote": "admin/promote"}[action]
        body = {"participants": [{"id": participant}]}
        what = f"an act ({action})"
        return self._asked(
            lambda: self._rest.call("POST", self._of(group_id, path), what, body=body, confirm=confirm)
        )

    def _of(self, group_id: str, part: str = "") -> str:
        return f"{self._root}/groups/{quote(group_id, safe='@')}{'/' if part else ''}{part}"

    def _there(self, path: str, what: str) -> Any:
        """Return the answer; NOT_THERE for a refusal that says so, once the session is seen to be there and working."""
        try:
            return self._asked(lambda: self._rest.get(path, what))
        except (Rejected, Transient) as error:
            refusal = Refusal.behind(error)
            if refusal.status == NOT_FOUND and not _says_not_there(refusal):
                raise Rejected(
                    error.message,
                    remedy="Update WAHA; if it is a current one, look at what stands in front of it.",
                ) from refusal
            if not _says_not_there(refusal):
                raise
        self.require_working()
        return NOT_THERE

    def _asked(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except ConnectorError as error:
            refusal = Refusal.behind(error)
            if refusal.status == REFUSED:
                raise AuthFailed(
                    error.message, remedy="Check api_key: WAHA refuses it (its WAHA_API_KEY)."
                ) from refusal
            if (
                refusal.status == NOT_WORKING
                and isinstance(refusal.body, dict)
                and "expected" in refusal.body
            ):
                raise not_working(refusal.body.get("status")) from refusal
            raise without_numbers(error) from error.__cause__


def not_working(status: Any) -> ConnectorError:
    """The error for a session in another state than WORKING."""
    message = f"WAHA's session is {status if status in REMEDIES else 'not working'}."
    if status == STARTING:
        return Transient("WAHA's session is starting.", remedy="It is tried again by itself.")
    if status in REMEDIES:
        return AuthFailed(f"{message} No group can be read.", remedy=REMEDIES[status])
    return Incomplete(message, remedy="Look at the session in WAHA's dashboard.")


def _without_message(row: Any) -> Any:
    """Drop the text of the newest message, which some engines put beside a group: only its time is wanted."""
    if isinstance(row, dict) and isinstance(row.get("lastMessage"), dict):
        row["lastMessage"] = {"timestamp": row["lastMessage"].get("timestamp")}
    return row


def _written(row: dict[str, Any]) -> Any:
    message = row.get("lastMessage")
    return message.get("timestamp") if isinstance(message, dict) else None


def _is_under(key: str, row: Any) -> bool:
    return isinstance(row, dict) and row.get("id") == key


def _says_not_there(refusal: Refusal) -> bool:
    said = json.dumps(refusal.body).casefold() if refusal.body else ""
    if refusal.status == NOT_FOUND:
        return bool(said) and _NO_PATH not in said
    return refusal.status == FAILED and any(words in said for words in _NOT_THERE)
