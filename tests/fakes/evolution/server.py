"""Evolution API on loopback: one instance and its groups, as its source (2.3) has them.

It publishes no description, so what a request may have is written here, from its router, and every other is noticed.
"""

from __future__ import annotations

import json
from typing import Any

from fakes.gateways.server import GatewayServer, Person, Room, answered
from fakes.graph.http import Reply, Request
from worker.domain.model import Role

KEY, INSTANCE = "evolution-key-0001", "ward"
ADMIN = {Role.MEMBER: None, Role.ADMIN: "admin", Role.CREATOR: "superadmin"}
# What each call takes: the method, and the names of its query options
CALLS = {
    "/instance/connectionState": ("GET", set()),
    "/instance": ("GET", {"instancename"}),  # fetchInstances
    "/group/fetchAllGroups": ("GET", {"getparticipants"}),
    "/group/findGroupInfos": ("GET", {"groupjid"}),
    "/group/participants": ("GET", {"groupjid"}),
    "/group/inviteCode": ("GET", {"groupjid"}),
    "/group/updateParticipant": ("POST", {"groupjid"}),
}


class EvolutionServer(GatewayServer):
    def __init__(self) -> None:
        super().__init__()
        self.state = "open"
        self.owner: str | None = None  # the linked phone's id, where it is shown

    def truth(self, request: Request) -> Reply:
        if request.headers.get("apikey") != KEY:
            return refused(401, "Unauthorized", "Unauthorized")
        call, _, instance = request.path.rpartition("/")
        if instance == "fetchInstances":
            self._check(call, request)
            return answered([{"name": request.query["instancename"], "ownerJid": self.owner, "token": KEY}])
        if instance != INSTANCE:
            return refused(404, "Not Found", f'The "{instance}" instance does not exist')
        self._check(call, request)
        if call == "/instance/connectionState":
            return answered({"instance": {"instanceName": instance, "state": self.state}})
        if self.state != "open":
            return failed("Error fetching group", "Error: Connection Closed")
        if call == "/group/fetchAllGroups":
            return answered([self._row(key, room) for key, room in self.rooms.items()])
        return self._one(call, request)

    def _check(self, call: str, request: Request) -> None:
        expected = CALLS.get(call)
        if expected != (request.method, set(request.query)):
            self.violations.append(f"{request.method} {request.target}")
        if request.body and set(json.loads(request.body)) != {"action", "participants"}:
            self.violations.append(request.body.decode())

    def _one(self, call: str, request: Request) -> Reply:
        group_id = request.query["groupjid"]
        room = self.rooms.get(group_id)
        if room is None:
            return failed("Error fetching group", "Error: item-not-found")
        if call == "/group/findGroupInfos":
            return answered(self._row(group_id, room) | {"participants": list(map(member_row, room.people))})
        if call == "/group/inviteCode":
            if room.link is None:
                return failed("Error fetching invite code", "Error: not-authorized")
            return answered({"inviteUrl": f"https://chat.whatsapp.com/{room.link}", "inviteCode": room.link})
        if call == "/group/participants":
            return answered({"participants": [*map(member_row, room.people), *room.bad_rows]})
        return self._act(room, json.loads(request.body))

    def _row(self, group_id: str, room: Room) -> dict[str, Any]:
        return group_row(group_id, room) | {"pictureUrl": self.picture_url(group_id)}

    def _act(self, room: Room, body: dict[str, Any]) -> Reply:
        results = []
        for participant in body["participants"]:
            jid = participant if "@" in participant else f"{participant}@s.whatsapp.net"
            person = next((each for each in room.people if jid in ids_of(each)), None)
            status = 404 if person is None else self.refused_acts.get(person.user or "", 200)
            if person is not None and status == 200:
                (room.remove if body["action"] == "remove" else room.promote)(person)
            results.append({"status": str(status), "jid": jid, "content": {"tag": "participant"}})
        return answered({"updateParticipants": results}, 201)


def refused(status: int, error: str, *messages: str) -> Reply:
    return answered({"status": status, "error": error, "response": {"message": list(messages)}}, status)


def failed(*messages: str) -> Reply:
    """What Evolution answers to a read that failed, however it failed."""
    return refused(404, "Not Found", *messages)


def ids_of(person: Person) -> list[str]:
    lid = [f"{person.lid}@lid"] if person.lid else []
    return lid + ([f"{person.user}@s.whatsapp.net"] if person.user else [])


def group_row(group_id: str, room: Room) -> dict[str, Any]:
    return {"id": group_id, "subject": room.name, "size": len(room.people), **room.facts}


def member_row(person: Person) -> dict[str, Any]:
    """A participant of Baileys, with a name from Evolution."""
    first, *more = ids_of(person)
    number = {"phoneNumber": more[0]} if more else {}
    return {"id": first, **number, "admin": ADMIN[person.role], "name": person.name or None, "imgUrl": None}
