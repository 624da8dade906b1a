"""What changed policies would do about the last weeks' tickets."""

from __future__ import annotations

from worker.app.reads.what_if import ReplayedStep, ReplayedTicket
from worker.contract.shape import Instant, Shape
from worker.contract.tickets import ToldOneShape
from worker.domain.escalation.replay import Change


class ReplayedStepShape(Shape):
    """A step that a policy takes in a replay, and whom it tells."""

    step: int
    repeat: int
    at: Instant
    to: list[ToldOneShape]

    @classmethod
    def of(cls, step: ReplayedStep) -> ReplayedStepShape:
        taken = step.taken
        return cls(
            step=taken.step, repeat=taken.repeat, at=taken.at, to=[ToldOneShape.of(one) for one in step.told]
        )


class ReplayedTicketShape(Shape):
    """What changed policies would do about a ticket: `was` is the replay by those that hold."""

    ticket: str
    was: list[ReplayedStepShape]
    would: list[ReplayedStepShape]
    change: Change

    @classmethod
    def of(cls, one: ReplayedTicket) -> ReplayedTicketShape:
        return cls(
            ticket=one.ticket.label,
            was=[ReplayedStepShape.of(step) for step in one.was],
            would=[ReplayedStepShape.of(step) for step in one.would],
            change=one.change,
        )
