"""Controls: what each said of all groups when they were last checked, and what fails one of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from worker.contract.controls import ControlFailureShape, ControlsShape, controls_shape
from worker.contract.shape import PageShape
from worker.desk.api.callers import ControlsRead
from worker.desk.api.cursors import page_of, place_after
from worker.desk.api.errors import not_found
from worker.desk.api.requests import ControlId, Paged
from worker.domain.controls import CATALOGUE
from worker.domain.model import GroupKey
from worker.ports.state.controls import FailurePlace

router = APIRouter(tags=["controls"])


@router.get("/controls")
def controls(caller: ControlsRead) -> ControlsShape:
    """Every control as the last run of the job `controls` found it, at `at`; null: it did not run in six weeks."""
    with caller.services.store.reading() as uow:
        last = caller.services.controls.last_run(uow, caller.now)
    return controls_shape(last.reports, last.at)


@router.get("/controls/{id}/failures")
def failures(
    id: ControlId,  # noqa: A002  the contract's name
    query: Annotated[Paged, Query()],
    caller: ControlsRead,
) -> PageShape[ControlFailureShape]:
    """What fails a control, or is waived, sensitive groups first; each with its live or waived ticket."""
    if id not in CATALOGUE:
        raise not_found("There is no control with this id.", "GET /api/v1/controls lists them.")
    kind = f"failures of {id}"
    place = place_after(caller.services, kind, query.after)
    after = FailurePlace(place[0] == "1", place[1], place[2]) if place else None
    with caller.services.store.reading() as uow:
        found = uow.controls.failures(id, after, query.limit + 1)
        shown, following = page_of(
            caller.services,
            kind,
            found,
            query.limit,
            lambda one: [str(int(one.is_sensitive)), *one.place[1:]],
        )
        tickets = uow.group_states.tickets_of([GroupKey(one.source, one.subject) for one in shown])
    items = [ControlFailureShape.of(one, tickets.get(GroupKey(one.source, one.subject), ())) for one in shown]
    return PageShape[ControlFailureShape].of(items, following=following)
