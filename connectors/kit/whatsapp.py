"""WhatsApp's own nouns, for every connector that reads them: ids, members, rights, join links, gateways' settings.

    id -> a number, or a LID, never one for the other -> Member

A person's id is `447700900123@c.us` or `…@s.whatsapp.net` (the digits are the number), or `…@lid`: a hidden identity,
whose digits are no number although many read as one. A device of theirs has a suffix: `447700900123:7@…`. Pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from connectors.kit.addresses import require_safe_literal
from connectors.kit.calls import CallsConfig
from connectors.kit.settings import Section, TlsConfig
from connectors.kit.text import NAME_MAX, cut, one_line, shown
from worker.domain.identity.phones import to_e164
from worker.domain.model import Allowed, Member, Role

TERMS_RISK = (
    "linking a phone to an unofficial gateway breaks WhatsApp's terms of service, and WhatsApp may ban the number; "
    "to accept that risk for a number that you can lose, write accept_terms_risk: true"
)
DESCRIPTION_MAX = 4096  # WhatsApp takes 2048
_LID = re.compile(r"([0-9]{1,20})(?:\.[0-9]+)?(?::[0-9]+)?@lid", re.IGNORECASE)
_NUMBER = re.compile(r"([0-9]{1,20})(?::[0-9]+)?@(?:c\.us|s\.whatsapp\.net)", re.IGNORECASE)
_GROUP = re.compile(r"(?!\.+$)[\w.-]{1,100}(?:@g\.us)?", re.ASCII)
_LINK = re.compile(
    r"(?:(?:https?://)?chat\.whatsapp\.com/(?:invite/)?)?(?P<code>[A-Za-z0-9_-]{8,64})/?(?:\?.*)?",
    re.IGNORECASE,
)


class GatewayConfig(Section):
    """What every gateway to a linked phone is configured with."""

    url: str = Field(
        description="The gateway's address. Plain http only to this machine or a private address."
    )
    accept_terms_risk: bool = Field(
        default=False,
        validate_default=True,
        description="Must be true. It says that you know: " + TERMS_RISK.partition(";")[0] + ".",
    )
    requests_per_minute: int = Field(
        default=30, ge=1, le=6000, description="At most so many requests a minute."
    )
    tls: TlsConfig = TlsConfig()
    calls: CallsConfig | None = Field(
        default=None, description="Where the gateway may call us; without it, it is only read."
    )

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError('write the address with http: or https:, such as "http://127.0.0.1:3000"')
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("write the address alone, without a password, ? or #")
        require_safe_literal(url, allows_private=True)
        return url

    @field_validator("accept_terms_risk")
    @classmethod
    def _is_accepted(cls, is_accepted: bool) -> bool:  # noqa: FBT001  pydantic calls it
        if not is_accepted:
            raise ValueError(TERMS_RISK)
        return is_accepted


def is_group_id(found: Any) -> TypeGuard[str]:
    """Whether this may be a group's id: `1203…@g.us`, or without the host. Such a text is safe within a path."""
    return isinstance(found, str) and bool(_GROUP.fullmatch(found))


def lid_of(found: Any) -> str | None:
    """Return a LID without its device, `…@lid`; None for anything else."""
    match = _LID.fullmatch(found.strip()) if isinstance(found, str) else None
    return f"{match[1]}@lid" if match else None


def number_of(found: Any, region: str, lid: str | None = None) -> str | None:
    """Return the number in an id that shows one, in E.164; None for a LID, bare digits and anything else.

    The digits of `lid` are none either: some gateways fill the one in for the other.
    """
    text = found.strip() if isinstance(found, str) else ""
    match = _NUMBER.fullmatch(text)
    return to_e164(text, region) if match and f"{match[1]}@lid" != lid else None


def member_of(ids: Iterable[Any], role: Role, region: str, name: Any = "") -> Member:
    """Return the member with these ids, in any order. Raises ValueError if none of them shows anybody, or two do."""
    known = list(ids)
    lids = set(filter(None, map(lid_of, known)))
    lid = next(iter(lids), None)
    phones = set(filter(None, (number_of(each, region, lid) for each in known)))
    phone = next(iter(phones), None)
    handle = phone or lid
    if handle is None:
        raise ValueError("it has no id of a person")
    if max(len(lids), len(phones)) > 1:
        raise ValueError("it has ids of two people")
    display_name = cut(one_line(name), NAME_MAX) if isinstance(name, str) else ""
    return Member(handle, display_name.removeprefix("~").strip(), role, phone, lid)


def with_number(member: Member, found: Any, region: str) -> Member:
    """Return the member whose LID was resolved to this id; as before if that shows no number."""
    number = number_of(found, region, member.lid)
    return member if number is None else replace(member, handle=number, phone=number)


_RANKS = {Role.CREATOR: 3, Role.ADMIN: 2, Role.MEMBER: 1, Role.UNKNOWN: 0}


def once_each(members: Iterable[Member]) -> tuple[Member, ...]:
    """Return the members in order without repeats; who is there twice has the higher role.

    Rows with one number are one member, and a row without a number is whoever shows its LID beside one. Two numbers are
    two members, whatever LID they show: see `is_at_odds`.
    """
    rows = list(members)
    numbers: dict[str | None, str] = {}
    for row in rows:
        if row.phone and row.lid:
            numbers.setdefault(row.lid, row.phone)
    found: dict[str, Member] = {}  # in the order of who is first there
    for row in rows:
        key = row.phone or numbers.get(row.lid, row.handle)
        found[key] = _both(found[key], row) if key in found else row
    return tuple(found.values())


def is_at_odds(members: Iterable[Member]) -> bool:
    """Whether the rows show one LID with two numbers, or one number with two LIDs, so that some pair is wrong."""
    pairs = {(each.phone, each.lid) for each in members if each.phone and each.lid}
    return any(len({pair[at] for pair in pairs}) < len(pairs) for at in (0, 1))


def _both(one: Member, other: Member) -> Member:
    known = one if one.phone else other
    role = max(one.role, other.role, key=_RANKS.__getitem__)
    return replace(
        known, role=role, lid=one.lid or other.lid, display_name=one.display_name or other.display_name
    )


def is_surely_not_among(somebody: Member, members: Iterable[Member]) -> bool:
    """Whether each member is shown to be somebody else: by the number where both show one, else by the LID."""
    return all(
        somebody.phone != each.phone
        if somebody.phone and each.phone
        else bool(somebody.lid and each.lid and somebody.lid != each.lid)
        for each in members
    )


def role_among(somebody: Member, members: Iterable[Member]) -> Role | None:
    """Return somebody's role: by the number where both show one, else by the LID; None if nobody is surely them."""
    return next(
        (
            each.role
            for each in members
            if (
                somebody.phone == each.phone
                if somebody.phone and each.phone
                else somebody.lid and somebody.lid == each.lid
            )
        ),
        None,
    )


def is_same(one: Member, other: Member) -> bool | None:
    """Whether two rows show one person; None if they have no kind of id in common, or only one of two is the same."""
    pairs = ((one.phone, other.phone), (one.lid, other.lid))
    found = {mine == theirs for mine, theirs in pairs if mine and theirs}
    return found.pop() if len(found) == 1 else None


def with_ids_from(members: Iterable[Member], somebody: Member) -> Member:
    """Return somebody with the id that a list shows beside theirs; as before if it shows none, or several."""
    beside = {
        (each.phone, each.lid) for each in members if each.phone and each.lid and is_same(each, somebody)
    }
    phone, lid = next(iter(beside)) if len(beside) == 1 else (None, None)
    return replace(somebody, phone=somebody.phone or phone, lid=somebody.lid or lid)


def id_of(member: Member) -> str | None:
    """Return the id under which a group knows the member: the LID where it shows one, else the number's."""
    if member.lid is not None:
        return member.lid
    return f"{member.phone.removeprefix('+')}@c.us" if member.phone else None


def count(found: Any) -> int | None:
    """Return a count of members; None if it is no whole number."""
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def flag(found: Any) -> bool | None:
    """Return a truth value as it is shown; None for anything else, which is not *false*."""
    return found if isinstance(found, bool) else None


def description_of(found: Any) -> str | None:
    """Return a group's description, safe to keep and to show; None if it is not shown."""
    return cut(shown(found), DESCRIPTION_MAX) if isinstance(found, str) else None


def allowed(admins_only: Any) -> Allowed | None:
    """Who may do what is for admins only, or isn't; None if it is not shown."""
    is_so = flag(admins_only)
    return None if is_so is None else Allowed.ADMINS if is_so else Allowed.MEMBERS


def adders(found: Any) -> Allowed | None:
    """Who may add members, as a truth value (members may) or in WhatsApp's own words."""
    words = {"admin_add": True, "all_member_add": False}
    is_open = flag(found)
    return allowed(words.get(found) if isinstance(found, str) else None if is_open is None else not is_open)


def link_hash(found: Any) -> str | None:
    """Return the SHA-256 in hex of a join link's code: the same for the whole link, without https, and the code alone.

    None for anything else. Every group of WhatsApp has a link, so an empty one is not shown, rather than none. The
    link itself is a key to the group: keep nothing of it.
    """
    match = _LINK.fullmatch(found.strip()) if isinstance(found, str) else None
    return hashlib.sha256(match["code"].encode()).hexdigest() if match else None
