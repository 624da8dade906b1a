"""Message to a feed -> a CloudEvent (1.0, structured JSON). Pure.

What a receiver sees of an event is in the README; nothing else is in it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from connectors.kit.text import cut, one_line
from worker.domain.messages.event import FeedEvent, event_in
from worker.domain.messages.message import Message
from worker.ports import Rejected

CONTENT_TYPE = "application/cloudevents+json"
TEXT_MAX = 500  # of one value: names come from strangers, and receivers take 64 KB at most
ID_LENGTH = 32


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
    envelope = {
        "specversion": "1.0",
        "id": id_,
        "source": event.source,
        "type": f"net.whosleft.{event.kind}.v1",
        "subject": event.subject,
        "time": event.at.isoformat(),
        "datacontenttype": "application/json",
        "data": _data(event),
    }
    return Rendered(id_, json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode())


def _id(key: str, event: FeedEvent) -> str:
    """No two events have the same, not even one of before a restored backup and one of after it.

    The specification forbids full stops in it, which keys have.
    """
    text = f"{key}\n{event.source}\n{event.kind}\n{event.subject}\n{event.at.isoformat()}"
    return f"msg_{hashlib.sha256(text.encode()).hexdigest()[:ID_LENGTH]}"


def _data(event: FeedEvent) -> dict[str, Any]:
    texts = {name: cut(one_line(text), TEXT_MAX) for name, text in event.data.items()}
    return {"seq": event.seq, **texts, **({"url": event.link} if event.link else {})}
