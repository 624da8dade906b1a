"""Graph's teams, channels, chats and their members -> what the ports want. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from connectors.kit.text import cut, one_line
from worker.domain.identity.phones import to_e164
from worker.domain.model import Allowed, Coverage, Group, GroupFacts, Member, Role, Roster
from worker.domain.text.mail_domains import foldable
from worker.ports import Incomplete, Malformed

MESSENGER = "teams"
STANDARD, PRIVATE = "standard", "private"  # a standard channel has the team's members
_CHAT = "@thread.v2"  # ends the id of a group chat; a channel's ends in @thread.tacv2, or an older form of it
_THREAD = "@thread."
_ID_MAX = 200
_NEXT = "@odata.nextLink"
_AGAIN = "Nothing is changed by it; it is read again."


@dataclass(frozen=True, slots=True)
class Place:
    """A team, a channel of `team_id`, or a chat. `is_shared`: it may have members through other teams."""

    group_id: str
    name: str
    description: str | None = None
    team_id: str = ""
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody in a place. `membership_id` is Graph's opaque id of it, in channels and chats.

    Who is in a shared channel through a team that it is shared with has none there.
    """

    user_id: str
    name: str = ""
    email: str | None = None
    phone: str | None = None
    is_owner: bool = False
    membership_id: str = ""


def is_chat(group_id: str) -> bool:
    """Whether an id is that of a chat."""
    return group_id.endswith(_CHAT)


def is_channel(group_id: str) -> bool:
    """Whether an id is that of a channel."""
    return _THREAD in group_id and not is_chat(group_id)


def rows_of(page: Any) -> list[Any]:
    """Read the rows of a page. Raises Incomplete."""
    rows = page.get("value") if isinstance(page, dict) else None
    if not isinstance(rows, list):
        raise Incomplete("Graph answered without a list.", remedy=_AGAIN)
    return rows


def next_of(page: Mapping[str, Any]) -> str | None:
    """Read the link to the next page; None on the last. Raises Incomplete."""
    link = page.get(_NEXT)
    if link is not None and not (isinstance(link, str) and link):
        raise Incomplete("Graph's link to the next page is none.", remedy=_AGAIN)
    return link


def team_of(row: Any) -> Place:
    """Read a team. Raises Incomplete for one without an id: it would look as if it were gone."""
    team_id = _id(row, "team")
    return Place(team_id, _text(row, "displayName") or team_id, _said(row))


def channels_of(rows: Iterable[Any], team: Place) -> Iterable[Place]:
    """Read the channels that have members of their own. Raises Incomplete for one without an id."""
    for row in rows:
        channel_id = _id(row, "channel")
        kind = _text(row, "membershipType")
        if kind != STANDARD:  # a type that we don't know may have members that the team has not
            name = f"{team.name} / {_text(row, 'displayName') or channel_id}"
            yield Place(channel_id, name, _said(row), team.group_id, is_shared=kind != PRIVATE)


def chat_of(row: Any) -> Place | None:
    """Read a chat; None for one of two, or of a meeting. Raises Incomplete for one without an id."""
    chat_id = _id(row, "chat")
    if _text(row, "chatType") != "group":
        return None
    return Place(chat_id, _text(row, "topic") or chat_id)


def id_of(row: Any) -> str:
    """Read an account's id. Raises Incomplete."""
    return _id(row, "account")


def user_of(row: Any, region: str, *, is_owner: bool) -> Seat | None:
    """Read a member or an owner of a team; None if it can't be understood."""
    user_id = _text(row, "id")
    if not user_id:
        return None
    phones = row.get("businessPhones") or []
    texts = [row.get("mobilePhone"), *(phones if isinstance(phones, list) else [])]
    numbers = (to_e164(text, region) for text in texts if isinstance(text, str) and text)
    return Seat(
        user_id,
        _text(row, "displayName"),
        _text(row, "mail") or None,
        next((number for number in numbers if number), None),
        is_owner=is_owner,
    )


def seat_of(row: Any, *, is_direct: bool = True) -> Seat | None:
    """Read a member of a channel or a chat; None if it can't be understood."""
    user_id, roles = _text(row, "userId"), row.get("roles") if isinstance(row, dict) else None
    if not user_id or not isinstance(roles, list):
        return None
    return Seat(
        user_id,
        _text(row, "displayName"),
        foldable(_text(row, "email")) or None,
        is_owner="owner" in roles,
        membership_id=_text(row, "id") if is_direct else "",
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """What a team's settings say; None is not shown. Only its owners edit a team's name, description and picture."""

    is_archived: bool | None = None
    edit: Allowed | None = None
    add: Allowed | None = None
    is_membership_hidden: bool | None = None


REFUSED = "Graph does not show who is in this group"
SHOWS_NOBODY = "Graph shows no members of this group; where they are hidden, it takes Member.Read.Hidden"
HIDDEN = Settings()  # of a channel or a chat, or where the app may not see them
UNTOLD = Settings(is_membership_hidden=True)  # for all we know


def settings_of(answer: Any) -> Settings:
    """Read a team's settings. Members of a public team may add others; those of another one only ask for it."""
    found = answer.get("isArchived") if isinstance(answer, dict) else None
    visibility = _text(answer, "visibility").casefold()
    adders = {"public": Allowed.MEMBERS, "private": Allowed.ADMINS, "hiddenmembership": Allowed.ADMINS}
    is_archived = found if isinstance(found, bool) else None
    is_hidden = visibility == "hiddenmembership" if visibility in adders else None
    return Settings(is_archived, Allowed.ADMINS, adders.get(visibility), is_hidden)


def roster_of(
    place: Place, seats: Collection[Seat | None] | None, settings: Settings, taken_at: datetime
) -> tuple[Roster, list[Malformed]]:
    """Make a roster; members that can't be read are set aside. `seats`: None where Graph does not show them.

    Of a team with hidden members, Graph may show nobody, or its owners alone, instead of refusing.
    """
    if seats is None:
        roster, _ = roster_of(place, (), settings, taken_at)
        return replace(roster, coverage=Coverage.PARTIAL, warnings=(REFUSED,)), []
    members = tuple(_member(seat) for seat in seats if seat is not None)
    unread = sum(seat is None for seat in seats)
    facts = GroupFacts(
        description=place.description,
        edit=settings.edit,
        add=settings.add,
        is_archived=settings.is_archived,
        read_at=taken_at,
    )
    hides = not unread and _may_hide(members, settings)
    coverage = Coverage.PARTIAL if unread or hides else Coverage.FULL
    group = Group(place.group_id, place.name, MESSENGER)
    warnings = (SHOWS_NOBODY,) if hides else ()
    return Roster(group, members, taken_at, coverage, warnings, facts), _malformed(place, unread)


def _may_hide(members: Collection[Member], settings: Settings) -> bool:
    shown = members
    if settings.is_membership_hidden:
        shown = [one for one in members if one.role is Role.MEMBER]
    return not shown and settings.is_membership_hidden is not False


def _member(seat: Seat) -> Member:
    return Member(
        handle=seat.user_id,
        display_name=seat.name,
        role=Role.ADMIN if seat.is_owner else Role.MEMBER,
        phone=seat.phone,
        native_id=seat.user_id,
        email=seat.email,
    )


def _malformed(place: Place, unread: int) -> list[Malformed]:
    named = cut(one_line(place.group_id), _ID_MAX)
    said = f"Graph shows no account of a member of {named}."
    return [
        Malformed(said, record_id=f"{named} member {number}", remedy=_AGAIN)
        for number in range(1, unread + 1)
    ]


def _said(row: Mapping[str, Any]) -> str | None:
    """Return a description; "" for null, None where the answer has none."""
    found = row.get("description", 0)
    return found if isinstance(found, str) else "" if found is None else None


def _id(row: Any, what: str) -> str:
    found = _text(row, "id")
    if not found:
        raise Incomplete(f"Graph listed a {what} without an id.", remedy=_AGAIN)
    return found


def _text(found: Any, key: str) -> str:
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""
