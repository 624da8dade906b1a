"""The part of the fake Slack that has messages: posting, threads, changing, history. State is public."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fakes.slack.blocks import Refused, check_message, formatted, links, pinged, shown
from fakes.slack.workspace import Channel
from worker.ops.clock import system_now

UPDATE_TEXT_MAX = 4_000


@dataclass(frozen=True)
class Post:
    """A stored message: what people see is `shown`, whom it notifies `pings`, what it formats `spans`."""

    channel_id: str
    ts: str
    body: Mapping[str, Any]
    first: Mapping[str, Any] | None = None  # what it said before it was changed

    @property
    def shown(self) -> str:
        return shown(self.body)

    @property
    def shown_first(self) -> str:
        return shown(self.first or self.body)

    @property
    def links(self) -> list[str]:
        return links(self.body)

    @property
    def pings(self) -> list[str]:
        return pinged(self.body)

    @property
    def spans(self) -> list[str]:
        return formatted(self.body)


class Posting:
    """A mixin of the server."""

    people: dict[str, dict[str, Any]]
    channels: dict[str, Channel]
    _need: Callable[..., None]

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.is_paced = False  # one post a second and channel, as Slack documents
        self.is_frozen = False  # no message can be changed any more
        self._last_post: dict[str, float] = {}
        self._last_ts = 0.0

    def posting_methods(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        return {
            "chat.postMessage": self._post_message,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
        }

    def _history(self, body: dict[str, Any]) -> dict[str, Any]:
        channel_id = self._readable(body)
        newest = [
            post
            for post in reversed(self.posts)
            if post.channel_id == channel_id
            and ("thread_ts" not in post.body or post.body.get("reply_broadcast"))
            and float(post.ts) > float(body.get("oldest") or 0)
        ]
        return self._messages(newest, body)

    def _replies(self, body: dict[str, Any]) -> dict[str, Any]:
        channel_id, thread = self._readable(body), body.get("ts")
        if all((post.channel_id, post.ts) != (channel_id, thread) for post in self.posts):
            raise Refused("thread_not_found")
        posts = [
            post
            for post in self.posts
            if post.channel_id == channel_id
            and thread in {post.ts, post.body.get("thread_ts")}
            and float(post.ts) > float(body.get("oldest") or 0)
        ]
        return self._messages(posts, body)

    def _readable(self, body: dict[str, Any]) -> str:
        channel_id = str(body.get("channel", ""))
        if not channel_id.startswith("D"):
            channel = self.channels.get(channel_id)
            if channel is None:
                raise Refused("channel_not_found")
            self._need("groups:history" if channel.is_private else "channels:history")
            if not channel.is_member:
                raise Refused("not_in_channel")
        else:
            self._need("im:history")
        return channel_id

    def _messages(self, posts: list[Post], body: dict[str, Any]) -> dict[str, Any]:
        """A page of `posts`, with their metadata where that is asked for."""
        wants_metadata = body.get("include_all_metadata") in {True, "1", "true"}
        start = int(body.get("cursor") or 0)
        end = start + int(body.get("limit", 100))
        rows = []
        for post in posts[start:end]:
            row = {"type": "message", "ts": post.ts, "text": post.body.get("text", ""), "bot_id": "B09"}
            if wants_metadata and "metadata" in post.body:
                row["metadata"] = post.body["metadata"]
            rows.append(row)
        has_more = end < len(posts)
        return {
            "messages": rows,
            "has_more": has_more,
            "response_metadata": {"next_cursor": str(end) if has_more else ""},
        }

    def _post_message(self, body: dict[str, Any]) -> dict[str, Any]:
        self._need("chat:write")
        channel_id = self._destination(str(body.get("channel", "")))
        check_message(body)
        thread = body.get("thread_ts")
        if thread and all((post.channel_id, post.ts) != (channel_id, thread) for post in self.posts):
            raise Refused("thread_not_found")
        self._pace(channel_id)
        self._last_ts = max(self._last_ts + 0.000_1, system_now().timestamp())
        post = Post(channel_id, f"{self._last_ts:.6f}", body)
        self.posts.append(post)
        return {"channel": channel_id, "ts": post.ts, "message": {"text": body.get("text", "")}}

    def _update(self, body: dict[str, Any]) -> dict[str, Any]:
        """What is left out stays as it was, but for the blocks: with a text alone they go."""
        self._need("chat:write")
        place = (body.get("channel"), body.get("ts"))
        found = [at for at, post in enumerate(self.posts) if (post.channel_id, post.ts) == place]
        if not found:
            raise Refused("message_not_found")
        if self.is_frozen:
            raise Refused("edit_window_closed")
        if len(body.get("text", "")) > UPDATE_TEXT_MAX:
            raise Refused("msg_too_long")
        check_message(body)
        old = self.posts[found[0]]
        said: dict[str, Any] = {
            "blocks": [],
            **{key: body[key] for key in ("text", "blocks", "parse") if key in body},
        }
        self.posts[found[0]] = Post(old.channel_id, old.ts, {**old.body, **said}, old.first or old.body)
        return {"channel": old.channel_id, "ts": old.ts, "text": body.get("text", "")}

    def _destination(self, target: str) -> str:
        if target.startswith("U"):
            return self._direct(target)
        if target.startswith("D") and any(post.channel_id == target for post in self.posts):
            return target
        for channel in self.channels.values():
            if target in {channel.channel_id, channel.name, f"#{channel.name}"}:
                if channel.is_archived:
                    raise Refused("is_archived")
                if not channel.is_member:
                    raise Refused("channel_not_found" if channel.is_private else "not_in_channel")
                return channel.channel_id
        raise Refused("channel_not_found")

    def _direct(self, user_id: str) -> str:
        if all(user["id"] != user_id for user in self.people.values()):
            raise Refused("user_not_found")
        return "D" + user_id[1:]

    def _pace(self, channel_id: str) -> None:
        now = time.monotonic()
        if self.is_paced and now - self._last_post.get(channel_id, -1.0) < 1:
            raise Refused("ratelimited")
        self._last_post[channel_id] = now
