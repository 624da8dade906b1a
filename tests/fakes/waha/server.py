"""WAHA on loopback: one session, its groups, its LIDs, as its OpenAPI (2026.7) and its engines have them."""

from __future__ import annotations

import json
import re
from typing import Any

from fakes.gateways.server import GatewayServer, Person, Room, answered
from fakes.graph.http import Reply, Request
from openapi import OpenApi
from worker.domain.model import Role

KEY = "waha-key-0001"
ROLES = {Role.MEMBER: "participant", Role.ADMIN: "admin", Role.CREATOR: "superadmin"}
GROUP = re.compile(r"/api/[^/]+/groups/(?P<group>[^/]+)(?:/(?P<rest>.+))?")


class WahaServer(GatewayServer):
    """`engine` decides the rows of the list: "WAHA" (its own GroupInfo), "NOWEB" (by id), "GOWS" or "WEBJS"."""

    def __init__(self, contract: OpenApi | None = None) -> None:
        super().__init__(contract)
        self.engine = "WAHA"
        self.status = "WORKING"
        self.knows_pages = True
        self.numbers: dict[str, str] = {}  # the digits of a LID -> those of a number
        self.me: dict[str, str] | None = None
        self.act_answer: Any = None  # WAHA's description has no body; some engines answer one

    def truth(self, request: Request) -> Reply:
        if request.headers.get("x-api-key") != KEY:
            return answered({"statusCode": 401, "message": "Unauthorized"}, 401)
        if request.path.startswith("/api/sessions/"):
            return self._session(request.path.rsplit("/", 1)[1])
        if not request.path.startswith("/api/default/"):
            return answered({"statusCode": 404, "message": "We didn't find a session with that name."}, 404)
        if self.status != "WORKING":
            error = "Session status is not as expected. Try again later or restart the session"
            return answered(
                {"error": error, "session": "default", "status": self.status, "expected": ["WORKING"]}, 422
            )
        return self._working(request)

    def judge_answer(self, contract: OpenApi, request: Request, reply: Reply) -> None:
        has_bad_rows = any(room.bad_rows for room in self.rooms.values())
        # A list of groups is described as an object; engines answer a list. No picture is null, against its description
        is_as_described = not request.path.endswith("/groups") and reply.body != b'{"url": null}'
        if not has_bad_rows and is_as_described:
            super().judge_answer(contract, request, reply)

    def _session(self, name: str) -> Reply:
        if name != "default":
            return answered({"statusCode": 404, "message": "Session not found"}, 404)
        me = {} if self.me is None else {"me": {"pushName": "Ward phone", **self.me}}
        timestamps = {"activity": 1795510800000}
        return answered({"name": name, "status": self.status, "presence": {}, "timestamps": timestamps, **me})

    def _working(self, request: Request) -> Reply:
        if request.path.endswith("/groups"):
            return self._list(request)
        if request.path.endswith("/chats/overview"):
            return self._overview(json.loads(request.body))
        if request.path.endswith("/groups/count"):
            return answered({"count": len(self.rooms)})
        if "/lids/" in request.path:
            lid = request.path.rsplit("/", 1)[1].partition("@")[0]
            pn = {"pn": f"{self.numbers[lid]}@c.us"} if lid in self.numbers else {}
            return answered({"lid": f"{lid}@lid", **pn})
        match = GROUP.fullmatch(request.path)
        assert match is not None, request.path
        room = self.rooms.get(match["group"])
        if room is None:  # an engine's exception
            text = f"Group with id '{match['group']}' not found"
            return answered({"statusCode": 500, "exception": {"message": text, "name": "Error"}}, 500)
        return self._one(match["group"], match["rest"] or "", room, request)

    def _one(self, group_id: str, rest: str, room: Room, request: Request) -> Reply:
        if rest == "":
            return answered(self._row(group_id, room))
        if rest == "participants/v2":
            return answered([*map(row_of, room.people), *room.bad_rows])
        if request.method == "GET":
            return self._more(group_id, rest, room)
        body: Any = json.loads(request.body)
        (participant,) = body["participants"]
        person = room.find(participant["id"])
        assert person is None or participant["id"] in ids_of(person)
        if person is None:
            return self._acted("404")
        if status := self.refused_acts.get(person.user or person.lid or ""):
            return self._acted(str(status))
        (room.remove if rest == "participants/remove" else room.promote)(person)
        return self._acted("200")

    def _more(self, group_id: str, rest: str, room: Room) -> Reply:
        if rest == "picture":
            return answered({"url": self.picture_url(group_id)})
        if rest == "invite-code":
            if room.link is None:
                return answered({"statusCode": 403, "message": "not-authorized"}, 403)
            return answered(f"https://chat.whatsapp.com/{room.link}")
        part = rest.removeprefix("settings/security/").removesuffix("-admin-only")
        return answered({"adminsOnly": part in room.for_admins})

    def _overview(self, body: Any) -> Reply:
        asked = [key for key in body["filter"]["ids"] if key in self.rooms][: body["pagination"]["limit"]]
        return answered([_summary(key, self.rooms[key]) for key in asked], 201)

    def _acted(self, status: str) -> Reply:
        return answered([{"status": status}] if self.act_answer == "NOWEB" else None)

    def _list(self, request: Request) -> Reply:
        keys = sorted(self.rooms)
        if self.knows_pages:
            offset = int(request.query["offset"])
            keys = keys[offset : offset + int(request.query["limit"])]
        rows = [self._row(key, self.rooms[key]) for key in keys]
        return answered(dict(zip(keys, rows, strict=True)) if self.engine == "NOWEB" else rows)

    def _row(self, group_id: str, room: Room) -> dict[str, Any]:
        if self.engine == "GOWS":
            return {"JID": group_id, "Name": room.name, **room.facts}
        if self.engine == "WEBJS":
            return {"id": {"_serialized": group_id}, "name": room.name, "groupMetadata": room.facts}
        return {"id": group_id, "subject": room.name, **room.facts}


def _summary(group_id: str, room: Room) -> dict[str, Any]:
    """A ChatSummary, with what is nobody's business here."""
    wrote = {"body": "Bed 4 is free", "from": "447700900102@c.us", "timestamp": room.wrote_at}
    last = wrote if room.wrote_at else {}
    return {"id": group_id, "name": room.name, "picture": "", "lastMessage": last, "_chat": {}}


def row_of(person: Person) -> dict[str, Any]:
    """A GroupParticipant."""
    first, *more = ids_of(person)
    return {"id": first, "role": ROLES[person.role], **({"pn": more[0]} if more else {})}


def ids_of(person: Person) -> list[str]:
    """A person's ids, the LID first, as a group shows them."""
    lid = [f"{person.lid}@lid"] if person.lid else []
    return lid + ([f"{person.user}@c.us"] if person.user else [])
