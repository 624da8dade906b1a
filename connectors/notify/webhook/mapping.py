"""Message to a feed -> a CloudEvent (1.0, structured JSON). Pure.

What a receiver sees of an event is in the README; nothing else is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.kit.cloud_events import cloud_event, event_id
from connectors.kit.text import cut, one_line
from worker.domain.messages.event import FeedEvent, event_in
from worker.domain.messages.message import Message
from worker.ports import Rejected

TEXT_MAX = 500  # of one value: names come from strangers, and receivers take 64 KB at most


@dataclass(frozen=True, slots=True)
class Rendered:
    """`id` is the same whenever this event is sent; `body` are the bytes to sign and to send."""

    id: str
    body: bytes


def render(message: Message) -> Rendered:
    """Return the event of a message. Raises Rejected for a message that has none."""
    event = event_in(message)
    if event is None:
        raise Rejected(
            "A webhook is sent events; this message has none.", remedy="Use another notifier for messages."
        )
    id_ = _id(message.key, event)
    kind = f"net.whosleft.{event.kind}.v1"
    return Rendered(id_, cloud_event(id_, event.source, kind, event.subject, event.at, _data(event)))


def _id(key: str, event: FeedEvent) -> str:
    """No two events have the same, not even one of before a restored backup and one of after it."""
    return event_id(key, event.source, event.kind, event.subject, event.at.isoformat())


def _data(event: FeedEvent) -> dict[str, Any]:
    texts = {name: cut(one_line(text), TEXT_MAX) for name, text in event.data.items()}
    return {"seq": event.seq, **texts, **({"url": event.link} if event.link else {})}
