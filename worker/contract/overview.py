"""The situation in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from worker.contract.shape import Instant, Shape
from worker.domain.tickets.ticket import LIVE, TicketKind, TicketState
from worker.ports.state.overview import Exposure, Part, PartCount
from worker.ports.state.tickets import TicketSort


class ExposedPartShape(Shape):
    """People, and their memberships."""

    people: int
    memberships: int

    @classmethod
    def of(cls, count: PartCount) -> ExposedPartShape:
        return cls(people=count.people, memberships=count.memberships)


class ExposedShape(Shape):
    """People who are out and still in groups, and their memberships: each is in one part, people may be in several.

    `asked`: a live ticket asks for it; `waiting`: for a decision about a held plan; `nobody`: nobody is asked.
    """

    people: int
    memberships: int
    asked: ExposedPartShape
    waiting: ExposedPartShape
    nobody: ExposedPartShape

    @classmethod
    def of(cls, exposure: Exposure) -> ExposedShape:
        return cls(
            people=exposure.people,
            memberships=exposure.memberships,
            asked=ExposedPartShape.of(exposure.parts[Part.ASKED]),
            waiting=ExposedPartShape.of(exposure.parts[Part.WAITING]),
            nobody=ExposedPartShape.of(exposure.parts[Part.NOBODY]),
        )


class TicketCountShape(Shape):
    """How many tickets there are of one state and kind."""

    state: TicketState
    kind: TicketKind
    count: int


class OverviewShape(Shape):
    """The situation in numbers. `held` counts plans in which something waits for a decision."""

    at: Instant
    exposed: ExposedShape
    overdue: int
    disputed: int
    held: int
    live: list[TicketCountShape]

    @classmethod
    def of(
        cls,
        exposure: Exposure,
        counts: Mapping[TicketSort, int],
        *,
        overdue: int,
        disputed: int,
        held: int,
        at: datetime,
    ) -> OverviewShape:
        """`counts` are the numbers of tickets, from `StoredTickets.counts`."""
        return cls(
            at=at,
            exposed=ExposedShape.of(exposure),
            overdue=overdue,
            disputed=disputed,
            held=held,
            live=[
                TicketCountShape(state=state, kind=kind, count=counts.get(TicketSort(state, kind), 0))
                for state in sorted(LIVE)
                for kind in TicketKind
            ],
        )
