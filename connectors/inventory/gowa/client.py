"""GOWA's HTTP API: one call is one request. Says what was answered, not what it means.

As of GOWA 9.0 (github.com/aldinokemal/go-whatsapp-web-multidevice, its OpenAPI and `usecase/group.go`). Every answer
is `{"code", "message", "results"}`. An error of WhatsApp is a 500 with whatsmeow's words: "you're not participating in
that group", "info query returned status 403: forbidden".
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from connectors.inventory.gowa.config import GowaConfig
from connectors.kit.gateway_errors import unexpected, without_numbers
from connectors.kit.rest import Refusal, Rest, Server
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorContext,
    ConnectorError,
    Rejected,
    Transient,
)
from worker.ports.connectors.remover import Confirm

GOWA = "GOWA"
LISTED_MAX = 500  # groups that WhatsApp lists at most for a linked phone
REFUSED, FAILED = 401, 500
NOT_THERE = object()
_LINK_AGAIN = "Link the phone again: open GOWA, log in, and scan the QR code with it."
_NOT_LINKED = ("not logg", "not login", "whatsapp cli is invalid")
_GONE = ("you're not participating in that group", "that group does not exist")
_REFUSING = re.compile(r"returned status (40[1-6]):")
T = TypeVar("T")


class GowaClient:
    """One device of one GOWA."""

    def __init__(self, config: GowaConfig, context: ConnectorContext) -> None:
        credential = f"{config.user}:{config.password.get_secret_value()}".encode()
        headers = {"Authorization": "Basic " + base64.b64encode(credential).decode()}
        if config.device is not None:
            headers["X-Device-Id"] = config.device
        server = Server(
            GOWA,
            config.url,
            headers,
            config.requests_per_minute,
            config.tls.path(context.base_dir),
            allows_private_http=True,
        )
        self._rest = Rest(server, context.now, context.sleep)

    def close(self) -> None:
        self._rest.close()

    def require_linked(self) -> dict[str, Any]:
        """Return the phone's state, with its `jid` since GOWA 8. Raises AuthFailed, with the remedy, unless a phone is
        linked; Transient while it is not connected.
        """
        what = "the phone's state"
        found = self._results(lambda: self._rest.get("/app/status", what), what)
        if not isinstance(found, dict):
            raise unexpected(GOWA, what)
        states = (found.get("is_logged_in"), found.get("is_connected"))
        if not all(isinstance(state, bool) for state in states):
            raise unexpected(GOWA, what)
        if not states[0]:
            raise AuthFailed("GOWA has no linked phone. No group can be read.", remedy=_LINK_AGAIN)
        if not states[1]:
            raise Transient(
                "GOWA's phone is not connected to WhatsApp.",
                remedy="It is tried again by itself; if it stays, reconnect the device in GOWA.",
            )
        return found

    def groups(self) -> list[Any]:
        """Return the phone's groups, without their members; at most LISTED_MAX."""
        what = "the groups"
        found = self._results(lambda: self._rest.get("/user/my/groups", what), what)
        if not isinstance(found, dict) or "data" not in found:
            raise unexpected(GOWA, what)
        rows = [] if found["data"] is None else found["data"]  # an empty list of Go's
        if not isinstance(rows, list):
            raise unexpected(GOWA, what)
        return [_without_members(row) for row in rows]

    def group(self, group_id: str) -> dict[str, Any] | None:
        """Return one group; None if the phone isn't in it."""
        found = self._there("/group/info", group_id, "a group")
        if found is NOT_THERE:
            return None
        if isinstance(found, dict) and isinstance(found.get("Data"), dict):
            found = found["Data"]
        if not isinstance(found, dict):
            raise unexpected(GOWA, "a group")
        return dict(_without_members(found))

    def participants(self, group_id: str) -> list[Any] | None:
        """Return a group's members; None if the phone isn't in it."""
        what = "the members of a group"
        found = self._there("/group/participants", group_id, what)
        if found is NOT_THERE:
            return None
        if not isinstance(found, dict) or "participants" not in found:
            raise unexpected(GOWA, what)
        rows = [] if found["participants"] is None else found["participants"]
        if not isinstance(rows, list) or found.get("group_id", group_id) != group_id:
            raise unexpected(GOWA, what)
        return rows

    def invite_link(self, group_id: str) -> Any:
        """Return a group's join link: a key to the group, to be hashed at once. Raises Rejected if it isn't shown."""
        what = "the link of a group"
        path, query = "/group/invite-link", {"group_id": group_id}
        try:
            found = self._results(lambda: self._rest.get(path, what, query), what)
        except Transient as error:
            _raise_if_refused(error)
            raise
        return found.get("invite_link") if isinstance(found, dict) else None

    def act(self, group_id: str, action: str, participant: str, confirm: Confirm) -> Any:
        """Remove somebody from a group ("remove"), or make them an admin ("promote"); return the results.

        Raises Rejected where WhatsApp surely refused it, although GOWA calls that a failure of its own.
        """
        what = f"an act ({action})"
        body = {"group_id": group_id, "participants": [participant]}
        path = f"/group/participants/{action}"
        try:
            ask = partial(self._rest.call, "POST", path, what, body=body, confirm=confirm)
            return self._results(ask, what)
        except Transient as error:
            _raise_if_refused(error)
            raise

    def _there(self, path: str, group_id: str, what: str) -> Any:
        """Return the results; NOT_THERE for a refusal that says so, once the phone is seen to be linked."""
        try:
            return self._results(lambda: self._rest.get(path, what, {"group_id": group_id}), what)
        except (Rejected, Transient) as error:
            if not any(words in _said(Refusal.behind(error)) for words in _GONE):
                raise
        self.require_linked()
        return NOT_THERE

    def _results(self, ask: Callable[[], Any], what: str) -> Any:
        found = self._asked(ask)
        if not isinstance(found, dict) or found.get("code") != "SUCCESS" or "results" not in found:
            raise unexpected(GOWA, what)
        return found["results"]

    def _asked(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except ConnectorError as error:
            refusal = Refusal.behind(error)
            code = refusal.body.get("code") if isinstance(refusal.body, dict) else None
            if code == "AUTHENTICATION_ERROR" or any(words in _said(refusal) for words in _NOT_LINKED):
                raise AuthFailed(
                    "GOWA has no linked phone. No group can be read.", remedy=_LINK_AGAIN
                ) from refusal
            if refusal.status == REFUSED:
                raise AuthFailed(
                    error.message, remedy="Check user and password: GOWA refuses them."
                ) from refusal
            if code in {"DEVICE_NOT_FOUND", "DEVICE_ID_REQUIRED"}:
                raise BadConfig(
                    f"GOWA answered {code}.",
                    remedy="Give the id of the device that the phone is linked to in device.",
                ) from refusal
            raise without_numbers(error) from error.__cause__


def _raise_if_refused(error: Transient) -> None:
    """Raise Rejected where it was WhatsApp that refused, although GOWA calls that a failure of its own."""
    if match := _REFUSING.search(_said(Refusal.behind(error))):
        text = f"WhatsApp answered {match[1]}"
        raise Rejected(text, remedy="Make the linked phone an admin of the group.") from error


def _said(refusal: Refusal) -> str:
    """Return GOWA's own words in lower case; "" where there are none."""
    message = refusal.body.get("message") if isinstance(refusal.body, dict) else None
    return message.casefold() if isinstance(message, str) else ""


def _without_members(row: Any) -> Any:
    """Drop the members that come with a group: they are read one group at a time, and never all are held."""
    return (
        {key: value for key, value in row.items() if key != "Participants"} if isinstance(row, dict) else row
    )
