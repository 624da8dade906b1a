"""Calls to Slack's Web API for sending, looking back, and changing what was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from slack_sdk.web import SlackResponse

from connectors.kit.text import one_line
from connectors.notify.slack.errors import Answer, failure
from connectors.notify.slack.mapping import Rendered
from connectors.notify.slack.web import SlackWeb, mapping, rows

HISTORY_PER_PAGE = 100
HISTORY_PAGES_MAX = 10  # 1,000 messages since the first attempt, newest first
LOOK_BACK = timedelta(seconds=60)  # what Slack's clock and ours may differ
CHANNELS_PER_PAGE = 200  # what Slack recommends (docs.slack.dev, users.conversations)
EVENT_TYPE = "whosleft_message"
_REFERENCE = re.compile(r"[A-Z0-9]+/[0-9]+\.[0-9]+")


@dataclass(frozen=True, slots=True)
class Identity:
    """The token's identity; `scopes` is None if the answer did not name them."""

    workspace: str
    team_id: str
    user: str
    scopes: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as conversations.info shows it."""

    channel_id: str
    name: str
    is_private: bool
    is_archived: bool
    is_member: bool


@dataclass(frozen=True, slots=True)
class ChannelPage:
    """Channels that the app is a member of, by name with their ids; `cursor` is empty on the last page."""

    ids: Mapping[str, str]
    cursor: str


@dataclass(frozen=True, slots=True)
class Member:
    """An active person. `timezone` is the profile's, mostly an IANA name; None if Slack shows none."""

    user_id: str
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """The place of a message: its conversation, and Slack's time stamp, which is its id there."""

    channel_id: str
    ts: str

    @property
    def reference(self) -> str:
        return f"{self.channel_id}/{self.ts}"


def posted_at(reference: str) -> Posted:
    """The place that a reference names."""
    channel_id, _, ts = reference.partition("/")
    return Posted(channel_id, ts)


@dataclass(frozen=True, slots=True)
class Below:
    """The thread of a message, by its time stamp; `is_loud`: it is shown in the channel, too."""

    ts: str
    is_loud: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """The messages of ours on one page, each with the hash of its key; `cursor` is empty on the last page."""

    posts: Sequence[tuple[Posted, str]]
    cursor: str


class SlackClient(SlackWeb):
    """What sending needs."""

    def identity(self) -> Identity:
        """auth.test."""
        answer = self._call("asking who the token belongs to", self._web.auth_test)
        headers = {str(name).lower(): str(value) for name, value in answer.headers.items()}
        scopes = headers.get("x-oauth-scopes")
        return Identity(
            workspace=one_line(str(answer.get("team", "?"))),
            team_id=str(answer.get("team_id", "")),
            user=one_line(str(answer.get("user", "?"))),
            scopes=None if scopes is None else frozenset(filter(None, map(str.strip, scopes.split(",")))),
        )

    def channel(self, channel_id: str) -> Channel:
        """conversations.info; tier 3."""
        answer = self._call(
            f"looking at channel {channel_id}", lambda: self._web.conversations_info(channel=channel_id)
        )
        found = mapping(answer.get("channel"))
        return Channel(
            channel_id=channel_id,
            name=one_line(str(found.get("name", channel_id))),
            is_private=bool(found.get("is_private")),
            is_archived=bool(found.get("is_archived")),
            is_member=bool(found.get("is_member")),
        )

    def own_channels(self, cursor: str) -> ChannelPage:
        """users.conversations: one page of the channels that the app is in; tier 3."""
        answer = self._call(
            "listing the app's channels",
            lambda: self._web.users_conversations(
                types="public_channel,private_channel", limit=CHANNELS_PER_PAGE, cursor=cursor
            ),
        )
        found = rows(answer, "channels")
        return ChannelPage(
            ids={str(row.get("name", "")): str(row.get("id", "")) for row in found},
            cursor=str(mapping(answer.get("response_metadata")).get("next_cursor", "")),
        )

    def member(self, email: str) -> Member | None:
        """users.lookupByEmail; None for a deactivated account or a bot; tier 3. Raises Unreachable."""
        answer = self._call(f"looking up {email}", lambda: self._web.users_lookupByEmail(email=email))
        user = mapping(answer.get("user"))
        is_gone = bool(user.get("deleted") or user.get("is_bot"))
        if is_gone or not user.get("id"):
            return None
        timezone = user.get("tz")
        return Member(str(user["id"]), timezone if isinstance(timezone, str) and timezone else None)

    def direct_channel(self, user_id: str) -> str:
        """conversations.open: the id of the conversation with one person. The person does not notice the call."""
        answer = self._call(
            "opening a direct message", lambda: self._web.conversations_open(users=user_id), to_person=True
        )
        return str(mapping(answer.get("channel")).get("id", ""))

    def post(
        self,
        target: str,
        label: str,
        message: Rendered,
        key: str,
        *,
        to_person: bool,
        below: Below | None = None,
    ) -> Posted:
        """chat.postMessage to a channel's id or name, or to a user's id; one a second and channel.

        With `below` it goes into that message's thread, and is shown in the channel, too, if it `is_loud`.
        A Transient that is not NotDone leaves open whether it was posted: `find` tells. So does an answer that is "ok"
        and does not say where it was posted: a proxy's, perhaps.
        """
        tried = f"posting to {label}"
        answer = self._call(
            tried,
            lambda: self._web.chat_postMessage(
                channel=target,
                text=message.text,
                blocks=message.blocks,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"key": hashed(key)}},
                unfurl_links=False,  # a preview would fetch the link, and a signed link is only for its reader
                unfurl_media=False,
                link_names=False,
                parse="none",
                thread_ts=below.ts if below else None,
                reply_broadcast=below.is_loud if below else None,
            ),
            to_person=to_person,
        )
        posted = Posted(str(answer.get("channel", "")), str(answer.get("ts", "")))
        if not _REFERENCE.fullmatch(posted.reference):
            raise failure(f"Slack: {tried}", Answer(answer.status_code))
        return posted

    def update(self, posted: Posted, message: Rendered) -> None:
        """chat.update; tier 3. The metadata stay. Raises Unreachable if it is gone, Rejected if it can't be changed."""
        self._call(
            "changing a message",
            lambda: self._web.chat_update(
                channel=posted.channel_id,
                ts=posted.ts,
                text=message.text,
                blocks=message.blocks,
                link_names=False,
                parse="none",  # left out, it would fall back to the client's way
            ),
            is_change=True,
        )

    def find(
        self, channel_id: str, label: str, key: str, since: datetime | None, thread: str = ""
    ) -> Posted | None:
        """Return our message with this key, if it is among the newest since an instant.

        What is in a thread is not in the channel's history; with `thread` its replies are searched.
        """
        cursor, wanted = "", {hashed(key), key}  # the release before wrote the key itself
        for _ in range(HISTORY_PAGES_MAX):
            page = self.history(channel_id, label, since, cursor, thread)
            for posted, found in page.posts:
                if found in wanted:
                    return posted
            if not (cursor := page.cursor):
                break
        return None

    def history(
        self, channel_id: str, label: str, since: datetime | None, cursor: str = "", thread: str = ""
    ) -> History:
        """conversations.history, or .replies of a thread: one page, from a minute before `since` on; tier 3."""
        oldest = "0" if since is None else f"{(since - LOOK_BACK).timestamp():.6f}"
        wanted: dict[str, Any] = {
            "channel": channel_id,
            "limit": HISTORY_PER_PAGE,
            "oldest": oldest,
            "cursor": cursor,
            "include_all_metadata": True,
        }
        if thread:
            read = partial(self._web.conversations_replies, ts=thread, **wanted)
        else:
            read = partial(self._web.conversations_history, **wanted)
        answer = self._call(f"reading the history of {label}", read)
        return _history(channel_id, answer)


def hashed(key: str) -> str:
    """What stands for a key in a message's metadata, which every app and member can read."""
    return sha256(key.encode()).hexdigest()[:32]


def _history(channel_id: str, answer: SlackResponse) -> History:
    found = [(row, mapping(row.get("metadata"))) for row in rows(answer, "messages")]
    return History(
        [
            (
                Posted(channel_id, str(row.get("ts", "?"))),
                str(mapping(data.get("event_payload")).get("key", "")),
            )
            for row, data in found
            if data.get("event_type") == EVENT_TYPE
        ],
        str(mapping(answer.get("response_metadata")).get("next_cursor", "")),
    )
