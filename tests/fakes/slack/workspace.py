"""The part of the fake Slack that an inventory reads: channels with their members, accounts, user groups, roles.

It answers as the pages of docs.slack.dev/reference/methods describe (read 2026-11). State is public.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fakes.slack.blocks import Refused

APP = "U0BOT"
Method = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class Channel:
    channel_id: str
    name: str
    is_private: bool = False
    is_member: bool = True  # the app
    is_archived: bool = False
    is_general: bool = False
    topic: str = ""
    purpose: str = ""
    members: list[str] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        return {
            "id": self.channel_id, "name": self.name, "is_channel": True, "is_private": self.is_private,
            "is_member": self.is_member, "is_archived": self.is_archived, "is_general": self.is_general,
            "topic": {"value": self.topic}, "purpose": {"value": self.purpose}, "num_members": len(self.members),
            "creator": self.members[0] if self.members else "",
        }  # fmt: skip


class Workspace:
    """A mixin of the server. `managers` is None outside Enterprise, else the managers of each channel."""

    page_size: int
    people: dict[str, dict[str, Any]]
    channels: dict[str, Channel]
    _need: Callable[..., None]

    def __init__(self) -> None:
        self.managers: dict[str, list[str]] | None = None
        self.user_groups: dict[str, dict[str, Any]] = {}
        self.strangers: dict[str, dict[str, Any]] = {}  # accounts of other companies: users.info knows them
        self.is_circular = False

    def add_channel(self, channel_id: str, name: str, *members: str, **more: Any) -> Channel:
        channel = self.channels[channel_id] = Channel(channel_id, name, members=list(members), **more)
        return channel

    def add_user_group(self, group_id: str, name: str, *members: str) -> None:
        self.user_groups[group_id] = {
            "id": group_id, "name": name, "handle": name.casefold(), "description": f"All {name}",
            "date_delete": 0, "users": list(members),
        }  # fmt: skip

    def inventory_methods(self) -> dict[str, Method]:
        return {
            "admin.roles.listAssignments": self._assignments,
            "conversations.join": self._join,
            "conversations.kick": self._kick,
            "conversations.leave": self._leave,
            "conversations.list": self._list_channels,
            "conversations.members": self._members,
            "usergroups.list": self._user_groups,
            "usergroups.users.list": self._group_users,
            "usergroups.users.update": self._set_group_users,
            "users.info": self._user,
            "users.list": self._users,
        }

    def _page(self, key: str, rows: list[Any], body: dict[str, Any]) -> dict[str, Any]:
        cursor = str(body.get("cursor") or "0")
        if not cursor.isdecimal():
            raise Refused("invalid_cursor")
        start = int(cursor)
        end = start + min(self.page_size, int(body.get("limit", 100)))
        following = str(end) if end < len(rows) else ""
        return {
            key: rows[start:end],
            "response_metadata": {"next_cursor": "1" if self.is_circular else following},
        }

    def _list_channels(self, body: dict[str, Any]) -> dict[str, Any]:
        types = str(body.get("types", "public_channel")).split(",")
        self._need(*(["channels:read"] if "public_channel" in types else []))
        self._need(*(["groups:read"] if "private_channel" in types else []))
        rows = [
            one.row()
            for one in self.channels.values()
            if ("private_channel" in types and one.is_member if one.is_private else "public_channel" in types)
            and not (one.is_archived and body.get("exclude_archived") == "true")
        ]
        return self._page("channels", rows, body)

    def _seen(self, body: dict[str, Any], scope: str = "read") -> Channel:
        channel = self.channels.get(str(body.get("channel", "")))
        if channel is None or (channel.is_private and not channel.is_member):
            raise Refused("channel_not_found")
        public = "channels:read" if scope == "read" else "channels:manage"
        self._need(f"groups:{scope}" if channel.is_private else public)
        return channel

    def _members(self, body: dict[str, Any]) -> dict[str, Any]:
        return self._page("members", self._seen(body).members, body)

    def _users(self, body: dict[str, Any]) -> dict[str, Any]:
        self._need("users:read")
        return self._page("members", list(self.people.values()), body)

    def _user(self, body: dict[str, Any]) -> dict[str, Any]:
        self._need("users:read")
        known = {one["id"]: one for one in self.people.values()} | self.strangers
        if body.get("user") not in known:
            raise Refused("user_not_found")
        return {"user": known[body["user"]]}

    def _join(self, body: dict[str, Any]) -> dict[str, Any]:
        self._need("channels:join")
        channel = self._seen(body)
        if channel.is_archived:
            raise Refused("is_archived")
        channel.is_member = True
        channel.members.append(APP)
        return {"channel": channel.row()}

    def _leave(self, body: dict[str, Any]) -> dict[str, Any]:
        channel = self._seen(body, "write")
        channel.is_member = False
        channel.members.remove(APP)
        return {}

    def _kick(self, body: dict[str, Any]) -> dict[str, Any]:
        channel, user_id = self._seen(body, "write"), body.get("user")
        if not channel.is_member:
            raise Refused("not_in_channel")
        if user_id == APP:
            raise Refused("cant_kick_self")
        if channel.is_general:
            raise Refused("cant_kick_from_general")
        if user_id not in channel.members:
            raise Refused("not_in_channel")
        channel.members.remove(user_id)
        return {"errors": {}}

    def _user_groups(self, body: dict[str, Any]) -> dict[str, Any]:
        self._need("usergroups:read")
        rows = [
            {
                **{key: value for key, value in one.items() if key != "users"},
                "user_count": str(len(one["users"])),
            }
            for one in self.user_groups.values()
            if not one["date_delete"]
        ]
        return {"usergroups": rows}

    def _group(self, body: dict[str, Any]) -> dict[str, Any]:
        group = self.user_groups.get(str(body.get("usergroup", "")))
        if group is None:
            raise Refused("no_such_subteam")
        return group

    def _group_users(self, body: dict[str, Any]) -> dict[str, Any]:
        self._need("usergroups:read")
        return {"users": self._group(body)["users"]}

    def _set_group_users(self, body: dict[str, Any]) -> dict[str, Any]:
        self._need("usergroups:write")
        if not body.get("users"):
            raise Refused("no_users_provided")
        self._group(body)["users"] = str(body["users"]).split(",")
        return {"usergroup": {"id": body["usergroup"]}}

    def _assignments(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.managers is None:
            raise Refused("not_allowed_token_type")
        rows = [
            {"role_id": "Rl0A", "entity_id": channel_id, "user_id": user_id, "date_create": 1_790_000_000}
            for channel_id, user_ids in self.managers.items()
            for user_id in user_ids
        ]
        return self._page("role_assignments", rows, body)
