"""Held plans: the list, one plan with its approvals, and the decision. Two tokens are two people; two names are not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from worker.contract.plans import PlanShape, PlanShownShape
from worker.contract.shape import PageShape
from worker.desk.api.callers import Caller, PlansRead, PlansWrite, said_by
from worker.desk.api.cursors import page_of, place_after
from worker.desk.api.errors import not_found
from worker.desk.api.requests import Decision, Paged, PlanLabel
from worker.domain.reconcile.guard import HeldPlan, plan_number
from worker.ports.state.store import UnitOfWork

KIND = "plans"

router = APIRouter(tags=["plans"])


@router.get("/plans")
def plans(query: Annotated[Paged, Query()], caller: PlansRead) -> PageShape[PlanShape]:
    """List plans that are or were held, newest first."""
    place = place_after(caller.services, KIND, query.after)
    with caller.services.store.reading() as uow:
        every = sorted(uow.episodes.plans(), key=lambda plan: -plan.id)
    found = [plan for plan in every if place is None or plan.id < int(place[0])]
    shown, following = page_of(caller.services, KIND, found, query.limit, lambda plan: [str(plan.id)])
    return PageShape[PlanShape].of([PlanShape.of(plan) for plan in shown], len(every), following)


@router.get("/plans/{id}")
def plan(id: PlanLabel, caller: PlansRead) -> PlanShownShape:  # noqa: A002  the contract's name
    """One plan with its cohorts and people, and with what was said on it so far."""
    return _shown(caller, id)


@router.post("/plans/{id}/release")
def release(id: PlanLabel, said: Decision, caller: PlansWrite) -> PlanShownShape:  # noqa: A002  see above
    """Let a plan, or some of its cohorts, go on. Of a large plan the first word is kept until another token agrees."""
    return _decided(caller, id, said, is_release=True)


@router.post("/plans/{id}/reject")
def reject(id: PlanLabel, said: Decision, caller: PlansWrite) -> PlanShownShape:  # noqa: A002  see above
    """Drop a plan, or some of its cohorts: nothing is done about these people's leaving."""
    return _decided(caller, id, said, is_release=False)


def _decided(caller: Caller, label: str, said: Decision, *, is_release: bool) -> PlanShownShape:
    with caller.services.store.reading() as uow:
        number = _plan(uow, label).id
    caller.services.approvals.decide(
        number, said.cohorts, caller.alone, said_by(said.by, said.reason), caller.now, release=is_release
    )
    return _shown(caller, label)


def _shown(caller: Caller, label: str) -> PlanShownShape:
    with caller.services.store.reading() as uow:
        found = _plan(uow, label)
        approvals = uow.episodes.approvals(found.id)
    return PlanShownShape.of(found, approvals, needs_two=caller.services.approvals.needs_two(found))


def _plan(uow: UnitOfWork, label: str) -> HeldPlan:
    found = uow.episodes.plan(plan_number(label))
    if found is None:
        raise not_found(f"There is no plan {label}.", "GET /api/v1/plans lists them.")
    return found
