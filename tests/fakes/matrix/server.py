"""A Synapse on loopback: the part of its two APIs that the inventory speaks, with state and faults.

What it answers is held against a real Synapse 1.163 in tests/integration/test_matrix_server.py. Ids of rooms may be
chosen here. Used as a context manager.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from math import inf
from typing import Any
from urllib.parse import unquote

from fakes.graph.http import LoopbackServer, Reply, Request

SERVER_NAME = "corp.example"
OWN = f"@whosleft:{SERVER_NAME}"
TOKEN = "syt_d2hvc2xlZnQ_s3cr3tS3cr3tS3cr3t_0drama"
MEDIA = "/_matrix/client/v1/media/download/"
LEVELS: dict[str, Any] = {
    "ban": 50, "events": {"m.room.name": 50, "m.room.power_levels": 100}, "events_default": 0, "invite": 0,
    "kick": 50, "redact": 50, "state_default": 50, "users_default": 0,
}  # fmt: skip


class Refused(Exception):
    def __init__(self, status: int, errcode: str, error: str) -> None:
        super().__init__(error)
        self.reply = json_reply({"errcode": errcode, "error": error}, status)


@dataclass
class FakeRoom:
    """`state` is (type, state key) -> (sender, content)."""

    room_id: str
    version: str
    creator: str
    state: dict[tuple[str, str], tuple[str, Any]] = field(default_factory=dict)
    last_ms: int | None = None  # when the newest event was

    @property
    def is_of_creators(self) -> bool:
        return int(self.version) >= 12

    def content(self, kind: str, key: str = "") -> Any:
        return self.state.get((kind, key), ("", {}))[1]

    def joined(self) -> list[str]:
        """Who is in it; one whose event a test damaged still is."""
        return [
            key
            for (kind, key), (_, content) in self.state.items()
            if kind == "m.room.member" and (not content or content.get("membership") == "join")
        ]

    def power(self, user_id: str) -> float:
        if self.is_of_creators and user_id == self.creator:
            return inf
        levels = self.content("m.room.power_levels")
        return int(levels.get("users", {}).get(user_id, levels.get("users_default", 0)))

    def set(self, kind: str, content: Any, key: str = "", sender: str = "") -> None:
        self.state[kind, key] = (sender or self.creator, content)


class MatrixServer(LoopbackServer):
    """`faults` maps part of a path to what is answered there in its place, as often as it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.rooms: dict[str, FakeRoom] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.faults: dict[str, Reply] = {}
        self.on_page: Callable[[int], None] = lambda _start: None
        self.media: dict[str, bytes] = {}  # server/media id -> what is in it
        self.is_admin = True
        self.page_size = 1000

    # --- What a test sets up --------------------------------------------------------------------

    def person(self, name: str, phone: str = "", email: str = "") -> str:
        user_id = f"@{name.casefold().replace(' ', '.')}:{SERVER_NAME}"
        threepids = [("msisdn", phone.removeprefix("+"))] if phone else []
        threepids += [("email", email)] if email else []
        self.users[user_id] = {
            "name": user_id, "displayname": name, "admin": False, "deactivated": False,
            "threepids": [{"medium": medium, "address": text} for medium, text in threepids],
        }  # fmt: skip
        return user_id

    def room(
        self,
        room_id: str,
        creator: str,
        members: Iterable[str] = (),
        *,
        name: str = "",
        version: str = "12",
        powers: Mapping[str, int] | None = None,
    ) -> FakeRoom:
        room = self.rooms[room_id] = FakeRoom(room_id, version, creator)
        room.set("m.room.create", {"room_version": version})
        users = dict(powers or {}) if room.is_of_creators else {creator: 100, **(powers or {})}
        room.set("m.room.power_levels", {**deepcopy(LEVELS), "users": users})
        room.set("m.room.join_rules", {"join_rule": "invite"})
        if name:
            room.set("m.room.name", {"name": name})
        for user_id in members:
            shown = self.users.get(user_id, {}).get("displayname", "")
            room.set("m.room.member", {"membership": "join", "displayname": shown}, user_id, user_id)
        return room

    # --- What is answered -----------------------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        path = unquote(request.target.partition("?")[0])
        for part, reply in self.faults.items():
            if part in path:
                return reply
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Refused(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.").reply
        if path.startswith(MEDIA):
            found = self.media.get(path.removeprefix(MEDIA))
            missing = Refused(404, "M_NOT_FOUND", "Not found")
            return missing.reply if found is None else Reply(200, found, "image/png")
        body = json.loads(request.body) if request.body else {}
        try:
            return json_reply(self._routed(request, path, body))
        except Refused as refused:
            return refused.reply

    def _routed(self, request: Request, path: str, body: Any) -> Any:
        if path.startswith("/_synapse/admin") and not self.is_admin:
            raise Refused(403, "M_FORBIDDEN", "You are not a server admin")
        if path == "/_matrix/client/v3/account/whoami":
            return {"user_id": OWN, "is_guest": False, "device_id": "DRAMA"}
        if path == "/_synapse/admin/v1/rooms":
            return self._listed(request)
        if found := re.fullmatch(r"/_synapse/admin/v2/users/(.+)", path):
            if found[1] not in self.users:
                raise Refused(404, "M_NOT_FOUND", "User not found")
            return self.users[found[1]]
        if found := re.fullmatch(r"/_synapse/admin/v1/rooms/([^/]+)(?:/(.+))?", path):
            return self._of_room(request, found[1], found[2])
        if found := re.fullmatch(r"/_matrix/client/v3/rooms/([^/]+)/(join|leave|kick|state/.+)", path):
            room = self.rooms[found[1]]
            return {"join": _join, "leave": _leave, "kick": _kick}.get(found[2], _put_levels)(room, body)
        raise Refused(404, "M_UNRECOGNIZED", "Unrecognized request")

    def _of_room(self, request: Request, room_id: str, part: str | None) -> Any:
        room = self.rooms.get(room_id)
        if room is None:
            raise Refused(404, "M_NOT_FOUND", "Room not found")
        if part is None:
            shown = {"avatar": room.content("m.room.avatar").get("url")}
            return {**_row(room), **shown, "topic": room.content("m.room.topic").get("topic")}
        if part == "timestamp_to_event":
            return _newest(room, request)
        return {"members": _members, "state": _state, "make_room_admin": _empower}[part](room)

    def _listed(self, request: Request) -> Any:
        assert request.query["order_by"] == "creator"
        start = int(request.query["from"])
        self.on_page(start)
        size = min(int(request.query["limit"]), self.page_size)
        rooms = sorted(self.rooms.values(), key=lambda room: (room.creator, room.room_id))
        rows = [_row(room) for room in rooms[start : start + size]]
        answer = {"offset": start, "rooms": rows, "total_rooms": len(rooms)}
        return answer | ({"next_batch": start + size} if start + size < len(rooms) else {})


def _row(room: FakeRoom) -> dict[str, Any]:
    joined = room.joined()
    local = [user_id for user_id in joined if user_id.endswith(f":{SERVER_NAME}")]
    return {
        "room_id": room.room_id, "name": room.content("m.room.name").get("name"),
        "canonical_alias": room.content("m.room.canonical_alias").get("alias"),
        "joined_members": len(joined), "joined_local_members": len(local),
        "version": room.version, "creator": room.creator, "room_type": None,
    }  # fmt: skip


def _newest(room: FakeRoom, request: Request) -> Any:
    assert request.query["dir"] == "b"
    if room.last_ms is None or room.last_ms > int(request.query["ts"]):
        raise Refused(404, "M_NOT_FOUND", "Unable to find event")
    return {"event_id": "$event", "origin_server_ts": room.last_ms}


def _members(room: FakeRoom) -> Any:
    return {"members": room.joined(), "total": len(room.joined())}


def _state(room: FakeRoom) -> Any:
    return {"state": [
        {"type": kind, "state_key": key, "sender": sender, "content": content}
        for (kind, key), (sender, content) in room.state.items()
    ]}  # fmt: skip


def _empower(room: FakeRoom) -> Any:
    levels = room.content("m.room.power_levels")
    local = [user_id for user_id in room.joined() if user_id.endswith(f":{SERVER_NAME}")]
    highest = max(map(room.power, local), default=0)
    if highest < levels["events"]["m.room.power_levels"] or room.creator == OWN:
        raise Refused(400, "M_UNKNOWN", "No local admin user in room with power to update power levels.")
    users = {**levels["users"], OWN: 100 if highest == inf else int(highest)}
    room.set("m.room.power_levels", {**levels, "users": users})
    if room.content("m.room.join_rules").get("join_rule") != "public" and OWN not in room.joined():
        room.set("m.room.member", {"membership": "invite"}, OWN)
    return {}


def _join(room: FakeRoom, body: Any) -> Any:
    is_invited = room.content("m.room.member", OWN).get("membership") in {"invite", "join"}
    if not is_invited and room.content("m.room.join_rules").get("join_rule") != "public":
        raise Refused(403, "M_FORBIDDEN", "You are not invited to this room.")
    room.set("m.room.member", {"membership": "join", "displayname": "Whosleft", **body}, OWN, OWN)
    return {"room_id": room.room_id}


def _leave(room: FakeRoom, _body: Any) -> Any:
    room.set("m.room.member", {"membership": "leave"}, OWN, OWN)
    return {}


def _kick(room: FakeRoom, body: Any) -> Any:
    user_id = body["user_id"]
    if OWN not in room.joined():
        raise Refused(403, "M_FORBIDDEN", f"{OWN} not in room {room.room_id}.")
    if room.content("m.room.member", user_id).get("membership") not in {"join", "invite", "knock"}:
        raise Refused(403, "M_FORBIDDEN", "The target user is not in the room")
    if room.power(OWN) < room.content("m.room.power_levels")["kick"] or room.power(OWN) <= room.power(
        user_id
    ):
        raise Refused(403, "M_FORBIDDEN", f"You cannot kick user {user_id}.")
    room.set("m.room.member", {"membership": "leave"}, user_id, OWN)
    return {}


def _put_levels(room: FakeRoom, body: Any) -> Any:
    if OWN not in room.joined():
        raise Refused(403, "M_FORBIDDEN", f"User {OWN} not in room {room.room_id}")
    if room.is_of_creators and room.creator in body["users"]:
        raise Refused(400, "M_UNKNOWN", f"Creator user {room.creator} must not appear in content.users")
    if room.power(OWN) < max(100, *body["users"].values()):
        raise Refused(403, "M_FORBIDDEN", "You don't have permission to add ops level greater than your own")
    room.set("m.room.power_levels", body, sender=OWN)
    return {"event_id": "$drama"}


def json_reply(value: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(value).encode(), headers=headers)
