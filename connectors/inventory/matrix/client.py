"""Synapse over HTTP: one call is one request. Its errors are told apart by what they mean here.

/_synapse/admin   what administrators see        /_matrix/client   what our own account does in a room
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from connectors.inventory.matrix.config import MatrixConfig
from connectors.kit.http import WAIT_MAX_S
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
)
from worker.ports.connectors.remover import Confirm

PAGE_SIZE = 250
ADMIN, CLIENT = "/_synapse/admin", "/_matrix/client/v3"
MEDIA = "/_matrix/client/v1/media/download"
_NOT_FOUND = 404
T = TypeVar("T")
_AGAIN = "Nothing is changed by it; it is read again. Check the proxy in front of it."
_LIMITED, _GONE = "M_LIMIT_EXCEEDED", "M_NOT_FOUND"


class SynapseClient:
    """One homeserver. Every method raises ConnectorError; an act in a room that is refused raises Rejected."""

    def __init__(self, config: MatrixConfig, context: ConnectorContext) -> None:
        server = Server(
            name="Synapse",
            url=config.url,
            headers={"Authorization": f"Bearer {config.token.get_secret_value()}"},
            per_minute=config.requests_per_minute,
            ca_file=config.tls.path(context.base_dir),
        )
        self.page_size = PAGE_SIZE
        self._rest = Rest(server, context.now, context.sleep)

    def close(self) -> None:
        """End the connections."""
        self._rest.close()

    # --- What is there --------------------------------------------------------------------------

    def whoami(self) -> Any:
        """Return whose the token is."""
        return self._asked("GET", f"{CLIENT}/account/whoami", "the token's account")

    def rooms(self, start: int) -> Any:
        """Return a page of the rooms, in the order of their creators, which never change."""
        query: dict[str, str | int] = {"from": start, "limit": self.page_size, "order_by": "creator"}
        return self._asked("GET", f"{ADMIN}/v1/rooms", "the rooms", query=query)

    def members(self, room_id: str) -> Any | None:
        """Return who is in a room; None if there is no such room."""
        return self._found(f"{ADMIN}/v1/rooms/{_quoted(room_id)}/members", "the members of a room")

    def state(self, room_id: str) -> Any | None:
        """Return a room's state; None if there is no such room."""
        return self._found(f"{ADMIN}/v1/rooms/{_quoted(room_id)}/state", "the state of a room")

    def user(self, user_id: str) -> Any | None:
        """Return a user of this server; None if there is none."""
        return self._found(f"{ADMIN}/v2/users/{_quoted(user_id)}", "a user")

    def details(self, room_id: str) -> Any | None:
        """Return what the server knows of a room besides its state; None if there is no such room."""
        return self._found(f"{ADMIN}/v1/rooms/{_quoted(room_id)}", "the details of a room")

    def newest_event(self, room_id: str, before_ms: int) -> Any | None:
        """Return the id and the time of a room's newest event, and nothing of what is in it; None without any."""
        path = f"{ADMIN}/v1/rooms/{_quoted(room_id)}/timestamp_to_event"
        query: dict[str, str | int] = {"ts": before_ms, "dir": "b"}
        return self._found(path, "when the newest event of a room was", query)

    def media_digest(self, server: str, media_id: str) -> str:
        """Return the SHA-256 in hex of what is in the media repository; nothing of it is kept."""
        path = f"{MEDIA}/{_quoted(server)}/{_quoted(media_id)}"
        return self._meaning(lambda: self._rest.digest(path, "the picture of a room"), is_admin=False)

    # --- What is done ---------------------------------------------------------------------------

    def make_room_admin(self, room_id: str, user_id: str) -> None:
        """Give a user the most that somebody of this server can give, and invite them to a room that isn't public."""
        path = f"{ADMIN}/v1/rooms/{_quoted(room_id)}/make_room_admin"
        self._asked("POST", path, "power in a room", body={"user_id": user_id})

    def join(self, room_id: str, reason: str) -> None:
        """Enter a room; people read the reason there, and our membership in the room's state has it."""
        path = f"{CLIENT}/rooms/{_quoted(room_id)}/join"
        self._asked("POST", path, "to enter a room", body={"reason": reason})

    def leave(self, room_id: str) -> None:
        """Leave a room."""
        self._asked("POST", f"{CLIENT}/rooms/{_quoted(room_id)}/leave", "to leave a room", body={})

    def kick(self, room_id: str, user_id: str, confirm: Confirm) -> None:
        """Take a user out of a room."""
        path = f"{CLIENT}/rooms/{_quoted(room_id)}/kick"
        self._asked("POST", path, "to remove a member", body={"user_id": user_id}, confirm=confirm)

    def set_levels(self, room_id: str, levels: Mapping[str, Any], confirm: Confirm) -> None:
        """Replace a room's levels."""
        path = f"{CLIENT}/rooms/{_quoted(room_id)}/state/m.room.power_levels"
        self._asked("PUT", path, "to make an admin", body=dict(levels), confirm=confirm)

    # --- Errors ---------------------------------------------------------------------------------

    def _found(self, path: str, what: str, query: Mapping[str, str | int] | None = None) -> Any | None:
        """Return what is there; None only if Synapse says that there is nothing."""
        try:
            answer = self._asked("GET", path, what, query=query)
        except Rejected as error:
            if _errcode(error) == _GONE:
                return None
            raise
        if answer is None:
            raise Incomplete(f"Synapse, asked for {what}, answered nothing.", remedy=_AGAIN)
        return answer

    def _asked(
        self,
        method: str,
        path: str,
        what: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Any = None,
        confirm: Confirm | None = None,
    ) -> Any:
        is_admin = path.startswith(ADMIN)
        return self._meaning(
            lambda: self._rest.call(method, path, what, query=query, body=body, confirm=confirm),
            is_admin=is_admin,
        )

    def _meaning(self, ask: Callable[[], T], *, is_admin: bool) -> T:
        try:
            return ask()
        except ConnectorError as error:
            meant = _meant(error, is_admin=is_admin)
            if meant is error:
                raise
            raise meant from Refusal.behind(error)


def _meant(error: ConnectorError, *, is_admin: bool) -> ConnectorError:
    """Return what an answer means: a 403 in a room is its rules', elsewhere our account lacks the right."""
    refusal = Refusal.behind(error)
    if isinstance(error, NotDone) and _errcode(error) == _LIMITED and error.retry_after_s is None:
        wait_ms = refusal.body.get("retry_after_ms")
        is_wait = isinstance(wait_ms, int | float) and wait_ms >= 0  # of NaN, too, it is False
        wait_s = min(wait_ms / 1000, WAIT_MAX_S) if is_wait else None
        return NotDone(error.message, remedy=error.remedy, retry_after_s=wait_s)
    if isinstance(error, AuthFailed):
        return AuthFailed(
            error.message, remedy="Its token is wrong, or was logged out. Make one anew, and set token."
        )
    if isinstance(error, PermissionDenied):
        return _denied(error, is_admin=is_admin)
    if is_admin and refusal.status == _NOT_FOUND and _errcode(error) != _GONE:
        return BadConfig(
            f"{error.message} There is no {ADMIN} at url.",
            remedy="Give the address of a Synapse, and let the proxy in front of it pass this path to it.",
        )
    return error


def _denied(error: PermissionDenied, *, is_admin: bool) -> ConnectorError:
    if not is_admin:
        return Rejected(error.message, remedy="The room's own rules say so: a person has to do it.")
    return PermissionDenied(
        error.message,
        missing="server administrator",
        remedy='Make the token\'s account an administrator: PUT /_synapse/admin/v2/users/@…, {"admin": true}.',
    )


def _errcode(error: ConnectorError) -> str:
    body = Refusal.behind(error).body
    return str(body.get("errcode", "")) if isinstance(body, dict) else ""


def _quoted(text: str) -> str:
    return quote(text, safe="")
