"""Reports of bad messages: which came in, and what came of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from worker.contract.bad_messages import BadMessageShape
from worker.contract.shape import PageShape
from worker.desk.api.callers import ReportsRead
from worker.desk.api.cursors import page_of, place_after
from worker.desk.api.requests import Paged

router = APIRouter(tags=["reports"])

KIND = "reports"


@router.get("/reports")
def reports(query: Annotated[Paged, Query()], caller: ReportsRead) -> PageShape[BadMessageShape]:
    """Every report by number, without what was written in it."""
    place = place_after(caller.services, KIND, query.after)
    with caller.services.store.reading() as uow:
        found = uow.bad_messages.page(int(place[0]) if place else 0, query.limit + 1)
    shown, following = page_of(caller.services, KIND, found, query.limit, lambda one: [str(one.id)])
    return PageShape[BadMessageShape].of([BadMessageShape.of(one) for one in shown], following=following)
