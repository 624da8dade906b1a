"""Reports of bad messages. What somebody wrote in one is on the handler's page alone."""

from __future__ import annotations

from worker.contract.shape import Instant, Shape
from worker.domain.controls.reports import BadMessage, ReportOutcome, Tier
from worker.domain.tickets.ticket import ticket_label


class ReportedGroupShape(Shape):
    """The group in which a message was reported."""

    source: str
    id: str
    name: str


class BadMessageShape(Shape):
    """One report. `anonymous` is always true: nothing is kept of whoever reports."""

    id: str
    group: ReportedGroupShape
    tier: Tier
    about_admin: bool
    at: Instant
    anonymous: bool
    outcome: ReportOutcome | None
    ticket: str

    @classmethod
    def of(cls, one: BadMessage) -> BadMessageShape:
        return cls(
            id=one.label,
            group=ReportedGroupShape(source=one.group.source, id=one.group.group_id, name=one.group_name),
            tier=one.tier,
            about_admin=one.about_admin,
            at=one.at,
            anonymous=True,
            outcome=one.outcome,
            ticket=ticket_label(one.ticket),
        )
