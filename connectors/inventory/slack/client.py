"""Slack's Web API over HTTP: one call is one request, and one page. Its error codes become the worker's errors.

Slack answers 200 whatever happens; `ok` and `error` in the body decide. Reading is asked by GET, since the reading
methods take no JSON (docs.slack.dev/reference/methods, read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from connectors.inventory.slack.config import API_URL, SlackInventoryConfig
from connectors.kit.rest import Refusal, Rest, Server
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
    ConnectorContext,
    ConnectorError,
    Incomplete,
    NotDone,
    PermissionDenied,
    Rejected,
    Transient,
)
from worker.ports.connectors.remover import Confirm

PAGE_SIZE = 200  # what Slack recommends
NO_CHANNEL, NO_GROUP = "channel_not_found", "no_such_subteam"
NO_USER, HIDDEN_USER = "user_not_found", "user_not_visible"  # the second: of a partner company
FETCH_FAILED = "fetch_members_failed"  # of one channel; it may pass
NO_SCOPE = "missing_scope"  # of the app, whatever it asked for
_CODE = re.compile(r"[a-z0-9_.:-]{1,80}")
_NOT_FOUND = 404
_AGAIN = "Nothing is changed by it; it is read again."


class SlackWeb:
    """One workspace. Every method raises ConnectorError; what Slack refuses for this one request raises Rejected."""

    def __init__(self, config: SlackInventoryConfig, context: ConnectorContext) -> None:
        server = Server(
            name="Slack",
            url=config.api_url or API_URL,
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
        """Return the workspace, and whose the token is."""
        return self._asked("POST", "auth.test", "the token's app", body={})

    def channels(self, cursor: str) -> Any:
        """Return a page of the channels that the app sees."""
        query = {"types": "public_channel,private_channel", "exclude_archived": "false"}
        return self._page("conversations.list", "the channels", cursor, query)

    def channel(self, channel_id: str) -> Any | None:
        """Return a channel with its number of members; None if there is none, or the app may not see it."""
        query = {"channel": channel_id, "include_num_members": "true"}
        what = f"the channel {channel_id}"
        return _unless({NO_CHANNEL}, lambda: self._asked("GET", "conversations.info", what, query=query))

    def members(self, channel_id: str, cursor: str) -> Any | None:
        """Return a page of the ids of who is in a channel; None if the channel is gone."""
        query = {"channel": channel_id}
        return _unless(
            {NO_CHANNEL},
            lambda: self._page("conversations.members", "the members of a channel", cursor, query),
        )

    def users(self, cursor: str) -> Any:
        """Return a page of the workspace's accounts."""
        return self._page("users.list", "the accounts", cursor, {})

    def user(self, user_id: str) -> Any | None:
        """Return an account; None if there is none, or the app may not see it."""
        query = {"user": user_id}
        return _unless(
            {NO_USER, HIDDEN_USER}, lambda: self._asked("GET", "users.info", "an account", query=query)
        )

    def user_groups(self) -> Any:
        """Return the user groups in use."""
        query = {"include_disabled": "false", "include_count": "true"}
        return self._asked("GET", "usergroups.list", "the user groups", query=query)

    def group_users(self, group_id: str, confirm: Confirm | None = None) -> Any | None:
        """Return the ids of who is in a user group; None if it is gone. `confirm` is called right before."""
        query, what = {"usergroup": group_id}, "the members of a user group"
        return _unless(
            {NO_GROUP},
            lambda: self._asked("GET", "usergroups.users.list", what, query=query, confirm=confirm),
        )

    def assignments(self, cursor: str) -> Any:
        """Return a page of the roles that people were given, channel managers among them."""
        return self._page("admin.roles.listAssignments", "the roles", cursor, {})

    # --- What is done ---------------------------------------------------------------------------

    def join(self, channel_id: str) -> None:
        """Enter a public channel."""
        self._asked("POST", "conversations.join", "to enter a channel", body={"channel": channel_id})

    def leave(self, channel_id: str) -> None:
        """Leave a channel."""
        self._asked("POST", "conversations.leave", "to leave a channel", body={"channel": channel_id})

    def kick(self, channel_id: str, user_id: str, confirm: Confirm) -> None:
        """Take somebody out of a channel."""
        body = {"channel": channel_id, "user": user_id}
        self._asked("POST", "conversations.kick", "to remove a member", body=body, confirm=confirm)

    def set_group_users(self, group_id: str, listed: Callable[[], Sequence[str]]) -> None:
        """Replace who is in a user group by what `listed` returns right before the request, after the wait for it."""
        body = {"usergroup": group_id}

        def fill() -> None:
            body["users"] = ",".join(listed())

        what = "to remove a member of a user group"
        self._asked("POST", "usergroups.users.update", what, body=body, confirm=fill)

    # --- Answers --------------------------------------------------------------------------------

    def _page(self, method: str, what: str, cursor: str, query: Mapping[str, str]) -> Any:
        more = {"cursor": cursor} if cursor else {}
        return self._asked("GET", method, what, query={**query, "limit": self.page_size, **more})

    def _asked(
        self,
        verb: str,
        method: str,
        what: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Any = None,
        confirm: Confirm | None = None,
    ) -> Any:
        try:
            answer = self._rest.call(verb, f"/{method}", what, query=query, body=body, confirm=confirm)
        except Rejected as error:
            if Refusal.behind(error).status == _NOT_FOUND:
                raise BadConfig(
                    error.message, remedy="Check api_url; leave it out to reach Slack itself."
                ) from error
            raise
        if isinstance(answer, dict) and answer.get("ok") is True:
            return answer
        raise _failure(f"Slack, asked for {what}", answer) from Refusal(0, answer)


def _failure(where: str, answer: Any) -> ConnectorError:
    """Return the error for an answer that is not `ok`."""
    code = answer.get("error") if isinstance(answer, dict) and answer.get("ok") is False else None
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        return Incomplete(f"{where}, answered with another shape.", remedy=f"{_AGAIN} Check api_url.")
    message = f"{where}, answered {code}."
    if code in ASKED_TO_WAIT:
        return NotDone(message, remedy=LATER, retry_after_s=WAIT_S)
    if code in TRANSIENT or code == FETCH_FAILED:
        return Transient(message, remedy=LATER)
    if code in AUTH:
        return AuthFailed(message, remedy=RENEW)
    if code == NO_SCOPE:
        needed = answer.get("needed")
        scopes = needed if isinstance(needed, str) and needed else "unknown"
        return PermissionDenied(message, missing=scopes, remedy=scope_remedy(scopes))
    if code in DENIED:
        return PermissionDenied(
            message, missing=code, remedy="Ask a Slack administrator to allow this to the app."
        )
    if code == "invalid_cursor":
        return Incomplete(message, remedy=_AGAIN)
    return Rejected(message, remedy="The README says what Slack refuses; a person has to do it.")


def _unless(codes: Collection[str], call: Callable[[], Any]) -> Any | None:
    """Return what the call does; None where Slack refuses it with one of these codes."""
    try:
        return call()
    except Rejected as error:
        if code_of(error) in codes:
            return None
        raise


def code_of(error: ConnectorError) -> str:
    """Return Slack's own code behind an error; "" where there is none."""
    body = Refusal.behind(error).body
    return str(body.get("error", "")) if isinstance(body, dict) else ""
