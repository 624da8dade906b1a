"""Held plans: the list, one with what was said on it, and the decision. Two tokens are two people, two names one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from worker.app.reads.shapes import Shape, plan_shown
from worker.desk.api import models
from worker.desk.api.callers import Caller, PlansRead, PlansWrite, said_by
from worker.desk.api.cursors import page_of, place_after
from worker.desk.api.errors import not_found
from worker.desk.api.requests import Decision, Nothing, Paged, PlanLabel
from worker.domain.reconcile.guard import HeldPlan, plan_number
from worker.domain.reconcile.plan import held_json
from worker.ports.state.store import UnitOfWork

KIND = "plans"

router = APIRouter(tags=["plans"])


@router.get("/plans", response_model=models.Page[models.Plan])
def plans(query: Annotated[Paged, Query()], caller: PlansRead) -> Shape:
    """List plans that are or were held, newest first."""
    place = place_after(caller.services, KIND, query.after)
    with caller.services.store.reading() as uow:
        every = sorted(uow.episodes.plans(), key=lambda plan: -plan.id)
    found = [plan for plan in every if place is None or plan.id < int(place[0])]
    shown, following = page_of(caller.services, KIND, found, query.limit, lambda plan: [str(plan.id)])
    return {"items": [held_json(plan) for plan in shown], "total": len(every), "next": following}


@router.get("/plans/{id}", response_model=models.PlanShown)
def plan(id: PlanLabel, query: Annotated[Nothing, Query()], caller: PlansRead) -> Shape:  # noqa: A002  the contract's name
    """One plan with its cohorts and people, and with what was said on it so far."""
    del query
    return _shown(caller, id)


@router.post("/plans/{id}/release", response_model=models.PlanShown)
def release(id: PlanLabel, said: Decision, caller: PlansWrite) -> Shape:  # noqa: A002  see above
    """Let a plan, or some of its cohorts, go on. Of a large plan the first word is kept until another token agrees."""
    return _decided(caller, id, said, is_release=True)


@router.post("/plans/{id}/reject", response_model=models.PlanShown)
def reject(id: PlanLabel, said: Decision, caller: PlansWrite) -> Shape:  # noqa: A002  see above
    """Drop a plan, or some of its cohorts: nothing is done about these people's leaving."""
    return _decided(caller, id, said, is_release=False)


def _decided(caller: Caller, label: str, said: Decision, *, is_release: bool) -> Shape:
    with caller.services.store.reading() as uow:
        number = _plan(uow, label).id
    caller.services.approvals.decide(
        number, said.cohorts, caller.alone, said_by(said.by, said.reason), caller.now, release=is_release
    )
    return _shown(caller, label)


def _shown(caller: Caller, label: str) -> Shape:
    with caller.services.store.reading() as uow:
        found = _plan(uow, label)
        return plan_shown(uow, found, needs_two=caller.services.approvals.needs_two(found))


def _plan(uow: UnitOfWork, label: str) -> HeldPlan:
    found = uow.episodes.plan(plan_number(label))
    if found is None:
        raise not_found(f"There is no plan {label}.", "GET /api/v1/plans lists them.")
    return found
