"""Domain values with sensible defaults: a test states only what it is about.

The time is noon UTC on a Tuesday; people, numbers and addresses are invented (Ofcom's drama range).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from worker.domain.controls import GROUP_CONTROLS
from worker.domain.groups.case import Expected, GroupView, MemberView
from worker.domain.identity.matching import How, Identity, IdentityState
from worker.domain.kinds import KINDS
from worker.domain.model import (
    Account,
    AccountFacts,
    AccountKey,
    Coverage,
    Evidence,
    GroupKey,
    Member,
    Role,
    Standing,
)
from worker.domain.people.leaving import Leaving, episode_name
from worker.domain.reconcile.rules import TicketRules
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import Ticket, TicketKind

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LEFT_AT = NOW - DAY
WARD = GroupKey("wards", "ward-7")


def key(person_id: str = "ann") -> AccountKey:
    return AccountKey("corp", person_id)


def facts(person_id: str = "ann", **changes: Any) -> AccountFacts:
    """An enabled account with a name and an e-mail address made from its id."""
    stated: dict[str, Any] = {
        "display_name": person_id.capitalize(),
        "email": f"{person_id}@corp.example",
        "enabled": True,
    }
    return AccountFacts(person_id, **(stated | changes))


def person(person_id: str = "ann", standing: Standing = Standing.ACTIVE, **changes: Any) -> Account:
    """Somebody who is here; with Standing.LEFT a leaver (disabled, since yesterday)."""
    has_left = standing is Standing.LEFT
    return Account(
        key(person_id),
        facts(person_id, **changes),
        standing,
        Evidence.DISABLED if has_left else None,
        LEFT_AT if has_left else None,
    )


def leaver(person_id: str = "ann", **changes: Any) -> Account:
    return person(person_id, Standing.LEFT, **changes)


def member(handle: str = "+447700900001", role: Role = Role.MEMBER, **changes: Any) -> Member:
    return Member(handle, role=role, **({"phone": handle, "display_name": "Somebody"} | changes))


def linked(who: Account) -> Identity:
    return Identity(IdentityState.LINKED, "mark", who.key, How.PHONE)


def view(
    who: Account | None = None,
    handle: str = "+447700900001",
    role: Role = Role.MEMBER,
    *,
    leaving: Leaving | None = None,
    state: IdentityState = IdentityState.UNMATCHED,
    first_seen_at: datetime | None = None,
) -> MemberView:
    """One member: of `who`, whose leaving is let through when they have left; else nobody known."""
    if who is not None and who.left_at is not None and leaving is None:
        leaving = Leaving(who.key, who.evidence or Evidence.DISABLED, who.left_at)
    link = Identity(state, "mark", why=Reason("no one has this number")) if who is None else linked(who)
    return MemberView(member(handle, role), link, who, leaving, first_seen_at)


def group(*members: MemberView, **changes: Any) -> GroupView:
    """A ward's WhatsApp group, read in full a minute ago."""
    stated: dict[str, Any] = {
        "key": WARD,
        "name": "Ward 7 nights",
        "messenger": "whatsapp",
        "taken_at": NOW - timedelta(minutes=1),
        "coverage": Coverage.FULL,
        "members": members,
        "size": len(members),
    }
    return GroupView(**(stated | changes))


def expected(who: Account, since: datetime = LEFT_AT, *, is_former: bool = False) -> Expected:
    return Expected(who, since, is_former)


_OCCASIONS = {
    TicketKind.IDENTIFY_MEMBER: "",
    TicketKind.CONFIRM_ROSTER: f"roster@{LEFT_AT.isoformat()}",
}


def ticket(kind: TicketKind = TicketKind.REMOVE_MEMBER, **changes: Any) -> Ticket:
    """The first ticket: open since an hour ago, due in 23, about Ann who left yesterday."""
    stated: dict[str, Any] = {
        "kind": kind,
        "about": KINDS[kind].about,
        "group": WARD,
        "group_name": "Ward 7 nights",
        "messenger": "whatsapp",
        "opened_at": NOW - HOUR,
        "clock_from": NOW - HOUR,
        "due_at": NOW + 23 * HOUR,
        "id": 1,
        "handle": "" if kind is TicketKind.REASSIGN_ADMIN else "+447700900001",
        "person": None if kind is TicketKind.IDENTIFY_MEMBER else key(),
        "person_name": "Ann",
        "evidence": Evidence.DISABLED,
        "left_at": LEFT_AT,
        "occasion": _OCCASIONS.get(kind, episode_name(key(), LEFT_AT)),
        "details": _details(kind),
    }
    return Ticket(**(stated | changes))


def _details(kind: TicketKind) -> dict[str, Any]:
    """What a ticket of the kind keeps beside its columns: what the controls that ask for it may have found."""
    if kind is TicketKind.ATTEST:
        return {
            "statement": "policy",
            "subject": "chat",
            "version": "3",
            "title": {"en": "Rules for chat groups"},
        }
    if kind is TicketKind.HANDLE_REPORT:
        return {"tier": "personal_data", "confidential": False, "shared": True}
    asking = (one.id for one in GROUP_CONTROLS.values() if one.kind is kind)
    faults = [{"control": one, "found": "1", "wanted": "2", "text": ""} for one in asking]
    return {"faults": faults} if faults else {}


def rules(**changes: Any) -> TicketRules:
    stated: dict[str, Any] = {
        "due": 24 * HOUR,
        "due_sensitive": 4 * HOUR,
        "accountable": "it-security@example.org",
    }
    return TicketRules(**(stated | changes))
