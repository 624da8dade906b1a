"""Events of the journal, by their names in an evidence pack."""

from __future__ import annotations

from collections.abc import Sequence

from worker.contract.shape import Data, Instant, Shape
from worker.domain.evidence.journal import Sealed


class EventShape(Shape):
    """One entry of the journal; `seq` counts without gaps, `hash` seals the entry and all before it."""

    seq: int
    at: Instant
    actor: str
    kind: str
    subject: str
    reason: str
    data: Data
    hash: str

    @classmethod
    def of(cls, sealed: Sealed) -> EventShape:
        entry = sealed.entry
        return cls(
            seq=sealed.seq,
            at=entry.at,
            actor=entry.actor,
            kind=entry.event,
            subject=entry.subject,
            reason=entry.reason,
            data=dict(entry.data),
            hash=sealed.hash,
        )


class FeedShape(Shape):
    """Events, oldest first. `next` is where to go on, also when there was nothing new."""

    items: list[EventShape]
    total: int | None
    next: int

    @classmethod
    def of(cls, found: Sequence[Sealed], following: int) -> FeedShape:
        return cls(items=[EventShape.of(one) for one in found], total=None, next=following)


class EntriesShape(Shape):
    """Events, newest first. `next` is what `before` takes; null at the end."""

    items: list[EventShape]
    total: int | None
    next: int | None

    @classmethod
    def of(cls, found: Sequence[Sealed], following: int | None) -> EntriesShape:
        return cls(items=[EventShape.of(one) for one in found], total=None, next=following)
