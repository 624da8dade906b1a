"""An event of the journal on its way to a program: as the one paragraph of a message to a feed, and back.

Everything is an id, a state or an instant, unless the feed's configuration wants names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from worker.domain.messages.message import Message, Paragraph

_OWN = ("seq", "at", "source", "subject")


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """What happened, for a program that follows along.

    `seq` is its place in the journal, `kind` the journal's name of it (ticket.escalated), `at` aware UTC. `source` is
    the desk's address, `subject` the label or id of what it is about (T-000123, corp/a1b2), `link` the desk's page of
    it, empty if there is none. `data` has further texts by name.
    """

    seq: int
    kind: str
    at: datetime
    source: str
    subject: str
    link: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


def event_paragraph(event: FeedEvent) -> Paragraph:
    """The event as it waits in the outbox; `event_in` reads it back."""
    own = (str(event.seq), event.at.isoformat(), event.source, event.subject)
    facts = (*zip(_OWN, own, strict=True), *event.data.items())
    return Paragraph(event.kind, facts=facts, link=event.link or None)


def event_in(message: Message) -> FeedEvent | None:
    """The event that a message to a feed is about; None if it was erased, or if the message has none."""
    if not message.paragraphs:
        return None
    body = message.paragraphs[0]
    facts = dict(body.facts)
    if any(name not in facts for name in _OWN):
        return None
    seq, at, source, subject = (facts.pop(name) for name in _OWN)
    return FeedEvent(
        int(seq), body.headline, datetime.fromisoformat(at), source, subject, body.link or "", facts
    )
