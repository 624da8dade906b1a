"""Evolution's HTTP API: one call is one request. Says what was answered, not what it means.

As of Evolution API 2.3 (github.com/EvolutionAPI/evolution-api, `group.router.ts` and `whatsapp.baileys.service.ts`). It
answers 404 for whatever fails in a read, and 400 for whatever fails in an act, a lost connection included: only the
words behind it (`response.message`, Baileys' own) tell what happened.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from connectors.inventory.evolution.config import EvolutionConfig
from connectors.kit.gateway_errors import unexpected, without_numbers
from connectors.kit.rest import Refusal, Rest, Server
from worker.ports import (
    AuthFailed,
    BadConfig,
    ConnectorContext,
    ConnectorError,
    Incomplete,
    PermissionDenied,
    Rejected,
    Transient,
)
from worker.ports.connectors.remover import Confirm

EVOLUTION = "Evolution"
READ_S = 120.0  # it looks for a picture of each group before it answers
UNAUTHORIZED, BAD, NOT_FOUND = 401, 400, 404
NOT_THERE = object()
OPEN, CONNECTING, CLOSED = "open", "connecting", "close"
_LINK_AGAIN = (
    "Link the phone again: connect the instance in Evolution's manager, and scan the QR code with it."
)
_NO_INSTANCE = "instance does not exist"
_NO_PATH = "cannot get "
_GONE = ("item-not-found", "forbidden", "not-authorized")
_REFUSING = (*_GONE, "bad-request", "not-acceptable", "not-allowed")
_FAILED_ACT = "error updating participants"
_PASSING = "It is tried again by itself; if it stays, look at Evolution's log."
T = TypeVar("T")


class EvolutionClient:
    """One instance of one Evolution."""

    def __init__(self, config: EvolutionConfig, context: ConnectorContext) -> None:
        server = Server(
            EVOLUTION,
            config.url,
            {"apikey": config.api_key.get_secret_value()},
            config.requests_per_minute,
            config.tls.path(context.base_dir),
            allows_private_http=True,
            read_s=READ_S,
        )
        self._rest = Rest(server, context.now, context.sleep)
        self._instance = config.instance
        self._segment = quote(config.instance, safe="")

    def close(self) -> None:
        self._rest.close()

    def require_open(self) -> None:
        """Raise AuthFailed, with the remedy, unless a phone is linked and connected; Transient while it connects."""
        what = "the instance's state"
        found = self._get(f"/instance/connectionState/{self._segment}", what)
        inner = found.get("instance") if isinstance(found, dict) else None
        state = inner.get("state") if isinstance(inner, dict) else None
        if state == CLOSED:
            raise AuthFailed("Evolution's instance is closed. No group can be read.", remedy=_LINK_AGAIN)
        if state == CONNECTING:
            raise Transient("Evolution's instance is connecting.", remedy="It is tried again by itself.")
        if not isinstance(state, str):
            raise unexpected(EVOLUTION, what)
        if state != OPEN:
            raise Incomplete(
                "Evolution's instance is in an unknown state.",
                remedy="Look at the instance in Evolution's manager.",
            )

    def instances(self) -> Any:
        """Return the instance as a list of instances has it, with whose phone it is; None if Evolution refuses it."""
        try:
            query: dict[str, str | int] = {"instanceName": self._instance}
            return self._get("/instance/fetchInstances", "whose phone is linked", query)
        except (Rejected, PermissionDenied):
            return None

    def groups(self) -> list[Any]:
        """Return the phone's groups, without their members."""
        found = self._get(
            f"/group/fetchAllGroups/{self._segment}", "the groups", {"getParticipants": "false"}
        )
        if not isinstance(found, list):
            raise unexpected(EVOLUTION, "the groups")
        return [_without_members(row) for row in found]

    def group(self, group_id: str) -> dict[str, Any] | None:
        """Return one group; None if the phone isn't in it."""
        found = self._there("findGroupInfos", group_id, "a group")
        if found is NOT_THERE:
            return None
        if not isinstance(found, dict):
            raise unexpected(EVOLUTION, "a group")
        return dict(_without_members(found))

    def participants(self, group_id: str) -> list[Any] | None:
        """Return a group's members; None if the phone isn't in it."""
        what = "the members of a group"
        found = self._there("participants", group_id, what)
        if found is NOT_THERE:
            return None
        rows = found.get("participants") if isinstance(found, dict) else None
        if not isinstance(rows, list):
            raise unexpected(EVOLUTION, what)
        return rows

    def picture(self, group_id: str) -> str | None:
        """Return the address of a group's picture. None: there is none, or Evolution could not have it; it says none of
        the two.
        """
        found = self.group(group_id)
        url = found.get("pictureUrl") if found is not None else None
        return url if isinstance(url, str) and url else None

    def invite_code(self, group_id: str) -> Any:
        """Return the code of a group's join link: a key to the group, to be hashed at once.

        Raises Rejected if it isn't shown.
        """
        what = "the link of a group"
        try:
            found = self._get(f"/group/inviteCode/{self._segment}", what, {"groupJid": group_id})
        except Transient as error:
            if any(words in _said(Refusal.behind(error)) for words in _REFUSING):
                raise Rejected(
                    error.message, remedy="Make the linked phone an admin of the group."
                ) from error
            raise
        return found.get("inviteCode") if isinstance(found, dict) else None

    def act(self, group_id: str, action: str, participant: str, confirm: Confirm) -> Any:
        """Remove somebody from a group ("remove"), or make them an admin ("promote"); return the answer.

        Raises Rejected where WhatsApp surely refused it; Transient where Evolution's 400 may mean anything.
        """
        body = {"action": action, "participants": [participant]}
        path, what = f"/group/updateParticipant/{self._segment}", f"an act ({action})"
        query = {"groupJid": group_id}
        try:
            ask = partial(self._rest.call, "POST", path, what, query=query, body=body, confirm=confirm)
            return self._asked(ask)
        except Rejected as error:
            said = _said(Refusal.behind(error))
            if _FAILED_ACT in said and not any(words in said for words in _REFUSING):
                raise Transient(
                    f"Evolution, asked for {what}, answered {BAD} without a clear result.",
                    remedy="It is not known whether it was done: the group is read before it is tried again.",
                ) from error
            raise

    def _there(self, call: str, group_id: str, what: str) -> Any:
        """Return the answer; NOT_THERE for a refusal that says so, once the instance is seen to be open."""
        try:
            return self._get(f"/group/{call}/{self._segment}", what, {"groupJid": group_id})
        except Transient as error:
            refusal = Refusal.behind(error)
            if refusal.status != NOT_FOUND or not any(words in _said(refusal) for words in _GONE):
                raise
        self.require_open()
        return NOT_THERE

    def _get(self, path: str, what: str, query: dict[str, str | int] | None = None) -> Any:
        try:
            return self._asked(lambda: self._rest.get(path, what, query))
        except Rejected as error:
            refusal = Refusal.behind(error)
            said = _said(refusal)
            if refusal.status != NOT_FOUND or not said or _NO_PATH in said:
                raise
            raise Transient(error.message, remedy=_PASSING) from refusal

    def _asked(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except ConnectorError as error:
            refusal = Refusal.behind(error)
            if refusal.status == UNAUTHORIZED:
                raise AuthFailed(error.message, remedy="Check api_key: Evolution refuses it.") from refusal
            if _NO_INSTANCE in _said(refusal):
                raise BadConfig(
                    f"Evolution has no instance {self._instance!r}.",
                    remedy="Give the name of the instance that the phone is linked to in instance.",
                ) from refusal
            raise without_numbers(error) from error.__cause__


def _said(refusal: Refusal) -> str:
    """Return the words behind a refusal in lower case; "" where there are none."""
    inner = refusal.body.get("response") if isinstance(refusal.body, dict) else None
    message = inner.get("message") if isinstance(inner, dict) else None
    return json.dumps(message, ensure_ascii=False).casefold() if message else ""


def _without_members(row: Any) -> Any:
    """Drop the members that may come with a group: they are read one group at a time, and never all are held."""
    return (
        {key: value for key, value in row.items() if key != "participants"} if isinstance(row, dict) else row
    )
