"""GOWA's rows, as groups, members and events. Pure.

Groups are whatsmeow's `GroupInfo` as Go writes it (`JID`, `Name`, `Topic`…), members GOWA's own rows.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.kit.calls import Event, instant
from connectors.kit.linked_phone import Listed, name_of
from connectors.kit.whatsapp import adders, allowed, count, description_of, flag, is_group_id, member_of
from worker.domain.model import GroupFacts, Member, Role

GROUP_EVENTS = frozenset({"group.participants", "group.joined"})
_DIGITS = re.compile(r"[0-9]+")
_CODE = re.compile(r"\bcode ([1-5][0-9]{2})\b")
SUSPENDED = "WhatsApp has suspended this group"
MAY_BE_CUT = "WhatsApp lists 500 groups at most for a linked phone, so some may be missing"


def listed(row: Any, read_at: datetime, *, may_be_cut: bool = False) -> Listed:
    """Return a group. Raises ValueError if the row is none."""
    if not isinstance(row, Mapping):
        raise ValueError("it is no object")  # noqa: TRY004  a row that is set aside
    group_id, size = row.get("JID"), count(row.get("ParticipantCount"))
    if not is_group_id(group_id):
        raise ValueError("it has no id of a group")
    told = {MAY_BE_CUT: may_be_cut, SUSPENDED: row.get("Suspended") is True}
    warnings = tuple(text for text, is_so in told.items() if is_so)
    is_community = row.get("IsParent") is True or row.get("IsDefaultSubGroup") is True
    name = name_of(row.get("Name"))
    return Listed(group_id, name, facts(row, read_at), warnings, size, is_community)


def facts(row: Mapping[str, Any], read_at: datetime) -> GroupFacts:
    """Return what the row shows of the group besides its members."""
    topic = "" if row.get("TopicDeleted") is True else row.get("Topic")
    return GroupFacts(
        description=description_of(topic),
        approval=flag(row.get("IsJoinApprovalRequired")),
        edit=allowed(row.get("IsLocked")),
        write=allowed(row.get("IsAnnounce")),
        add=adders(row.get("MemberAddMode")),
        read_at=read_at,
    )


def member(row: Any, region: str) -> Member:
    """Return a member. Raises ValueError if the row shows nobody.

    `phone_number` is digits alone since GOWA 8.3.5, a whole id before; where it knows no number, empty or the LID's.
    """
    if not isinstance(row, Mapping):
        raise ValueError("it is no object")  # noqa: TRY004  a row that is set aside
    phone = row.get("phone_number")
    if isinstance(phone, str) and _DIGITS.fullmatch(phone):
        phone += "@s.whatsapp.net"
    ids = (row.get("jid"), phone, row.get("lid"))
    return member_of(ids, role(row), region, row.get("display_name"))


def myself(state: Mapping[str, Any], region: str) -> Member | None:
    """Return the linked phone from its state; None if that doesn't show it."""
    try:
        return member_of([state.get("jid")], Role.UNKNOWN, region)
    except ValueError:
        return None


def role(row: Mapping[str, Any]) -> Role:
    """Return the role; unknown where the row doesn't say whether they are an admin."""
    if row.get("is_super_admin") is True:
        return Role.CREATOR
    shown = flag(row.get("is_admin"))
    return Role.UNKNOWN if shown is None else Role.ADMIN if shown else Role.MEMBER


def status_of(results: Any) -> int | None:
    """Return WhatsApp's status for the one member of an act; None if the results don't say it clearly.

    GOWA's words are "success" and "error", the latter with "(code 403)" in the message, or without any code.
    """
    row = results[0] if isinstance(results, list) and len(results) == 1 else None
    status = row.get("status") if isinstance(row, Mapping) else None
    if row is None or status != "error":
        return 200 if status == "success" else None
    code = _CODE.search(str(row.get("message")))
    return int(code[1]) if code else 400


def events(body: Any) -> Iterator[Event]:
    """Return what a call says: which group is to be read again. Its other contents are not believed.

    GOWA's calls have no id, so a replay is told by all of its contents.
    """
    name, payload = body["event"], body["payload"]
    if name not in GROUP_EVENTS:
        return
    call_id = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    group_id = payload.get("chat_id")
    at = instant(body.get("timestamp")) or instant(payload.get("timestamp"))
    if is_group_id(group_id):
        yield Event(call_id, at, (group_id,))
    elif name == "group.joined":
        yield Event(call_id, at)
    else:
        raise ValueError("no id of a group")
