"""A draft -> a CloudEvent; a call's body -> what was told. Pure.

whosleft.ticket.opened      it has to be done
whosleft.ticket.changed     something of it is different, and it is still to be done
whosleft.ticket.closed      verified, cancelled or waived: nothing is to be done
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from connectors.kit.cloud_events import cloud_event, event_id
from connectors.kit.text import cut, one_line, visible
from worker.domain.mirror.outside import CopyStanding, Draft, Seen, TrackerSaid
from worker.domain.tickets.ticket import LIVE, TicketState

OPENED, CHANGED, CLOSED = (f"whosleft.ticket.{what}" for what in ("opened", "changed", "closed"))
SOURCE = "urn:whosleft"  # without a desk
BY_MAX, NOTE_MAX = 320, 2000
_LABEL = re.compile(r"T-[0-9]{6,18}")
_STATES = {"done": True, "open": False}
_STANDING = {
    TicketState.DONE: CopyStanding.DONE,
    TicketState.VERIFIED: CopyStanding.DONE,
    TicketState.CANCELLED: CopyStanding.DECLINED,
    TicketState.WAIVED: CopyStanding.DECLINED,
}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing to tell. `id` and `key` are the same whenever it is told again."""

    id: str
    key: str
    body: bytes


def state_of(draft: Draft) -> TicketState:
    """The ticket's state; open if its JSON says none."""
    try:
        return TicketState(str(draft.data.get("state", TicketState.OPEN)))
    except ValueError:
        return TicketState.OPEN


def event(draft: Draft, kind: str, now: datetime) -> Event:
    """Return what to tell of a ticket."""
    desk = urlsplit(draft.url)
    source = f"{desk.scheme}://{desk.netloc}" if draft.url else SOURCE
    id_ = event_id(draft.identity, kind, str(draft.version))
    data = draft.data or {"id": draft.label, "title": draft.title, "state": TicketState.OPEN}
    return Event(
        id_, f"{draft.label}/{draft.version}", cloud_event(id_, source, kind, draft.label, now, data)
    )


def change_of(draft: Draft) -> str:
    """What happened to a ticket that was told before."""
    return CHANGED if state_of(draft) in LIVE else CLOSED


def seen(draft: Draft) -> Seen:
    """The copy, as it was told last: nothing is read from there."""
    state = state_of(draft)
    return Seen(
        ref=draft.label,
        key=draft.label,
        url=draft.url,
        identity=draft.identity,
        status=state,
        standing=_STANDING.get(state, CopyStanding.OPEN),
        revision=str(draft.version),
    )


def told(call_id: str, signed_at: datetime, body: Mapping[str, Any]) -> TrackerSaid:
    """Read a call's body. Raises ValueError, KeyError, TypeError or AttributeError for one that is not as agreed.

    It counts from when it was said there, if it says so: a call that is sent again is signed later than newer ones.
    """
    label, state = body["ticket"], body["state"]
    by, note = body.get("by") or "", body.get("note") or ""
    if not _LABEL.fullmatch(label):
        raise ValueError("ticket is no label of a ticket, such as T-000123")
    is_done = _STATES[state]
    if not isinstance(by, str) or not isinstance(note, str):
        raise TypeError("by and note are texts")
    said_at = signed_at if body.get("at") is None else _instant(body["at"])
    at = min(said_at, signed_at)
    return TrackerSaid(
        call_id, label, is_done, cut(one_line(by), BY_MAX), cut(visible(note).strip(), NOTE_MAX), at
    )


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("at has no zone")
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("at is no instant of ours") from error
