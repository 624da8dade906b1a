"""What Synapse says of a room and of a user -> what the ports want. Pure.

    state events -> Room (name, levels, facts, who is in it) -> Roster, with what could not be understood

What a room does not have is "none", since its whole state was read: an empty topic, no picture.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.inventory.matrix.powers import Powers, Unreadable, powers_of
from connectors.kit.calls import instant
from connectors.kit.text import cut, one_line
from worker.domain.identity.phones import to_e164
from worker.domain.model import Coverage, Group, GroupFacts, Member, Role, Roster
from worker.domain.text.mail_domains import foldable
from worker.ports import Incomplete, Malformed

MESSENGER = "matrix"
PRESENT = frozenset({"join", "invite", "knock"})  # a kick ends each of these memberships
VISIT = "Whosleft: for one act, then it leaves"  # why our account enters; people read it in the room
DIRECT_MAX = 2  # a room of two without a name is a direct chat
NOT_THERE = "Synapse lists this room, and says that there is none when it is asked for"
_WAITS = {"invite": True, "knock": True, "public": False, "restricted": False, "knock_restricted": False}
_MXC = re.compile(r"mxc://(?P<server>[\w.:\[\]-]{1,255})/(?P<media>[\w~=-]{1,255})", re.ASCII)
_ID_MAX = 255
_AGAIN = "Nothing is changed by it; it is read again. If it stays, look at the server's log."


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of the list of rooms. `joined` comes from statistics, and may be a moment behind."""

    room_id: str
    name: str
    joined: int

    @property
    def is_direct(self) -> bool:
        """Whether it is a chat of two, or a room that everybody left."""
        return not self.name and self.joined <= DIRECT_MAX


@dataclass(frozen=True, slots=True)
class Person:
    """A user of this server. `problem` says what could not be understood."""

    name: str = ""
    phone: str | None = None
    email: str | None = None
    problem: str = ""


NOBODY_WE_KNOW = Person()


@dataclass(frozen=True, slots=True)
class Room:
    """A room's state. `memberships` are join, invite, knock, leave or ban; `names` as the room shows them.

    `visitors` are in it, and gave VISIT for the reason.
    `powers` is None where it can't be understood, and `levels` are then not to be touched.
    """

    room_id: str
    name: str
    facts: GroupFacts
    powers: Powers | None
    levels: Mapping[str, Any] | None
    memberships: Mapping[str, str]
    names: Mapping[str, str]
    visitors: frozenset[str]
    problems: tuple[Malformed, ...]
    read_at: datetime


def listed(page: Any) -> tuple[list[Listed], int]:
    """Read a page of the list of rooms: its rows, and how many rooms there are. Raises Incomplete."""
    rows, total = _at(page, "rooms", list), _at(page, "total_rooms", int)
    return [_listed(row) for row in rows], total


def _listed(row: Any) -> Listed:
    room_id = _at(row, "room_id", str)
    name = row.get("name") or row.get("canonical_alias") or ""
    return Listed(room_id, name if isinstance(name, str) else "", _at(row, "joined_members", int))


def joined_of(answer: Any) -> tuple[str, ...]:
    """Read the ids of who is in a room. Raises Incomplete for fewer or more than the server counts."""
    members, total = _at(answer, "members", list), _at(answer, "total", int)
    found = {one for one in members if isinstance(one, str) and one.startswith("@")}
    if len(found) != total or len(found) != len(members):
        raise Incomplete(
            f"Synapse listed {len(found)} members of a room in {len(members)} rows, and counted {total}.",
            remedy=_AGAIN, expected=total, got=len(found),
        )  # fmt: skip
    return tuple(sorted(found))


def events_of(answer: Any) -> list[Any]:
    """Read the list of state events. Raises Incomplete."""
    events: list[Any] = _at(answer, "state", list)
    return events


def own_id(answer: Any) -> str:
    """Read whose the token is. Raises Incomplete."""
    user_id: str = _at(answer, "user_id", str)
    return user_id


def _at(answer: Any, key: str, kind: type) -> Any:
    value = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise Incomplete(f"Synapse answered without {key!r}, or with another shape of it.", remedy=_AGAIN)
    return value


def room_of(room_id: str, events: Iterable[Any], read_at: datetime) -> Room:
    """Read a room's state; what can't be understood of it is in `problems`."""
    state: dict[str, Any] = {}
    memberships: dict[str, str] = {}
    names: dict[str, str] = {}
    visitors: set[str] = set()
    problems: list[Malformed] = []
    for event in events:
        if not isinstance(event, dict) or not isinstance(event.get("content"), dict):
            problems.append(_malformed(room_id, "a state event has no content"))
        elif event.get("type") == "m.room.member":
            user_id, content = str(event.get("state_key")), event["content"]
            memberships[user_id] = str(content.get("membership"))
            names[user_id] = _text(content, "displayname")
            if content.get("membership") == "join" and content.get("reason") == VISIT:
                visitors.add(user_id)
        elif event.get("state_key") == "":
            state[str(event.get("type"))] = event
    powers = None
    try:
        powers = _powers(state)
    except Unreadable as error:
        problems.append(_malformed(room_id, str(error)))
    content = {kind: event["content"] for kind, event in state.items()}
    name = _text(content.get("m.room.name"), "name") or _text(content.get("m.room.canonical_alias"), "alias")
    facts = _facts(content, powers, read_at)
    levels = content.get("m.room.power_levels")
    return Room(
        room_id,
        name,
        facts,
        powers,
        levels,
        memberships,
        names,
        frozenset(visitors),
        tuple(problems),
        read_at,
    )


def _powers(state: Mapping[str, Any]) -> Powers:
    created = state.get("m.room.create")
    if created is None or not isinstance(created.get("sender"), str):
        raise Unreadable("its m.room.create is missing")
    content = created["content"]
    levels = state.get("m.room.power_levels", {}).get("content")
    return powers_of(str(content.get("room_version", "1")), created["sender"], content, levels)


def _facts(content: Mapping[str, Any], powers: Powers | None, read_at: datetime) -> GroupFacts:
    message = "m.room.encrypted" if "m.room.encryption" in content else "m.room.message"
    return GroupFacts(
        description=_text(content.get("m.room.topic"), "topic"),
        picture_sha256=None
        if _text(content.get("m.room.avatar"), "url")
        else "",  # what is in it costs a call
        approval=_WAITS.get(_text(content.get("m.room.join_rules"), "join_rule")),
        edit=powers.edit() if powers else None,
        write=powers.write(message) if powers else None,
        add=powers.add() if powers else None,
        is_archived="m.room.tombstone" in content,
        read_at=read_at,
    )


def picture_of(details: Any) -> tuple[str, str] | None:
    """Read the server and the media id of a room's picture; None without one. Raises Incomplete for another address."""
    avatar = details.get("avatar") if isinstance(details, dict) else None
    if avatar is None or avatar == "":
        return None
    match = _MXC.fullmatch(avatar) if isinstance(avatar, str) else None
    if match is None:
        raise Incomplete("Synapse has a room's picture at an address that is none.", remedy=_AGAIN)
    return match["server"], match["media"]


def event_at(answer: Any) -> datetime | None:
    """Read when an event was; None if the answer does not say."""
    at_ms = answer.get("origin_server_ts") if isinstance(answer, dict) else None
    return instant(at_ms) if isinstance(at_ms, int) and not isinstance(at_ms, bool) else None


def person_of(answer: Any, region: str) -> Person:
    """Read a user of this server. What their threepids say is proven by the server, or set by its administrators."""
    threepids = answer.get("threepids") if isinstance(answer, dict) else None
    if not isinstance(threepids, list) or not all(isinstance(one, dict) for one in threepids):
        return Person(problem="its threepids can't be read")
    found = [(_text(one, "medium"), _text(one, "address")) for one in threepids]
    numbers = (to_e164(f"+{text.lstrip('+')}", region) for medium, text in found if medium == "msisdn")
    return Person(
        name=_text(answer, "displayname"),
        phone=next((number for number in numbers if number), None),
        email=next((foldable(text) for medium, text in found if medium == "email" and foldable(text)), None),
    )


def roster_of(
    room: Room, joined: Collection[str], own: str, person: Callable[[str], Person | None]
) -> tuple[Roster, list[Malformed]]:
    """Join a room's state with who is in it; return it with what could not be understood.

    A person is None whom Synapse fails to show.
    """
    problems = list(room.problems)
    roles = room.powers.roles(joined, own) if room.powers else {}
    members = []
    warnings: list[str] = []
    for user_id in joined:
        known = person(user_id)
        if known is None:
            warnings.append(f"Synapse fails to show the account {user_id}")
            continue
        if known.problem:
            problems.append(_malformed(user_id, known.problem))
            continue
        members.append(Member(
            handle=user_id,
            display_name=room.names.get(user_id) or known.name,
            role=roles.get(user_id, Role.UNKNOWN),
            phone=known.phone,
            native_id=user_id,
            email=known.email,
        ))  # fmt: skip
    group = Group(room.room_id, room.name or room.room_id, MESSENGER)
    coverage = _coverage(joined, own, is_whole=not (problems or warnings))
    return Roster(group, tuple(members), room.read_at, coverage, tuple(warnings), room.facts), problems


def unshown(row: Listed, read_at: datetime, why: str) -> Roster:
    """Make the roster of a room that the list has, and that is not shown: it proves nothing."""
    group = Group(row.room_id, row.name or row.room_id, MESSENGER)
    return Roster(group, (), read_at, Coverage.PARTIAL, (why,))


def not_there(room_id: str) -> Malformed:
    """Return the error for a room that the list has, and that is not there when it is asked for."""
    return _malformed(room_id, "it is listed, and is not there when it is asked for")


def _coverage(joined: Collection[str], own: str, *, is_whole: bool) -> Coverage:
    """Where nobody of this server is in a room, the server hears nothing of it any more."""
    if not is_whole:
        return Coverage.PARTIAL
    is_heard = not joined or any(server_of(user_id) == server_of(own) for user_id in joined)
    return Coverage.FULL if is_heard else Coverage.STALE


def server_of(user_id: str) -> str:
    """Return the name of the server that a user belongs to."""
    return user_id.partition(":")[2]


def _text(found: Any, key: str) -> str:
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""


def _malformed(record_id: str, what: str) -> Malformed:
    named = cut(one_line(record_id), _ID_MAX)
    return Malformed(
        f"Synapse's record of {named} can't be understood: {what}.", record_id=named, remedy=_AGAIN
    )
