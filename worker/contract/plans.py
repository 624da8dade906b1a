"""Plans: those held for people to decide, and the preview of the next pass."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from worker.app.reads.ticket import ListedTicket
from worker.contract.people import NamedPersonShape
from worker.contract.shape import Instant, Shape
from worker.contract.tickets import TicketShape
from worker.domain.reconcile.guard import Approval, Cohort, HeldPlan, HoldState
from worker.domain.reconcile.plan import Action, ActionKind, Plan


class HeldSubjectShape(Shape):
    """A group for which a control wants a ticket."""

    source: str
    id: str
    name: str
    found: str
    wanted: str


class CohortShape(Shape):
    """The part of a held plan with one cause."""

    id: str
    cause: str
    count: int
    people: list[NamedPersonShape]
    subjects: list[HeldSubjectShape]
    state: HoldState

    @classmethod
    def of(cls, cohort: Cohort) -> CohortShape:
        return cls(
            id=cohort.id,
            cause=cohort.cause,
            count=cohort.size,
            people=[NamedPersonShape.of(one.person, one.name) for one in cohort.people],
            subjects=[
                HeldSubjectShape(
                    source=one.source, id=one.subject, name=one.name, found=one.found, wanted=one.wanted
                )
                for one in cohort.subjects
            ],
            state=cohort.state,
        )


class _PlanFields(Shape):
    id: str
    state: HoldState
    created_at: Instant
    source: str
    why: str
    cohorts: list[CohortShape]


class PlanShape(_PlanFields):
    """A plan that awaits, or awaited, a person."""

    @classmethod
    def of(cls, held: HeldPlan) -> PlanShape:
        return cls(
            id=held.label,
            state=held.state,
            created_at=held.created_at,
            source=held.source,
            why=held.why,
            cohorts=[CohortShape.of(cohort) for cohort in held.cohorts],
        )


class ApprovalShape(Shape):
    """One person's word on one cohort of a plan that needs two."""

    cohort: str
    by: str
    at: Instant
    reason: str
    verdict: HoldState

    @classmethod
    def of(cls, one: Approval) -> ApprovalShape:
        return cls(cohort=one.cohort, by=one.by, at=one.at, reason=one.reason, verdict=one.verdict)


class PlanShownShape(_PlanFields):
    """A plan with what was said on it so far."""

    needs_two: bool
    approvals: list[ApprovalShape]

    @classmethod
    def of(cls, held: HeldPlan, approvals: Iterable[Approval], *, needs_two: bool) -> PlanShownShape:
        return cls(
            **dict(PlanShape.of(held)),
            needs_two=needs_two,
            approvals=[ApprovalShape.of(one) for one in approvals],
        )


class ActionShape(Shape):
    """What would be done to a ticket, which is as it would be afterwards. `rule`: what lets a machine do it.

    A ticket that would be opened has the number that it got in the copy, by which `blocked_by` of others names it. The
    next pass may give it another.
    """

    action: ActionKind
    ticket: TicketShape
    why: str
    rule: str | None

    @classmethod
    def of(cls, action: Action) -> ActionShape:
        rule = action.why if action.kind is ActionKind.REMEDIATE else None
        return cls(
            action=action.kind,
            ticket=TicketShape.of(ListedTicket(action.ticket), {}),
            why=action.why,
            rule=rule,
        )


class PreviewShape(Shape):
    """What the next pass would do and hold; what is only remembered is left out."""

    now: Instant
    actions: list[ActionShape]
    held: list[PlanShape]
    warnings: list[str]

    @classmethod
    def of(cls, plan: Plan, now: datetime) -> PreviewShape:
        return cls(
            now=now,
            actions=[ActionShape.of(one) for one in plan.actions if one.kind is not ActionKind.WEIGH],
            held=[PlanShape.of(held) for held in plan.held],
            warnings=list(plan.warnings),
        )
