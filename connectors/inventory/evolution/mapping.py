"""Evolution's rows, as groups, members and events. Pure.

Groups and members are Baileys' (`GroupMetadata`, `GroupParticipant`), with a name and a picture from Evolution.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.kit.calls import Event, instant
from connectors.kit.linked_phone import Listed, name_of
from connectors.kit.whatsapp import (
    adders,
    allowed,
    count,
    description_of,
    flag,
    is_group_id,
    link_hash,
    member_of,
)
from worker.domain.model import GroupFacts, Member, Role

ROLES = {None: Role.MEMBER, "admin": Role.ADMIN, "superadmin": Role.CREATOR}
GROUP_EVENTS = frozenset({"groups.upsert", "groups.update", "group-participants.update"})
# Evolution writes its own wall clock and calls it UTC: a call of this moment may look twelve hours old
WEST_OF_UTC = timedelta(hours=12)


def listed(row: Any, read_at: datetime) -> Listed:
    """Return a group. Raises ValueError if the row is none.

    Evolution's `size` is how many rows of members it was shown with the groups, apart from the list of each group's
    (whatsapp.baileys.service.ts): if that is shorter, one of the two is cut. Of a community, both may be.
    """
    if not isinstance(row, Mapping):
        raise ValueError("it is no object")  # noqa: TRY004  a row that is set aside
    group_id = row.get("id")
    if not is_group_id(group_id):
        raise ValueError("it has no id of a group")
    is_community = row.get("isCommunity") is True or row.get("isCommunityAnnounce") is True
    size = None if is_community else count(row.get("size"))
    name = name_of(row.get("subject"))
    return Listed(group_id, name, facts(row, read_at), size=size, is_community=is_community)


def facts(row: Mapping[str, Any], read_at: datetime) -> GroupFacts:
    """Return what the row shows of the group besides its members."""
    return GroupFacts(
        description=description_of(row.get("desc")),
        link_sha256=link_hash(row.get("inviteCode")),
        approval=flag(row.get("joinApprovalMode")),
        edit=allowed(row.get("restrict")),
        write=allowed(row.get("announce")),
        add=adders(row.get("memberAddMode")),
        read_at=read_at,
    )


def member(row: Any, region: str) -> Member:
    """Return a member. Raises ValueError if the row shows nobody."""
    if not isinstance(row, Mapping):
        raise ValueError("it is no object")  # noqa: TRY004  a row that is set aside
    ids = (row.get("id"), row.get("phoneNumber"), row.get("jid"), row.get("lid"))
    return member_of(ids, role(row), region, row.get("name"))


def myself(found: Any, instance: str, region: str) -> Member | None:
    """Return the linked phone from the list of instances; None if that doesn't show it."""
    rows = [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []
    ids = [row.get("ownerJid") for row in rows if row.get("name") == instance]
    try:
        return member_of(ids, Role.UNKNOWN, region)
    except ValueError:
        return None


def role(row: Mapping[str, Any]) -> Role:
    """Return the role: null is a member, a missing or another word is unknown."""
    shown = row.get("admin", "")
    return ROLES.get(shown, Role.UNKNOWN) if shown is None or isinstance(shown, str) else Role.UNKNOWN


def status_of(answer: Any) -> Any:
    """Return WhatsApp's status for the one member of an act; None if the answer doesn't say it clearly."""
    rows = answer.get("updateParticipants") if isinstance(answer, Mapping) else None
    row = rows[0] if isinstance(rows, list) and len(rows) == 1 else None
    return row.get("status") if isinstance(row, Mapping) else None


def events(body: Any, instance: str) -> Iterator[Event]:
    """Return what a call says: which groups are to be read again. Its other contents are not believed.

    Its calls have no id, so a replay is told by all of its contents.
    """
    name, data = body["event"], body["data"]
    if body["instance"] != instance or name not in GROUP_EVENTS:
        return
    call_id = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    at = instant(body.get("date_time"))
    rows = data if isinstance(data, list) else [data]
    group_ids = tuple(row["id"] for row in rows if is_group_id(row["id"]))
    if not group_ids:
        raise ValueError("no id of a group")
    yield Event(call_id, at + WEST_OF_UTC if at else None, group_ids)
