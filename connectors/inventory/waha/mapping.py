"""WAHA's rows, as groups, members and events. Pure.

A list of groups has the rows of the engine as they are, so each fact has several names: WAHA's own (GroupInfo), NOWEB's
(Baileys), GOWS' (whatsmeow), and those of WEBJS and WPP, below `groupMetadata`. `membersCanSendMessages` is not read:
some engines fill in its opposite (groups.noweb.ts and groups.gows.ts of WAHA). Nor is a count of members: GOWS lists
groups from a store of its own, NOWEB may count its own list. Join links become hashes here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.kit.calls import Event, instant
from connectors.kit.linked_phone import Listed, name_of
from connectors.kit.whatsapp import (
    adders,
    allowed,
    description_of,
    flag,
    is_group_id,
    link_hash,
    member_of,
)
from worker.domain.model import GroupFacts, Member, Role

ROLES = {"participant": Role.MEMBER, "admin": Role.ADMIN, "superadmin": Role.CREATOR}
LEFT = "left"
GROUP_EVENTS = frozenset({"group.v2.join", "group.v2.leave", "group.v2.update", "group.v2.participants"})
STATUS_EVENT = "session.status"
# A community, and its announcement group, as NOWEB, GOWS, and WEBJS and WPP say it
COMMUNITY = (
    "isCommunity", "isCommunityAnnounce", "IsParent", "IsDefaultSubGroup", "isParentGroup", "defaultSubgroup",
)  # fmt: skip
_APPROVAL = {1: True, 0: False}  # WEBJS' and WPP's numbers, beside truth values


def listed(row: Any, read_at: datetime) -> Listed:
    """Return a group. Raises ValueError if the row is none."""
    if not isinstance(row, Mapping):
        raise ValueError("it is no object")  # noqa: TRY004  a row that is set aside
    group_id = _id(row)
    if not is_group_id(group_id):
        raise ValueError("it has no id of a group")
    if is_stub(row):
        raise ValueError("it has neither a name nor a time of creation")
    is_community = any(_with_inner(row).get(key) is True for key in COMMUNITY)
    return Listed(group_id, _name(row), facts(row, read_at), is_community=is_community)


def is_stub(row: Mapping[str, Any]) -> bool:
    """Whether WAHA's store knows a group by its id alone: what else such a row of GOWS or NOWEB has is empty, not true.

    There are groups without a name (WAHA's issue 2099), but none that was never made. Where no time is shown at all, as
    in WAHA's own form of a group, a row without a name is a group.
    """
    inner = _with_inner(row)
    times = [instant(inner[key]) for key in ("creation", "GroupCreated") if key in inner]
    was_made = any(at is not None and at.timestamp() > 0 for at in times)
    return is_group_id(_id(row)) and not _name(row) and bool(times) and not was_made


def facts(row: Mapping[str, Any], read_at: datetime) -> GroupFacts:
    """Return what the row shows of the group besides its members."""
    row = _with_inner(row)
    description = "" if row.get("TopicDeleted") is True else _first(row, "description", "desc", "Topic")
    approval = _first(row, "newMembersApprovalRequired", "joinApprovalMode", "IsJoinApprovalRequired")
    approval = row.get("membershipApprovalMode") if approval is None else approval
    adding = _first(row, "membersCanAddNewMember", "memberAddMode", "MemberAddMode")
    message = row.get("lastMessage")
    wrote = message.get("timestamp") if isinstance(message, Mapping) else None
    return GroupFacts(
        description=description_of(description),
        link_sha256=link_hash(_first(row, "invite", "inviteCode")),
        approval=flag(_APPROVAL.get(approval) if isinstance(approval, int) else approval),
        edit=allowed(_first(row, "restrict", "IsLocked")),
        write=allowed(_first(row, "announce", "IsAnnounce")),
        add=adders(adding),
        last_activity_at=instant(wrote) if wrote else None,
        read_at=read_at,
    )


def member(row: Any, region: str) -> Member | None:
    """Return a member; None if the row says that they have left. Raises ValueError if it shows nobody."""
    if not isinstance(row, Mapping):
        raise ValueError("it is no object")  # noqa: TRY004  a row that is set aside
    role = row.get("role")
    if role == LEFT:
        return None
    ids = (plain_id(row.get("id")), plain_id(row.get("pn")))
    return member_of(ids, ROLES.get(role, Role.UNKNOWN) if isinstance(role, str) else Role.UNKNOWN, region)


def myself(found: Any, region: str) -> Member | None:
    """Return the linked phone from a session's `me`; None if that doesn't show it."""
    ids = (found.get("id"), found.get("lid")) if isinstance(found, Mapping) else ()
    try:
        return member_of(ids, Role.UNKNOWN, region)
    except ValueError:
        return None


def plain_id(found: Any) -> Any:
    """Return an id as text, which some engines keep in an object."""
    return found.get("_serialized") if isinstance(found, Mapping) else found


def status_of(answer: Any) -> Any:
    """Return WhatsApp's status for the one participant of an act: 200 where the answer shows none, as WAHA's mostly do.

    NOWEB answers `[{"status": "403", …}]`, GOWS `[{"Error": 403, …}]`, WEBJS `{"status": 200}`.
    """
    row = answer[0] if isinstance(answer, list) and len(answer) == 1 else answer
    if isinstance(row, Mapping):
        return row.get("status", row.get("Error") or 200)
    return 200 if row is None or row is True else None


def events(body: Any, session: str) -> Iterator[Event]:
    """Return what a call says: which group is to be read again. Its other contents are not believed.

    `timestamp` is in ms or in s. A demotion comes with the role "admin" from NOWEB, so no role is read.
    """
    name, payload = body["event"], body["payload"]
    if body["session"] != session or (name not in GROUP_EVENTS and name != STATUS_EVENT):
        return
    at = instant(body.get("timestamp")) or instant(payload.get("timestamp"))
    call_id = body["id"] if isinstance(body.get("id"), str) else ""
    if name == STATUS_EVENT:
        yield Event(call_id, at)
    else:
        group_id = plain_id(payload["group"]["id"])
        if not is_group_id(group_id):
            raise ValueError("no id of a group")
        yield Event(call_id, at, (group_id,))


def _id(row: Mapping[str, Any]) -> Any:
    return plain_id(_first(row, "id", "JID"))


def _name(row: Mapping[str, Any]) -> str:
    return name_of(_first(row, "subject", "name", "Name", "formattedTitle"))


def _with_inner(row: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = row.get("groupMetadata")
    return {**row, **inner} if isinstance(inner, Mapping) else row


def _first(row: Mapping[str, Any], *names: str) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)
