"""Removing somebody from a team, a channel or a chat, and making somebody an owner.

Who is in it was read right before. Graph keeps the last owner of a team.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from connectors.inventory.teams.client import TeamsClient
from connectors.inventory.teams.mapping import Place, Seat, is_chat
from connectors.kit.graph.client import Missing
from connectors.kit.text import cut, one_line
from worker.ports import Rejected
from worker.ports.connectors.remover import ActOutcome, Confirm, Effect

SAID_MAX = 200
_NOT_THERE = ActOutcome(Effect.NOT_NEEDED, "not in it")
_THROUGH_A_TEAM = ActOutcome(
    Effect.REFUSED, "in the channel through a team that it is shared with; remove them from that team"
)
_LAST_OWNER = "the last owner can't be removed; make somebody else an owner first"


def remove(
    client: TeamsClient, place: Place, seats: Collection[Seat], user_id: str, confirm: Confirm
) -> ActOutcome:
    """Remove an account. Raises ConnectorError, but not Rejected."""
    seat = next((one for one in seats if one.user_id == user_id), None)
    if seat is None:
        return _NOT_THERE
    if place.team_id and not seat.membership_id:
        return _THROUGH_A_TEAM
    is_last = seat.is_owner and not is_chat(place.group_id) and sum(one.is_owner for one in seats) == 1
    if is_last:
        return ActOutcome(Effect.REFUSED, _LAST_OWNER)
    confirm()
    try:
        _remove(client, place, seat)
    except Missing:
        return _NOT_THERE
    except Rejected as error:
        return _refused(error)
    return ActOutcome(Effect.DONE)


def _remove(client: TeamsClient, place: Place, seat: Seat) -> None:
    if is_chat(place.group_id):
        client.remove_from_chat(place.group_id, seat.membership_id)
    elif place.team_id:
        client.remove_from_channel(place.team_id, place.group_id, seat.membership_id)
    else:
        if seat.is_owner:
            with suppress(Missing):
                client.remove_from_team(place.group_id, "owners", seat.user_id)
            with suppress(Missing):  # an owner need not be a member
                client.remove_from_team(place.group_id, "members", seat.user_id)
            return
        client.remove_from_team(place.group_id, "members", seat.user_id)


def make_owner(
    client: TeamsClient, place: Place, seats: Collection[Seat], user_id: str, confirm: Confirm
) -> ActOutcome:
    """Make a member an owner. Raises ConnectorError, but not Rejected."""
    if is_chat(place.group_id):
        return ActOutcome(Effect.REFUSED, "a chat has no owner")
    seat = next((one for one in seats if one.user_id == user_id), None)
    if seat is None:
        return ActOutcome(Effect.REFUSED, "not in it")
    if seat.is_owner:
        return ActOutcome(Effect.NOT_NEEDED, "an owner already")
    if place.team_id and not seat.membership_id:
        return _THROUGH_A_TEAM
    confirm()
    try:
        if place.team_id:
            client.make_channel_owner(place.team_id, place.group_id, seat.membership_id)
        else:
            client.add_owner(place.group_id, user_id)
    except Rejected as error:
        return _refused(error)
    return ActOutcome(Effect.DONE)


def _refused(error: Rejected) -> ActOutcome:
    return ActOutcome(Effect.REFUSED, cut(one_line(error.message), SAID_MAX))
