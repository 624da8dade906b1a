"""The part of the fake Slack in which people act: clicks, forms, the Home, commands, answers that one person sees.

It answers as the pages of docs.slack.dev describe (read 2026-11): a trigger opens one view within three seconds, a view
has a hash that changes with it, a command's address is good for five answers in half an hour. State is public.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fakes.slack.blocks import Refused, check_message, shown
from fakes.slack.views import check_view

TEAM = "T0900"
TRIGGER_LIFE_S = 3.0
ANSWERS_MAX = 5
ANSWERS_LIFE_S = 1800.0
STACK_MAX = 3
Payload = dict[str, Any]


@dataclass
class View:
    """A modal, as `user` sees it."""

    view_id: str
    user: str
    body: Mapping[str, Any]
    hash: str
    is_open: bool = True

    @property
    def shown(self) -> str:
        return shown(self.body)

    @property
    def title(self) -> str:
        return str(self.body["title"]["text"])


@dataclass
class Trigger:
    """What a click gives the app to open a view with."""

    user: str
    at_s: float
    is_used: bool = False


@dataclass
class Whisper:
    """What one person alone sees."""

    channel: str
    user: str
    body: Mapping[str, Any]

    @property
    def shown(self) -> str:
        return shown(self.body)


@dataclass
class ResponseUrl:
    """A command's own address."""

    user: str
    at_s: float
    bodies: list[Mapping[str, Any]] = field(default_factory=list)


class Talking:
    """A mixin of the server. `clock_s` is what three seconds are measured by."""

    people: dict[str, dict[str, Any]]
    strangers: dict[str, dict[str, Any]]
    _need: Callable[..., None]
    _direct: Callable[[str], str]

    def __init__(self) -> None:
        self.clock_s: Callable[[], float] = time.monotonic
        self.views: dict[str, View] = {}
        self.homes: dict[str, Mapping[str, Any]] = {}
        self.whispers: list[Whisper] = []
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self._ids = itertools.count(1)

    def talking_methods(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        return {
            "chat.postEphemeral": self._whisper,
            "views.open": self._open_view,
            "views.publish": self._publish,
            "views.update": self._update_view,
        }

    # --- what people do --------------------------------------------------------------------------

    def click(self, user: str, post: Any, action_id: str, *, value: str = "", **changes: Any) -> Payload:
        """The payload of a click on a message's button; `value` says which, where it has several for an act."""
        [button] = [
            element
            for block in post.body["blocks"]
            for element in block.get("elements", ())
            if element.get("action_id") == action_id and (not value or element["value"] == value)
        ]
        stamp = f"{1_795_500_000 + next(self._ids)}.000200"
        container = {
            "type": "message",
            "message_ts": post.ts,
            "channel_id": post.channel_id,
            "is_ephemeral": False,
        }
        if "thread_ts" in post.body:
            container["thread_ts"] = post.body["thread_ts"]
        return {
            "type": "block_actions", "user": self._clicker(user), "api_app_id": "A09", "team": {"id": TEAM},
            "container": container, "trigger_id": self._trigger(user), "enterprise": None,
            "channel": {"id": post.channel_id, "name": "somewhere"}, "message": {"ts": post.ts},
            "response_url": self._response_url(user),
            "actions": [{
                "action_id": action_id, "block_id": "b1", "text": button["text"], "value": button["value"],
                "type": "button", "action_ts": stamp,
            }],
        } | changes  # fmt: skip

    def submit(self, view: View, value: str, user: str = "") -> Payload:
        """The payload of a form that is sent off with one answer."""
        assert view.is_open
        [question] = [block for block in view.body["blocks"] if block["type"] == "input"]
        element = question["element"]
        answer: dict[str, Any] = {"type": element["type"]}
        if element["type"] == "static_select":
            [option] = [one for one in element["options"] if one["value"] == value]
            answer["selected_option"] = option
        else:
            answer["selected_user" if element["type"] == "users_select" else "value"] = value
        return {
            "type": "view_submission", "team": {"id": TEAM}, "user": self._clicker(user or view.user), "token": "old",
            "view": {
                **view.body, "id": view.view_id, "hash": view.hash, "team_id": TEAM,
                "state": {"values": {question["block_id"]: {element["action_id"]: answer}}},
            },
        }  # fmt: skip

    def acknowledged(self, view: View, answer: Mapping[str, Any] | None) -> None:
        """Take the app's answer to a form: none closes it, errors keep it open."""
        if answer and answer.get("response_action") == "errors":
            blocks = {block.get("block_id") for block in view.body["blocks"]}
            assert set(answer["errors"]) <= blocks, "an error for a block that is not in the form"
            return
        assert not answer, f"not understood: {answer}"
        view.is_open = False

    def command(self, user: str, text: str = "", command: str = "/whosleft") -> Payload:
        """The payload of a slash command, whose values are all texts."""
        return {
            "command": command, "text": text, "user_id": user, "user_name": "x", "team_id": TEAM, "team_domain": "x",
            "channel_id": "C0ELSEWHERE", "channel_name": "elsewhere", "api_app_id": "A09", "token": "old",
            "trigger_id": self._trigger(user), "response_url": self._response_url(user),
        }  # fmt: skip

    def open_home(self, user: str, tab: str = "home") -> Payload:
        """The payload of somebody's opening the app."""
        event = {
            "type": "app_home_opened",
            "user": user,
            "channel": "D" + user[1:],
            "tab": tab,
            "event_ts": "1.2",
        }
        return {
            "type": "event_callback", "token": "old", "team_id": TEAM, "event_id": f"Ev{next(self._ids):08}",
            "event": event,
        }  # fmt: skip

    def take_answer(self, number: str, body: Mapping[str, Any]) -> tuple[int, bytes]:
        """Take an answer at a command's own address; return status and text."""
        url = self.response_urls.get(number)
        if url is None or self.clock_s() - url.at_s > ANSWERS_LIFE_S or len(url.bodies) >= ANSWERS_MAX:
            return 404, b"used_url"
        try:
            check_message(body)
        except Refused as refused:
            return 400, refused.code.encode()
        url.bodies.append(body)
        self.whispers.append(Whisper("command", url.user, body))
        return 200, b"ok"

    def _clicker(self, user: str) -> dict[str, str]:
        known = {one["id"]: one for one in self.people.values()} | self.strangers
        return {"id": user, "username": "x", "team_id": str(known.get(user, {}).get("team_id", TEAM))}

    def _trigger(self, user: str) -> str:
        trigger = f"{next(self._ids)}.900.abc"
        self.triggers[trigger] = Trigger(user, self.clock_s())
        return trigger

    def _response_url(self, user: str) -> str:
        number = str(next(self._ids))
        self.response_urls[number] = ResponseUrl(user, self.clock_s())
        return f"{self.base}/response/{number}"

    @property
    def base(self) -> str:
        raise NotImplementedError

    # --- methods ---------------------------------------------------------------------------------

    def _open_view(self, body: dict[str, Any]) -> dict[str, Any]:
        trigger = self.triggers.get(str(body.get("trigger_id", "")))
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if self.clock_s() - trigger.at_s > TRIGGER_LIFE_S:
            raise Refused("expired_trigger_id")
        if trigger.is_used:
            raise Refused("exchanged_trigger_id")
        if sum(view.is_open and view.user == trigger.user for view in self.views.values()) >= STACK_MAX:
            raise Refused("push_limit_reached")
        view = check_view(_view(body), "modal")
        trigger.is_used = True
        opened = View(f"V{next(self._ids):08}", trigger.user, view, f"{next(self._ids)}.h")
        self.views[opened.view_id] = opened
        return {"view": {**view, "id": opened.view_id, "hash": opened.hash}}

    def _update_view(self, body: dict[str, Any]) -> dict[str, Any]:
        view = self.views.get(str(body.get("view_id", "")))
        if view is None or not view.is_open:
            raise Refused("not_found")
        if body.get("hash") and body["hash"] != view.hash:
            raise Refused("hash_conflict")
        view.body, view.hash = check_view(_view(body), "modal"), f"{next(self._ids)}.h"
        return {"view": {**view.body, "id": view.view_id, "hash": view.hash}}

    def _publish(self, body: dict[str, Any]) -> dict[str, Any]:
        self.homes[str(body["user_id"])] = check_view(_view(body), "home")
        return {"view": {}}

    def _whisper(self, body: dict[str, Any]) -> dict[str, Any]:
        self._need("chat:write")
        check_message(body)
        known = {one["id"] for one in self.people.values()} | set(self.strangers)
        if body.get("user") not in known:
            raise Refused("user_not_in_channel")
        self.whispers.append(Whisper(str(body["channel"]), str(body["user"]), body))
        return {"message_ts": "1.2"}


def _view(body: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(body["view"]) if isinstance(body["view"], str) else body["view"]
    return found
