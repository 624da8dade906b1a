"""Microsoft Teams in a fake tenant: owners of groups, channels with members of their own, group chats.

Which groups are teams, and who their members are, is in the tenant (`add_group`, `join`, `leave`). What is answered,
and who may ask: the pages of learn.microsoft.com/graph/api for each call (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fakes.graph.calls import Call
from fakes.graph.http import Reply
from fakes.graph.shapes import Refused, bad_request, not_found
from fakes.graph.tenant import FakeTenant

Json = dict[str, Any]
TYPE = "#microsoft.graph.aadUserConversationMember"
READ_CHANNELS = frozenset({"Channel.ReadBasic.All", "ChannelSettings.Read.All", "Group.Read.All"})
READ_PICTURES = frozenset({"ProfilePhoto.Read.All", "Group.Read.All"})
READ_SETTINGS = frozenset({"TeamSettings.Read.All", "Group.Read.All"})
READ_SEATS = frozenset({"ChannelMember.Read.All", "ChannelMember.ReadWrite.All"})
WRITE_SEATS = frozenset({"ChannelMember.ReadWrite.All"})
READ_CHATS = frozenset({"Chat.ReadBasic.All", "Chat.Read.All"})
READ_CHAT_SEATS = frozenset({"ChatMember.Read.All", "ChatMember.ReadWrite.All"})
WRITE_CHAT_SEATS = frozenset({"ChatMember.ReadWrite.All"})
WRITE_MEMBERS = frozenset({"GroupMember.ReadWrite.All", "Group.ReadWrite.All"})
WRITE_OWNERS = frozenset({"Group.ReadWrite.All"})
ROLES = (
    "User.Read.All", "GroupMember.Read.All", "GroupMember.ReadWrite.All", "Group.ReadWrite.All",
    "TeamSettings.Read.All", "ProfilePhoto.Read.All", "Channel.ReadBasic.All", "ChannelMember.ReadWrite.All",
    "Chat.ReadBasic.All", "ChatMember.ReadWrite.All",
)  # fmt: skip
_GROUP = r"/groups/(?P<key>[^/]+)"
_CHANNEL = r"/teams/(?P<team>[^/]+)/channels/(?P<key>[^/]+)/members"
_ALL_MEMBERS = r"/teams/(?P<team>[^/]+)/channels/(?P<key>[^/]+)/allMembers"
_CHAT = r"/chats/(?P<key>[^/]+)"


@dataclass
class Room:
    """A channel or a chat: `seats` are the roles of each account in it.

    `through_teams` are the accounts that are in a shared channel through a team that it is shared with.
    """

    room_id: str
    name: str
    kind: str  # standard, private, shared; group, oneOnOne, meeting
    team_id: str = ""
    seats: dict[str, list[str]] = field(default_factory=dict)
    through_teams: tuple[str, ...] = ()


class Teams:
    """State is public: tests set it up and look into it."""

    def __init__(self, tenant: FakeTenant, root: Callable[[], str]) -> None:
        self.archived: set[str] = set()
        self.visibility: dict[str, str] = {}  # of a team; private where it isn't said
        self.pictures: dict[str, bytes] = {}
        self.rooms: dict[str, Room] = {}
        self.page_size = 100
        self._tenant = tenant
        self._root = root

    def add_team(
        self, name: str, *members: str, owners: tuple[str, ...] = (), group_id: str | None = None
    ) -> str:
        made = self._tenant.add_group(name, *members, group_id=group_id)
        group = self._tenant.groups[made]
        group.is_team = True
        group.owners = dict.fromkeys(owners)
        return made

    def add_room(
        self,
        room_id: str,
        name: str,
        kind: str,
        team_id: str = "",
        *,
        seats: Mapping[str, list[str]],
        through_teams: tuple[str, ...] = (),
    ) -> Room:
        room = self.rooms[room_id] = Room(room_id, name, kind, team_id, dict(seats), through_teams)
        return room

    def routes(self, route: Callable[..., Any]) -> tuple[Any, ...]:
        seat = "/(?P<seat>[^/]+)"
        reference = r"/(?P<seat>[^/]+)/\$ref"
        return (
            route("GET", "/teams/(?P<key>[^/]+)", self._team, READ_SETTINGS, 0),
            route("GET", _GROUP + r"/photo/\$value", self._picture, READ_PICTURES),
            route("GET", "/teams/(?P<key>[^/]+)/channels", self._channels, READ_CHANNELS, 0),
            route("GET", _CHANNEL, self._seats, READ_SEATS, 0),
            route("GET", _ALL_MEMBERS, self._all_seats, READ_SEATS, 0),
            route("DELETE", _CHANNEL + seat, self._unseat, WRITE_SEATS, 0),
            route("PATCH", _CHANNEL + seat, self._promote, WRITE_SEATS, 0),
            route("GET", "/users/(?P<key>[^/]+)/chats", self._chats, READ_CHATS, 0),
            route("GET", _CHAT, self._chat, READ_CHATS, 0),
            route("GET", _CHAT + "/members", self._seats, READ_CHAT_SEATS, 0),
            route("DELETE", _CHAT + "/members" + seat, self._unseat, WRITE_CHAT_SEATS, 0),
            route("DELETE", _GROUP + "/members" + reference, self._remove_member, WRITE_MEMBERS),
            route("DELETE", _GROUP + "/owners" + reference, self._remove_owner, WRITE_OWNERS),
            route("POST", _GROUP + r"/owners/\$ref", self._add_owner, WRITE_OWNERS),
        )

    # --- groups -------------------------------------------------------------------------------------------------

    def _group(self, group_id: str) -> Any:
        group = self._tenant.groups.get(group_id)
        if group is None:
            raise not_found(group_id)
        return group

    def _remove_member(self, call: Call) -> Reply:
        members = self._group(call.key).members
        if call.part("seat") not in members:
            raise not_found(call.part("seat"))
        del members[call.part("seat")]
        return Reply(204, content_type="")

    def _remove_owner(self, call: Call) -> Reply:
        owners = self._group(call.key).owners
        if call.part("seat") not in owners:
            raise not_found(call.part("seat"))
        if len(owners) == 1:
            raise bad_request("The group must have at least one owner, hence this owner cannot be removed.")
        del owners[call.part("seat")]
        return Reply(204, content_type="")

    def _add_owner(self, call: Call) -> Reply:
        owners = self._group(call.key).owners
        prefix = f"{self._root()}/users/"
        target = str(call.body.get("@odata.id", ""))
        user_id = target.removeprefix(prefix)
        if not target.startswith(prefix) or self._tenant.find(user_id) is None:
            raise bad_request("Invalid URL format specified in payload.")
        if user_id in owners:
            raise bad_request(
                "One or more added object references already exist for the following modified properties: 'owners'."
            )
        owners[user_id] = None
        return Reply(204, content_type="")

    # --- teams, channels, chats ---------------------------------------------------------------------------------

    def _team(self, call: Call) -> Reply:
        group = self._group(call.key)
        if not group.is_team:
            raise Refused(404, "NotFound", "No team found with Group Id " + call.key)
        visibility = self.visibility.get(group.id, "private")
        return call.page({"id": group.id, "isArchived": group.id in self.archived, "visibility": visibility})

    def _picture(self, call: Call) -> Reply:
        self._group(call.key)
        if call.key not in self.pictures:
            raise Refused(404, "ImageNotFound", "The photo wasn't found.")
        return Reply(200, self.pictures[call.key], "image/jpeg")

    def _channels(self, call: Call) -> Reply:
        self._group(call.key)
        general = {
            "id": f"19:{call.key}@thread.tacv2",
            "displayName": "General",
            "membershipType": "standard",
        }
        kinds = {"standard", "private"}  # those of the enum's first version; newer ones have to be asked for
        if "include-unknown-enum-members" in call.request.headers.get("prefer", ""):
            kinds.add("shared")
        rows = [
            {
                "id": one.room_id,
                "displayName": one.name,
                "description": None,
                "membershipType": one.kind if one.kind in kinds else "unknownFutureValue",
            }
            for one in self.rooms.values()
            if one.team_id == call.key
        ]
        return self._page(call, [{**general, "description": None}, *rows])

    def _chats(self, call: Call) -> Reply:
        if self._tenant.find(call.key) is None:
            raise not_found(call.key)
        mine = [one for one in self.rooms.values() if not one.team_id and call.key in one.seats]
        return self._page(call, [_shown(one) for one in mine])

    def _chat(self, call: Call) -> Reply:
        return call.page(_shown(self._room(call.key)))

    def _room(self, room_id: str) -> Room:
        room = self.rooms.get(room_id)
        if room is None:
            raise Refused(404, "NotFound", "NotFound")
        return room

    def _seats(self, call: Call) -> Reply:
        """Who was added to a room itself."""
        return self._page(call, self._seated_rows(call.key, self._room(call.key).seats))

    def _all_seats(self, call: Call) -> Reply:
        """As `_seats`, and who is in the room through a team; both ids of a membership are opaque, and differ."""
        room = self._room(call.key)
        seats = {**{user_id: [] for user_id in room.through_teams}, **room.seats}
        rows = self._seated_rows(call.key, seats)
        return self._page(call, [{**row, "id": f"{row['id']}-of-all"} for row in rows])

    def _seated_rows(self, room_id: str, seats: Mapping[str, list[str]]) -> list[Json]:
        rows = []
        for user_id, roles in seats.items():
            properties = self._tenant.user(user_id).properties
            rows.append({
                "@odata.type": TYPE, "id": membership(room_id, user_id), "roles": roles, "userId": user_id,
                "displayName": properties.get("displayName"), "email": properties.get("mail"),
                "tenantId": self._tenant.id,
            })  # fmt: skip
        return rows

    def _seated(self, call: Call) -> tuple[Room, str]:
        room = self._room(call.key)
        for user_id in room.seats:
            if membership(room.room_id, user_id) == call.part("seat"):
                return room, user_id
        raise Refused(404, "NotFound", "Member not found")

    def _unseat(self, call: Call) -> Reply:
        room, user_id = self._seated(call)
        del room.seats[user_id]
        return Reply(204, content_type="")

    def _promote(self, call: Call) -> Reply:
        room, user_id = self._seated(call)
        if call.body.get("@odata.type") != TYPE:
            raise bad_request("Bad Request", "BadRequest")
        room.seats[user_id] = list(call.body["roles"])
        return call.page({"id": call.part("seat"), "roles": room.seats[user_id]})

    def _page(self, call: Call, rows: list[Json]) -> Reply:
        start = int(call.request.query.get("$skiptoken", "0"))
        page: Json = {"@odata.count": len(rows), "value": rows[start : start + self.page_size]}
        if start + self.page_size < len(rows):
            path = call.request.target.partition("?")[0].removeprefix("/v1.0")
            page["@odata.nextLink"] = f"{self._root()}{path}?$skiptoken={start + self.page_size}"
        return call.page(page)


def membership(room_id: str, user_id: str) -> str:
    """Graph's ids of memberships are opaque."""
    return f"seat-{room_id}-{user_id}".encode().hex()


def _shown(room: Room) -> Json:
    return {"id": room.room_id, "topic": room.name or None, "chatType": room.kind}
