"""Meta's records -> rosters and outcomes. Pure.

A participant is shown by number (`wa_id`), which is empty for people with a username whom the business doesn't know,
and by an id for this business (`user_id`, the BSUID). Nobody's role is shown. What is missing is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeGuard

from connectors.inventory.whatsapp_cloud.client import NOT_INSIDE, code_in, unexpected
from connectors.kit.text import cut, one_line
from worker.domain.identity.phones import to_e164
from worker.domain.model import Coverage, Group, GroupFacts, Member, Role, Roster
from worker.ports import Malformed, Transient
from worker.ports.connectors.remover import ActOutcome, Effect

NAME_MAX, DESCRIPTION_MAX = 200, 4_096  # letters; Meta allows 128 and 2,048
SUSPENDED = "WhatsApp has suspended this group"
UNSHOWN = "Meta does not show the members of this group while it is suspended"
_GROUP_ID = re.compile(r"[\w=.:@-]{1,200}", re.ASCII)
_WA_ID = re.compile(r"\+?[0-9]{7,15}")
_USER_ID = re.compile(r"[A-Z]{2}(?:\.[A-Za-z0-9]{1,20})?\.[A-Za-z0-9]{1,128}")
_APPROVAL = {"approval_required": True, "auto_approve": False}


@dataclass(frozen=True, slots=True)
class Listed:
    """A group as the list shows it."""

    group_id: str
    name: str


def is_group_id(found: Any) -> TypeGuard[str]:
    """Whether this may be a group's id."""
    return isinstance(found, str) and bool(_GROUP_ID.fullmatch(found)) and bool(found.strip("."))


def listed(row: Any) -> Listed:
    """Return a row of the list. Raises ValueError without an id."""
    found = row.get("id") if isinstance(row, dict) else None
    if not is_group_id(found):
        raise ValueError("it has no id of a group")
    return Listed(found, name_of(row.get("subject")))


def unshown(group: Listed, now: datetime, *warnings: str) -> Roster:
    """Return what is known of a group that Meta does not show: nothing but that."""
    return Roster(Group(group.group_id, group.name), (), now, Coverage.PARTIAL, warnings)


def roster(record: Any, group_id: str, now: datetime, malformed: list[Malformed], region: str) -> Roster:
    """Return a group's roster; members that can't be understood are added to `malformed`.

    PARTIAL if one can't be, or if Meta counts more or fewer than are shown. Raises Incomplete for another shape or
    group.
    """
    if not isinstance(record, dict) or record.get("id") != group_id:
        raise unexpected("a group")
    rows, total = _rows(record), record.get("total_participant_count")
    before = len(malformed)
    members = {member.handle: member for member in _members(rows, group_id, malformed, region)}
    got = len(members) + len(malformed) - before  # whoever is there twice is one
    warnings = [SUSPENDED] if record.get("suspended") is True else []
    is_counted = isinstance(total, int) and total == got
    if not is_counted and total is not None:
        warnings.append(
            f"Meta counts {total if isinstance(total, int) else 'other'} members, and shows {got}"
        )
    is_whole = len(malformed) == before and (is_counted or (total is None and bool(rows)))
    return Roster(
        Group(group_id, name_of(record.get("subject"))),
        tuple(members.values()),
        now,
        Coverage.FULL if is_whole else Coverage.PARTIAL,
        tuple(warnings),
        GroupFacts(
            description=_text(record.get("description")),
            approval=_APPROVAL.get(str(record.get("join_approval_mode", "")).casefold()),
            read_at=now,
        ),
    )


def _rows(record: dict[str, Any]) -> list[Any]:
    """Return the participants' records. Meta leaves them out of a group without any, which it then counts as 0."""
    rows = record.get("participants")
    if isinstance(rows, dict):
        paging = rows.get("paging") or {}
        if not isinstance(paging, dict) or paging.get("next"):
            raise unexpected("all members of a group")
        rows = rows.get("data")
    if rows is None and record.get("total_participant_count") == 0:
        return []
    if not isinstance(rows, list):
        raise unexpected("a group")
    return rows


def _members(rows: Iterable[Any], group_id: str, malformed: list[Malformed], region: str) -> Iterator[Member]:
    for number, row in enumerate(rows, 1):
        try:
            yield member(row, region)
        except ValueError as error:
            malformed.append(set_aside(f"{group_id} participant {number}", error))


def member(row: Any, region: str) -> Member:
    """Return a participant. Raises ValueError if the record shows neither a number nor a BSUID."""
    if not isinstance(row, dict):
        raise ValueError("it is no record")  # noqa: TRY004  what `roster` sets aside
    username = _shown(row.get("username"))
    phone, business_id = phone_of(row.get("wa_id"), region), business_id_of(row.get("user_id"))
    handle = phone or business_id
    if handle is None:
        raise ValueError("it has neither a number nor an id")
    return Member(
        handle,
        role=Role.UNKNOWN,
        phone=phone,
        username=cut(one_line(username), NAME_MAX) or None,
        business_id=business_id,
        native_id=business_id,
    )


def phone_of(found: Any, region: str) -> str | None:
    """Return the number that a `wa_id` shows, in E.164; None for anything else."""
    wa_id = _shown(found)
    return to_e164(f"{wa_id.removeprefix('+')}@c.us", region) if _WA_ID.fullmatch(wa_id) else None


def business_id_of(found: Any) -> str | None:
    """Return a BSUID; None for anything else."""
    user_id = _shown(found)
    return user_id if _USER_ID.fullmatch(user_id) else None


def _shown(found: Any) -> str:
    return str(found).strip() if isinstance(found, str | int) and not isinstance(found, bool) else ""


def name_of(found: Any) -> str:
    """Return a group's subject on one line, "" if it has none."""
    return cut(one_line(found), NAME_MAX) if isinstance(found, str) else ""


def _text(found: Any) -> str | None:
    return cut(found, DESCRIPTION_MAX) if isinstance(found, str) else None


def set_aside(record_id: str, error: ValueError) -> Malformed:
    """The error for one record that can't be understood; the rest goes on."""
    return Malformed(
        f"Meta's Groups API: {record_id} can't be understood: {error}.",
        record_id=record_id,
        remedy="If it stays, look at that group in WhatsApp.",
    )


def user_of(who: Member) -> str | None:
    """Return how the API calls a member: by the number's digits, else by the BSUID; None for anybody else."""
    return who.phone.removeprefix("+") if who.phone else who.business_id


def outcome(answer: Any) -> ActOutcome:
    """Return what the answer to a removal says: asked for, with its reference, or the inner refusal.

    Raises Transient for an answer that says neither: it may have been done.
    """
    if isinstance(answer, dict):
        inner = [*_list(answer.get("failed_participants")), *_list(answer.get("errors"))]
        codes = [code for each in inner for code in _codes(each)]
        if NOT_INSIDE in codes:
            return ActOutcome(Effect.NOT_NEEDED, f"WhatsApp answered {NOT_INSIDE}: not a participant")
        if inner:
            return refused(next(iter(codes), 0))
        reference = answer.get("request_id")
        if (isinstance(reference, str) and reference) or answer.get("success") is True:
            return ActOutcome(Effect.ASKED, reference=reference if isinstance(reference, str) else "")
    raise Transient(
        "Meta's Groups API, asked for the removal of a participant, answered without a clear result.",
        remedy="It is not known whether it was done: the group is read before it is tried again.",
    )


def refused(code: int) -> ActOutcome:
    """Return the outcome for a code with which Meta refuses one removal."""
    return ActOutcome(
        Effect.REFUSED, f"WhatsApp answered {_REASONS.get(code, str(code) if code else 'an error')}"
    )


def _codes(found: Any) -> list[int]:
    inner = _list(found.get("errors")) if isinstance(found, dict) else []
    return [code for code in (code_in(each) for each in (found, *inner)) if code]


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


_REASONS = {
    131020: "131020: the business would be alone in the group",
    131041: "131041: the number has no such group",
    131204: "131204: the group has too many members",
    131207: "131207: the group is suspended",
}
