"""Removing a member of a room, and making one an admin, with the power that a room's own rules give.

    state -> nothing to do? nobody's to do? -> enter with power -> the act -> leave, if we came for it

That we came for an act is the reason of our own membership in the room, so who is killed meanwhile leaves with the
next act there.

Our account is a stranger in most rooms. Synapse lets an administrator of the server take the power that somebody of
the server has in a room, and no more: nobody can remove who has as much as oneself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from math import inf

from connectors.inventory.matrix.client import SynapseClient
from connectors.inventory.matrix.mapping import PRESENT, VISIT, Room, events_of, room_of, server_of
from connectors.inventory.matrix.powers import ADMIN, Powers
from connectors.kit.rest import Refusal
from connectors.kit.text import cut, one_line
from worker.domain.model import Role
from worker.ports import ConnectorError, Rejected
from worker.ports.connectors.remover import ActOutcome, Confirm, Effect

SAID_MAX = 200
LEAVE_TRIES = 3  # a proxy that is started anew costs one
_OUTRANKED_BY_NOBODY = "nobody in this room has more power than this member, who can only leave by themselves"
_NO_RULES = "the room's power levels can't be understood"


def remove(
    client: SynapseClient, own: str, room_id: str, user_id: str, now: datetime, confirm: Confirm
) -> ActOutcome:
    """Kick a user; an invitation, or a request to be let in, ends as well. Raises ConnectorError, but not Rejected."""
    room = _room(client, room_id, now)
    if room is None or _membership(room, user_id) not in PRESENT:
        _leave_if_visitor(client, room, own)
        return ActOutcome(Effect.NOT_NEEDED, "not in the room")
    if room.powers is None:
        return ActOutcome(Effect.REFUSED, _NO_RULES)
    if room.powers.of(user_id) >= _reach(room, room.powers, own):
        return ActOutcome(Effect.REFUSED, _OUTRANKED_BY_NOBODY)
    try:
        with _inside(client, room, room.powers, own, max(room.powers.kick, room.powers.of(user_id) + 1)):
            client.kick(room_id, user_id, confirm)
    except Rejected as error:
        return _refused(client, room_id, user_id, error, now)
    return ActOutcome(Effect.DONE)


def make_admin(
    client: SynapseClient, own: str, room_id: str, user_id: str, now: datetime, confirm: Confirm
) -> ActOutcome:
    """Raise a member's level. The other levels are as they were read right before. Raises as `remove`."""
    room = _room(client, room_id, now)
    if room is None or _membership(room, user_id) != "join":
        return ActOutcome(Effect.REFUSED, "not in the room")
    if room.powers is None or room.levels is None:
        return ActOutcome(Effect.REFUSED, _NO_RULES)
    if room.powers.roles([user_id], own)[user_id] is not Role.MEMBER:
        _leave_if_visitor(client, room, own)
        return ActOutcome(Effect.NOT_NEEDED, "an admin already")
    level = max(ADMIN, room.powers.ruling)
    try:
        with _inside(client, room, room.powers, own, level):
            entered = _room(client, room_id, now) or room  # entering changed them
            levels = entered.levels or room.levels
            users = {**levels.get("users", {}), user_id: level}
            client.set_levels(room_id, {**levels, "users": users}, confirm)
    except Rejected as error:
        return ActOutcome(Effect.REFUSED, _said(error))
    return ActOutcome(Effect.DONE)


def _room(client: SynapseClient, room_id: str, now: datetime) -> Room | None:
    answer = client.state(room_id)
    return None if answer is None else room_of(room_id, events_of(answer), now)


def _membership(room: Room, user_id: str) -> str:
    return room.memberships.get(user_id, "leave")


def _reach(room: Room, powers: Powers, own: str) -> float:
    """Return the most power that our account can have: its own, or what somebody of its server can give it."""
    givers = [
        powers.of(user_id)
        for user_id, membership in room.memberships.items()
        if membership == "join" and server_of(user_id) == server_of(own)
    ]
    given = max((ADMIN if power == inf else power for power in givers), default=0)
    return max(given, powers.of(own) if _membership(room, own) == "join" else 0)


@contextmanager
def _inside(client: SynapseClient, room: Room, powers: Powers, own: str, need: float) -> Iterator[None]:
    """Be in the room with this much power; leave again if we are in it for an act alone."""
    is_inside = _membership(room, own) == "join"
    if not is_inside or powers.of(own) < need:
        client.make_room_admin(room.room_id, own)
    if not is_inside:
        client.join(room.room_id, VISIT)
    try:
        yield
    finally:
        if not is_inside or own in room.visitors:
            _leave(client, room.room_id)


def _leave_if_visitor(client: SynapseClient, room: Room | None, own: str) -> None:
    """Leave a room in which we were killed in the middle of an act."""
    if room is not None and own in room.visitors:
        _leave(client, room.room_id)


def _leave(client: SynapseClient, room_id: str) -> None:
    """Leave a room. A failure is no error, since the act's own outcome counts: the next act there leaves it."""
    for _ in range(LEAVE_TRIES):
        with suppress(ConnectorError):
            client.leave(room_id)
            return


def _refused(client: SynapseClient, room_id: str, user_id: str, error: Rejected, now: datetime) -> ActOutcome:
    """Tell a member who can't be removed from one who left meanwhile."""
    room = _room(client, room_id, now)
    if room is None or _membership(room, user_id) not in PRESENT:
        return ActOutcome(Effect.NOT_NEEDED, "not in the room")
    return ActOutcome(Effect.REFUSED, _said(error))


def _said(error: Rejected) -> str:
    body = Refusal.behind(error).body
    said = body.get("error") if isinstance(body, dict) else ""
    return cut(one_line(said if isinstance(said, str) and said else error.message), SAID_MAX)
