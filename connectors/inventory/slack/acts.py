"""Removing a member of a channel or of a user group.

The app has to be in a channel to remove somebody: it enters a public one for it, and leaves again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

from connectors.inventory.slack.client import SlackWeb, code_of
from connectors.inventory.slack.mapping import Listed, user_ids_of
from worker.ports import ConnectorError, Incomplete, NotDone, PermissionDenied, Rejected, Transient
from worker.ports.connectors.remover import ActOutcome, Confirm, Effect

LEAVE_TRIES = 3  # a proxy that is started anew costs one
_GONE = frozenset({"not_in_channel"})
_WHY = {
    "cant_kick_self": "the app can't remove itself",
    "cant_kick_from_general": "nobody can be removed from the channel that everybody is in",
    "is_archived": "the channel is archived",
    "restricted_action": "the workspace's settings forbid it to apps (restricted_action)",
    "user_not_found": "Slack does not know this account",
}
_OF_ONE = frozenset({"access_denied", "no_permission", "restricted_action"})  # others are allowed, perhaps
_NOT_THERE = ActOutcome(Effect.NOT_NEEDED, "not in it")


def refused(error: Rejected | PermissionDenied) -> ActOutcome:
    """Return what came of an act that Slack refuses for this channel or user group.

    Raises `error` where it is about the whole app: then no other act may succeed either.
    """
    code = code_of(error)
    if isinstance(error, PermissionDenied) and code not in _OF_ONE:
        raise error
    return ActOutcome(Effect.REFUSED, _WHY.get(code, code or error.message))


def remove_from_channel(
    web: SlackWeb, channel: Listed, user_id: str, members: Collection[str], confirm: Confirm
) -> ActOutcome:
    """Remove somebody of `members`, who was in the channel right before. Raises ConnectorError."""
    if user_id not in members:
        return _NOT_THERE
    for code, is_so in (("is_archived", channel.is_archived), ("cant_kick_from_general", channel.is_general)):
        if is_so:
            return ActOutcome(Effect.REFUSED, _WHY[code])
    try:
        with _inside(web, channel):
            web.kick(channel.group_id, user_id, confirm)
    except Rejected as error:
        if code_of(error) in _GONE:
            return _NOT_THERE
        raise
    return ActOutcome(Effect.DONE)


class _Settled(Exception):
    """There is nothing to write; `outcome` is what came of the act."""

    def __init__(self, outcome: ActOutcome) -> None:
        super().__init__(outcome.said)
        self.outcome = outcome


def remove_from_user_group(web: SlackWeb, group_id: str, user_id: str, confirm: Confirm) -> ActOutcome:
    """Write the list of a user group anew, without one. Raises as above.

    It is read when nothing but the writing is left: who joins while a request waits for its turn is not written out.
    """

    def without() -> list[str]:
        before = _who_is_in(web, group_id, confirm)
        if user_id not in before:
            raise _Settled(_NOT_THERE)
        after = [one for one in before if one != user_id]
        if not after:
            raise _Settled(
                ActOutcome(Effect.REFUSED, "Slack takes no user group without members; disable it")
            )
        return after

    try:
        web.set_group_users(group_id, without)
    except _Settled as settled:
        return settled.outcome
    return ActOutcome(Effect.DONE)


def _who_is_in(web: SlackWeb, group_id: str, confirm: Confirm) -> list[str]:
    """Return who is in a user group. Raises NotDone for any trouble that may pass: nothing was written yet."""
    try:
        answer = web.group_users(group_id, confirm)
        return [] if answer is None else user_ids_of(answer, "users")
    except NotDone:
        raise
    except (Transient, Incomplete) as error:
        wait_s = error.retry_after_s if isinstance(error, Transient) else None
        raise NotDone(error.message, remedy=error.remedy, retry_after_s=wait_s) from error


@contextmanager
def _inside(web: SlackWeb, channel: Listed) -> Iterator[None]:
    """Be in the channel; leave again if the app was not in it before."""
    if channel.is_member:
        yield
        return
    web.join(channel.group_id)
    try:
        yield
    finally:
        _leave(web, channel.group_id)


def _leave(web: SlackWeb, channel_id: str) -> None:
    """Leave a channel. A failure is no error: the act's own outcome counts, and people can take the app out."""
    for _ in range(LEAVE_TRIES):
        with suppress(ConnectorError):
            web.leave(channel_id)
            return
