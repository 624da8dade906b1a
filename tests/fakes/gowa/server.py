"""GOWA on loopback: one device, its groups, as its OpenAPI (9.0) and its source have them."""

from __future__ import annotations

import base64
import json
from typing import Any

from fakes.gateways.server import GatewayServer, Person, Room, answered
from fakes.graph.http import Reply, Request
from openapi import OpenApi
from worker.domain.model import Role

USER, PASSWORD = "ward", "gowa-password-0001"
LISTED_MAX = 500


class GowaServer(GatewayServer):
    """`devices` are those that a request may name; None: one without a name.

    `has_hosts`: numbers of members come with their host, as before GOWA 8.3.5.
    """

    def __init__(self, contract: OpenApi | None = None) -> None:
        super().__init__(contract)
        self.devices: set[str | None] = {None}
        self.is_linked = True
        self.is_connected = True
        self.has_hosts = False
        self.owner: str | None = None  # the linked phone's id, where it is shown

    def truth(self, request: Request) -> Reply:
        expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return Reply(401, b"Unauthorized", "text/plain")
        device = request.headers.get("x-device-id")
        if device not in self.devices:
            return refused(404, "DEVICE_NOT_FOUND", "device not found") if device else refused(
                400, "DEVICE_ID_REQUIRED", "device_id is required via X-Device-Id header or device_id query"
            )  # fmt: skip
        if request.path == "/app/status":
            state = {"is_connected": self.is_connected, "is_logged_in": self.is_linked, "device_id": "org_2"}
            return success(state | ({} if self.owner is None else {"jid": self.owner}))
        if not self.is_linked:
            return refused(500, "INTERNAL_SERVER_ERROR", "you are not loggin")
        return self._linked(request)

    def judge_answer(self, contract: OpenApi, request: Request, reply: Reply) -> None:
        if not any(room.bad_rows for room in self.rooms.values()):
            super().judge_answer(contract, request, reply)

    def _linked(self, request: Request) -> Reply:
        if request.path == "/user/my/groups":
            rows = [group_row(key, room) for key, room in self.rooms.items()]
            return success({"data": rows[:LISTED_MAX]})
        body: Any = json.loads(request.body) if request.body else request.query
        group_id = body["group_id"]
        room = self.rooms.get(group_id)
        if room is None:
            return refused(500, "INTERNAL_SERVER_ERROR", "you're not participating in that group")
        if request.path == "/group/info":
            return success(group_row(group_id, room))
        if request.path == "/group/invite-link":
            return _link(group_id, room, request)
        if request.path == "/group/participants":
            people = [*(member_row(each, has_host=self.has_hosts) for each in room.people), *room.bad_rows]
            return success({"group_id": group_id, "name": room.name, "participants": people})
        return self._act(request.path.rsplit("/", 1)[1], room, body["participants"])

    def _act(self, action: str, room: Room, participants: list[str]) -> Reply:
        results = []
        for participant in participants:  # GOWA takes all digits for a number
            person = next((each for each in room.people if each.user == participant.partition("@")[0]), None)
            if person is None or "@" in participant:
                return refused(400, "INVALID_JID", f"user {participant} is not registered")
            status = self.refused_acts.get(participant, 0)
            if status == 0:
                (room.remove if action == "remove" else room.promote)(person)
            jid = f"{participant}@s.whatsapp.net"
            text = ("error", "Failed") if status else ("success", "Action success")
            results.append({"participant": jid, "status": text[0], "message": text[1]})
        return success(results)


def _link(group_id: str, room: Room, request: Request) -> Reply:
    assert request.query.get("reset", "false") == "false"
    if room.link is None:
        return refused(500, "INTERNAL_SERVER_ERROR", "info query returned status 401: not-authorized")
    return success({"invite_link": f"https://chat.whatsapp.com/{room.link}", "group_id": group_id})


def success(results: Any) -> Reply:
    return answered({"code": "SUCCESS", "message": "Success", "results": results})


def refused(status: int, code: str, message: str) -> Reply:
    return answered({"status": status, "code": code, "message": message, "results": None}, status)


def group_row(group_id: str, room: Room) -> dict[str, Any]:
    """A `GroupInfo` of whatsmeow, with its members."""
    members = [{"JID": f"{each.user}@s.whatsapp.net", "IsAdmin": each.role.is_admin} for each in room.people]
    row = {"JID": group_id, "Name": room.name, "Participants": members, "ParticipantCount": len(members)}
    return row | room.facts


def member_row(person: Person, *, has_host: bool) -> dict[str, Any]:
    """A row of `/group/participants`. GOWA 8.3.3 fills in the LID's digits where it knows no number."""
    phone = f"{person.user}@s.whatsapp.net" if person.user else ""
    lid = f"{person.lid}@lid" if person.lid else ""
    return {
        "jid": lid or phone,
        "phone_number": phone if has_host else person.user or person.lid or "",
        "lid": lid,
        "display_name": person.name,
        "is_admin": person.role.is_admin,
        "is_super_admin": person.role is Role.CREATOR,
    }
