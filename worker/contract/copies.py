"""Copies of tickets in trackers, as people and programs read them."""

from __future__ import annotations

from typing import Literal

from worker.contract.shape import Instant, Shape
from worker.domain.mirror.copy import Copy
from worker.domain.tickets.ticket import ticket_label


class CopyShape(Shape):
    """The ticket's copy in a tracker; `problem` is a sentence, null if nothing is wrong with it.

    `state`: wanted (it is not made yet), open, done (closed there as done, and still live here), closed (on both
    sides, or there alone without being done), gone.
    """

    tracker: str
    key: str | None
    url: str | None
    state: Literal["wanted", "open", "done", "closed", "gone"]
    synced_at: Instant | None
    problem: str | None

    @classmethod
    def of(cls, copy: Copy) -> CopyShape:
        return cls(
            tracker=copy.tracker,
            key=copy.key or None,
            url=copy.url or None,
            state=copy.shown,
            synced_at=copy.synced_at,
            problem=copy.problem or None,
        )


class ListedCopyShape(CopyShape):
    """A copy, with its ticket."""

    ticket: str

    @classmethod
    def of_listed(cls, copy: Copy) -> ListedCopyShape:
        return cls(**dict(CopyShape.of(copy)), ticket=ticket_label(copy.ticket))
