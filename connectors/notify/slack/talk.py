"""Calls to Slack's Web API for those who act there: who they are, forms, the Home, answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from connectors.kit.http import UNANSWERED, broken, failure, new_client, trusting
from connectors.notify.slack.mapping import Rendered
from connectors.notify.slack.web import TIMEOUT_S, SlackWeb, mapping, rows
from worker.ports import AuthFailed, ConnectorError, PermissionDenied

_MAKE_ONE = (
    "On the app's page at api.slack.com/apps, Basic Information, App-Level Tokens, make one with connections:write, "
    "put it where `app_token` points, and turn Socket Mode on."
)


@dataclass(frozen=True, slots=True)
class Person:
    """A person as users.info shows them. `is_full_member`: in use, no bot and no guest. `teams`: ids."""

    user_id: str
    email: str
    name: str
    teams: frozenset[str]
    is_full_member: bool


class TalkClient(SlackWeb):
    """What acting in Slack needs."""

    def person(self, user_id: str) -> Person:
        """users.info; tier 4. Raises Unreachable for somebody whom this workspace doesn't know."""
        answer = self._call(
            "looking up who clicked", lambda: self._web.users_info(user=user_id), to_person=True
        )
        user = mapping(answer.get("user"))
        profile, enterprise = mapping(user.get("profile")), mapping(user.get("enterprise_user"))
        teams = {str(user.get("team_id", "")), *map(str, enterprise.get("teams") or ())}
        is_less = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
        return Person(
            user_id,
            str(profile.get("email") or ""),
            str(user.get("real_name") or user.get("name") or ""),
            frozenset(filter(None, teams)),
            is_full_member=not any(user.get(mark) for mark in is_less),
        )

    def team_id(self) -> str:
        """auth.test: the workspace of the token."""
        answer = self._call("asking which workspace this is", self._web.auth_test)
        return str(answer.get("team_id", ""))

    def user_groups(self) -> Mapping[str, str]:
        """usergroups.list: the ids of the user groups in use, by handle and by name in lower case; tier 2."""
        answer = self._call("listing user groups", self._web.usergroups_list)
        named = [(row, str(row.get("id", ""))) for row in rows(answer, "usergroups")]
        return {str(row.get(key, "")).casefold(): group for key in ("name", "handle") for row, group in named}

    def user_group(self, group_id: str) -> frozenset[str]:
        """usergroups.users.list: the ids of a user group's members; tier 2."""
        answer = self._call(
            "reading a user group", lambda: self._web.usergroups_users_list(usergroup=group_id)
        )
        return frozenset(map(str, answer.get("users") or ()))

    def open_view(self, trigger_id: str, view: Mapping[str, Any]) -> str:
        """views.open: show a modal, within three seconds of the click; return its id. Raises Rejected if it's late."""
        answer = self._call(
            "opening a form", lambda: self._web.views_open(trigger_id=trigger_id, view=dict(view))
        )
        return str(mapping(answer.get("view")).get("id", ""))

    def update_view(self, view_id: str, view: Mapping[str, Any]) -> None:
        """views.update; tier 4."""
        self._call("showing a form", lambda: self._web.views_update(view_id=view_id, view=dict(view)))

    def publish_home(self, user_id: str, view: Mapping[str, Any]) -> None:
        """views.publish: the Home of one person; tier 4."""
        self._call(
            "showing somebody's Home", lambda: self._web.views_publish(user_id=user_id, view=dict(view))
        )

    def whisper(self, channel_id: str, user_id: str, message: Rendered, thread: str = "") -> None:
        """chat.postEphemeral: only that person sees it; tier 4."""
        self._call(
            "answering a click",
            lambda: self._web.chat_postEphemeral(
                channel=channel_id,
                user=user_id,
                text=message.text,
                blocks=message.blocks,
                link_names=False,
                parse="none",
                thread_ts=thread or None,
            ),
            to_person=True,
        )

    def tell(self, user_id: str, message: Rendered) -> None:
        """chat.postMessage to one person."""
        self._call(
            "answering somebody",
            lambda: self._web.chat_postMessage(
                channel=user_id,
                text=message.text,
                blocks=message.blocks,
                unfurl_links=False,
                unfurl_media=False,
                link_names=False,
                parse="none",
            ),
            to_person=True,
        )

    def respond(self, response_url: str, message: Rendered) -> None:
        """Answer a command by its own address, once; only who gave the command sees it.

        The caller has checked whose address it is. It is a secret, so no error names it.
        """
        body = {"response_type": "ephemeral", "text": message.text, "blocks": list(message.blocks)}
        where = "Slack: the address of a command"
        error: ConnectorError | None = None
        try:
            with new_client(TIMEOUT_S, trusting(None)) as client:
                response = client.post(response_url, json=body)
            if not response.is_success:
                error = failure(where, response.status_code, "", None)
        except UNANSWERED as trouble:
            error = broken(where, trouble)
        if error is not None:
            raise error  # out here, so that it has no context: its frames hold the address


class SocketOpener(SlackWeb):
    """What the app-level token is for."""

    def __init__(
        self, app_token: SecretStr, api_url: str | None = None, *, timeout_s: int = TIMEOUT_S
    ) -> None:
        super().__init__(app_token, api_url, timeout_s=timeout_s)
        self._app_token = app_token

    def url(self) -> str:
        """apps.connections.open: an address for one connection. Until somebody connects, it does nothing."""
        token = self._app_token.get_secret_value()
        tried = "asking for a connection"
        try:
            answer = self._call(tried, lambda: self._web.apps_connections_open(app_token=token))
            return str(answer.get("url", ""))
        except (AuthFailed, PermissionDenied) as error:
            problem = error.message
        raise AuthFailed(problem, remedy=_MAKE_ONE)
