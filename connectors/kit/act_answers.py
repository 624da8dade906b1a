"""What a gateway to a linked phone answers to an act on one member."""

from __future__ import annotations

from typing import Any

from worker.ports import Transient
from worker.ports.connectors.remover import ActOutcome, Effect

OK, GONE, ALREADY, ERROR_MIN, ERROR_MAX = 200, 404, 409, 400, 499


def outcome(gateway: str, action: str, status: Any) -> ActOutcome:
    """Return what WhatsApp's status for one participant means: 200, 403, 404, 409, as a number or a text.

    404 is somebody who is not in the group. Raises Transient for what is none, and for 5xx: look at the group.
    """
    try:
        code = int(status)
    except (TypeError, ValueError, OverflowError):
        code = 0
    if code == OK:
        return ActOutcome(Effect.DONE)
    if code == ALREADY or (code == GONE and action == "remove"):
        return ActOutcome(Effect.NOT_NEEDED, f"WhatsApp answered {code}")
    if ERROR_MIN <= code <= ERROR_MAX:
        return ActOutcome(Effect.REFUSED, _REASONS.get(code, f"WhatsApp answered {code}"))
    raise Transient(
        f"{gateway}, asked to {action} a member, answered without a clear result.",
        remedy="It is not known whether it was done: the group is read before it is tried again.",
    )


_REASONS = {
    401: "WhatsApp answered 401: the linked phone may not do that",
    403: "WhatsApp answered 403: the linked phone is no admin of the group",
    404: "WhatsApp answered 404: they are not in the group",
    406: "WhatsApp answered 406: the creator of a group can't be changed by others",
}
