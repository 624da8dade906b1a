"""Who may do what in a room: power levels, and the creators whom room version 12 sets above them.

Pure. The rules are those of the Matrix specification: m.room.power_levels of the client-server API, and each room
version's authorization rules. Nobody can remove, demote or outrank somebody whose level equals their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from worker.domain.model import Allowed, Role

CREATORS_SINCE = 12  # the first room version whose creators have no level, but stand above all levels
SENDER_SINCE = 11  # the first whose creator is the sender of m.room.create
ADMIN = 100
CHANGE = "m.room.power_levels"
_PROFILE = ("m.room.name", "m.room.topic", "m.room.avatar")
_ACT, _STATE = 50, 50  # of kick and state_default, where the levels don't say


class Unreadable(ValueError):
    """Levels, or a version, that say nothing that we understand."""


@dataclass(frozen=True, slots=True)
class Powers:
    """The levels of a room."""

    users: Mapping[str, int] = field(default_factory=dict)
    default: int = 0
    kick: int = _ACT
    invite: int = 0
    events: Mapping[str, int] = field(default_factory=dict)
    events_default: int = 0
    state_default: int = _STATE
    creators: frozenset[str] = frozenset()

    def of(self, user_id: str) -> float:
        """Return a user's level; infinite for a creator."""
        return inf if user_id in self.creators else self.users.get(user_id, self.default)

    @property
    def ruling(self) -> int:
        """The level from which one may remove others and appoint admins."""
        return max(self.kick, self.events.get(CHANGE, self.state_default))

    def roles(self, joined: Collection[str], own: str) -> Mapping[str, Role]:
        """Return the role of each who is in the room.

        An admin is who may remove others and change the levels. Where nobody, our own account included, has more
        power than an admin, nobody can remove them: they are CREATOR, as they have to leave by themselves.
        """
        able = {*joined, own} - (self.creators - set(joined))  # Synapse lets no creator back in
        top = max(map(self.of, able), default=0)
        return {user_id: self._role(self.of(user_id), top) for user_id in joined}

    def _role(self, power: float, top: float) -> Role:
        if power < self.ruling:
            return Role.MEMBER
        return Role.CREATOR if power >= top else Role.ADMIN

    def edit(self) -> Allowed:
        """Return who may change name, topic or picture: members, if they may change one of them."""
        return self._who(min(self.events.get(name, self.state_default) for name in _PROFILE))

    def write(self, event_type: str) -> Allowed:
        """Return who may send an event such as a message."""
        return self._who(self.events.get(event_type, self.events_default))

    def add(self) -> Allowed:
        """Return who may invite."""
        return self._who(self.invite)

    def _who(self, level: int) -> Allowed:
        return Allowed.MEMBERS if self.default >= level else Allowed.ADMINS


def powers_of(
    version: str, creator: str, create: Mapping[str, Any], levels: Mapping[str, Any] | None
) -> Powers:
    """Read the levels of a room. `creator` sent its m.room.create. Raises Unreadable."""
    number = _number(version)
    if number < SENDER_SINCE:
        creator = str(create.get("creator", creator))
    creators: frozenset[str] = frozenset()
    if number >= CREATORS_SINCE:
        creators = frozenset({creator, *_texts(create.get("additional_creators", []))})
    if levels is None:
        # The creator has all power, and everybody may send any state
        users = {} if creators else {creator: ADMIN}
        return Powers(users=users, state_default=0, creators=creators)
    return Powers(
        users=_levels(levels.get("users", {})),
        default=_level(levels.get("users_default", 0)),
        kick=_level(levels.get("kick", _ACT)),
        invite=_level(levels.get("invite", 0)),
        events=_levels(levels.get("events", {})),
        events_default=_level(levels.get("events_default", 0)),
        state_default=_level(levels.get("state_default", _STATE)),
        creators=creators,
    )


def _number(version: str) -> int:
    if version.isascii() and version.isdecimal():
        return int(version)
    raise Unreadable(f"the room version {version!r} is none of the specification")


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return value
    raise Unreadable("additional_creators is no list of texts")


def _levels(value: Any) -> dict[str, int]:
    if not isinstance(value, dict):
        raise Unreadable("a table of levels is none")
    return {str(key): _level(level) for key, level in value.items()}


def _level(value: Any) -> int:
    """Read a level; rooms below version 10 may have it as text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Unreadable("a level is no number")
    try:
        return int(value)
    except ValueError:
        raise Unreadable("a level is no number") from None
