"""Advisories: vulnerabilities of messengers, as feeds tell of them. Nothing is read for an answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from worker.contract.advisories import AdvisoryShape
from worker.contract.shape import PageShape
from worker.desk.api.callers import AdvisoriesRead, AdvisoriesWrite
from worker.desk.api.cursors import page_of, place_after
from worker.desk.api.errors import not_found
from worker.desk.api.requests import AdvisoryId, Paged, Reasoned

KIND = "advisories"

router = APIRouter(tags=["advisories"])


@router.get("/advisories")
def advisories(query: Annotated[Paged, Query()], caller: AdvisoriesRead) -> PageShape[AdvisoryShape]:
    """List vulnerabilities of messengers by id, closed ones, too."""
    place = place_after(caller.services, KIND, query.after)
    with caller.services.store.reading() as uow:
        every = uow.advisories.all()
    found = [one for key, one in every.items() if place is None or key > place]
    shown, following = page_of(caller.services, KIND, found, query.limit, lambda one: list(one.key))
    return PageShape[AdvisoryShape].of([AdvisoryShape.of(one) for one in shown], len(every), following)


@router.post("/advisories/{id}/dismiss")
def dismiss(id: AdvisoryId, said: Reasoned, caller: AdvisoriesWrite) -> PageShape[AdvisoryShape]:  # noqa: A002  the contract's name
    """Close a vulnerability for good, in every messenger that it is listed for; answers with what was closed."""
    with caller.services.store.reading() as uow:
        if not any(key.id == id for key in uow.advisories.all()):
            raise not_found(f"There is no advisory {id}.", "GET /api/v1/advisories lists them.")
    gone = caller.services.advisories.dismiss(id, caller.named(said.by), said.reason, caller.now)
    return PageShape[AdvisoryShape].of([AdvisoryShape.of(one) for one in gone], len(gone))
