"""What is told, and what is not: silences, and messages on their way."""

from __future__ import annotations

from pydantic import Field

from worker.contract.shape import Instant, Shape
from worker.domain.escalation.silences import Silence
from worker.domain.tickets.ticket import TicketKind
from worker.ports.state.deliveries import Post, PostState


class SilenceShape(Shape):
    """A silence. `fired`: the tickets that somebody would have been told about."""

    id: str
    groups: list[str]
    people: list[str]
    sources: list[str]
    kinds: list[TicketKind]
    from_at: Instant = Field(serialization_alias="from")
    until: Instant
    ended_at: Instant | None
    by: str
    reason: str
    fired: int

    @classmethod
    def of(cls, one: Silence) -> SilenceShape:
        return cls(
            id=one.id, groups=list(one.groups), people=list(one.people), sources=list(one.sources),
            kinds=list(one.kinds), from_at=one.from_at, until=one.until_at, ended_at=one.ended_at, by=one.by,
            reason=one.reason, fired=one.fired,
        )  # fmt: skip


class DeliveryShape(Shape):
    """A message on its way, or one that was. `over` is null while no notifier is chosen."""

    id: str
    to: str
    over: str | None
    state: PostState
    held_until: Instant | None
    held_by: str
    attempts: int
    error: str
    tickets: list[str]
    created_at: Instant

    @classmethod
    def of(cls, post: Post) -> DeliveryShape:
        return cls(
            id=post.id, to=post.to.address or post.to.kind.value, over=post.over or None, state=post.state,
            held_until=post.held_until, held_by=post.held_by, attempts=post.attempts, error=post.error,
            tickets=list(post.tickets), created_at=post.created_at,
        )  # fmt: skip
