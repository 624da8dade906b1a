"""Controls: how many subjects pass, fail or can't be told, and what fails."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from worker.contract.shape import Counts, Instant, Shape
from worker.domain.controls import CATALOGUE
from worker.domain.controls.control import CheckValue
from worker.domain.controls.standards import Confidence, Support, supported_by
from worker.domain.controls.switch import Mode
from worker.domain.kinds.controlled import ticket_for
from worker.domain.tickets.ticket import Ticket
from worker.ports.state.controls import ControlFailure, ControlReport


class SupportShape(Shape):
    """A clause of a standard that a control supports."""

    framework: str
    clause: str
    confidence: Confidence

    @classmethod
    def of(cls, one: Support) -> SupportShape:
        return cls(framework=one.framework, clause=one.clause, confidence=one.confidence)


class ControlTicketsShape(Shape):
    """A control's live tickets."""

    live: int
    overdue: int


class ControlShape(Shape):
    """One control. `mode` is null if it is off; `grades` are of what passes; `seed`: the guidance's sentences."""

    id: str
    seed: list[str]
    mode: Mode | None
    subjects: int
    passed: int = Field(serialization_alias="pass")
    fail: int
    unknown: int
    waived: int
    declined: int
    tickets: ControlTicketsShape
    grades: Counts
    unknown_why: Counts
    oldest_evidence_at: Instant | None
    cannot_prove: str
    supports: list[SupportShape]


class ControlsShape(Shape):
    """All controls at one instant."""

    at: Instant | None
    controls: list[ControlShape]


class ControlFailureShape(Shape):
    """A group that fails a control, or whose failure is waived. `ticket`: the live or waived one about it."""

    control: str
    source: str
    id: str
    name: str
    value: CheckValue
    found: str
    wanted: str
    department: str
    sensitive: bool
    since: Instant | None
    ticket: str | None

    @classmethod
    def of(cls, one: ControlFailure, tickets: Sequence[Ticket]) -> ControlFailureShape:
        """`tickets`: those of controls in its group."""
        ticket = ticket_for(one.control, tickets)
        return cls(
            control=one.control,
            source=one.source,
            id=one.subject,
            name=one.name,
            value=one.value,
            found=one.found,
            wanted=one.wanted,
            department=one.department,
            sensitive=one.is_sensitive,
            since=one.since_at,
            ticket=ticket.label if ticket else None,
        )


def control_shape(report: ControlReport, framework: str | None = None) -> ControlShape:
    counts, control = report.counts, CATALOGUE[report.control]
    return ControlShape(
        id=control.id,
        seed=list(control.articles),
        mode=report.mode,
        subjects=counts.subjects,
        passed=counts.passed,
        fail=counts.failed,
        unknown=counts.unknown,
        waived=counts.waived,
        declined=counts.declined,
        tickets=ControlTicketsShape(live=report.tickets.live, overdue=report.tickets.overdue),
        grades={grade: counts.grades.get(grade, 0) for grade in "ABC"},
        unknown_why=dict(counts.unknown_why),
        oldest_evidence_at=counts.oldest_evidence_at,
        cannot_prove=control.cannot_prove,
        supports=[SupportShape.of(one) for one in supported_by(control.id, framework)],
    )


def controls_shape(
    reports: Sequence[ControlReport], at: datetime | None, framework: str | None = None
) -> ControlsShape:
    """`framework`: only the clauses of that one."""
    return ControlsShape(at=at, controls=[control_shape(one, framework) for one in reports])
