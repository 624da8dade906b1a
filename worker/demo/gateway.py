"""The hospital's gateway to a linked phone, on loopback: the answers of a WAHA that its connector reads (`files`).

What the phone sees, and no more: the groups that it is in, now. Where it is an admin it sees numbers beside LIDs; where
it is none, LIDs alone, and it knows the numbers of those whom it sees in another group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from worker.demo.hospital import ChatGroup, Hospital, lid_of
from worker.domain.model import Role

_ROLES = {Role.MEMBER: "participant", Role.ADMIN: "admin", Role.CREATOR: "superadmin"}
_SINCE_A_MESSAGE = timedelta(hours=3)


def gateway_app(hospital: Hospital, now: Callable[[], datetime]) -> Starlette:
    """The gateway's web application. It takes any key, since the hospital is invented."""

    async def session(_: Request) -> JSONResponse:
        phone = hospital.linked_phone
        me = {"id": _id(phone), "lid": lid_of(phone), "pushName": "Linked phone"}
        unused = {"presence": {}, "timestamps": {"activity": None}}
        return JSONResponse({"name": "default", "status": "WORKING", "me": me, **unused})

    async def groups(_: Request) -> JSONResponse:
        return JSONResponse([_listed(group_id, group) for group_id, group in _seen(hospital).items()])

    async def participants(request: Request) -> JSONResponse:
        group = _seen(hospital)[request.path_params["group"]]
        return JSONResponse([*_rows(hospital, group)])

    async def picture(_: Request) -> JSONResponse:
        return JSONResponse({"url": None})

    async def admins_only(request: Request) -> JSONResponse:
        group = _seen(hospital)[request.path_params["group"]]
        is_asked_for_profile = request.path_params["part"] == "info-admin-only"
        return JSONResponse({"adminsOnly": is_asked_for_profile and group.is_locked})

    async def chats(_: Request) -> JSONResponse:
        written = {"timestamp": int((now() - _SINCE_A_MESSAGE).timestamp())}
        seen = _seen(hospital).items()
        return JSONResponse([{"id": key, "name": group.name, "lastMessage": written} for key, group in seen])

    async def number(request: Request) -> JSONResponse:
        lid = request.path_params["lid"]
        return JSONResponse({"lid": lid, **_known(lid, _numbers(hospital))})

    api = "/api/default"
    return Starlette(
        routes=[
            Route("/api/sessions/default", session),
            Route(f"{api}/groups", groups),
            Route(f"{api}/groups/{{group}}/participants/v2", participants),
            Route(f"{api}/groups/{{group}}/picture", picture),
            Route(f"{api}/groups/{{group}}/settings/security/{{part}}", admins_only),
            Route(f"{api}/chats/overview", chats, methods=["POST"]),
            Route(f"{api}/lids/{{lid}}", number),
        ]
    )


def _seen(hospital: Hospital) -> dict[str, ChatGroup]:
    """The groups that the phone is in, by WhatsApp's ids."""
    groups = hospital.groups.values()
    return {f"1203630412345678{g.id[1:]}@g.us": g for g in groups if hospital.linked_phone in g.members}


def _listed(group_id: str, group: ChatGroup) -> dict[str, Any]:
    """A group as the engine NOWEB lists it: whoever has the link joins, and every member may add others."""
    may = {"restrict": group.is_locked, "announce": False, "joinApprovalMode": False, "memberAddMode": True}
    return {"id": group_id, "subject": group.name, "desc": group.description, **may}


def _rows(hospital: Hospital, group: ChatGroup) -> Iterator[dict[str, Any]]:
    numbers = _numbers(hospital)
    for phone, (_, role) in group.members.items():
        lid = lid_of(phone)
        yield {"id": lid, "role": _ROLES[role], **_known(lid, numbers)}


def _known(lid: str, numbers: Mapping[str, str]) -> dict[str, str]:
    return {"pn": numbers[lid]} if lid in numbers else {}


def _numbers(hospital: Hospital) -> dict[str, str]:
    """The numbers that the phone knows, by their LIDs: its own, and those in groups where it is an admin."""
    me = hospital.linked_phone
    shown = [group.members for group in _seen(hospital).values() if group.members[me][1].is_admin]
    phones = {me, *(phone for members in shown for phone in members)}
    return {lid_of(phone): _id(hospital.number_shown(phone)) for phone in phones}


def _id(phone: str) -> str:
    return f"{phone.removeprefix('+')}@c.us"
