"""Attestations: what people said when they were asked, and what lists of other systems say of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from worker.contract.attestations import AttestationShape
from worker.contract.shape import PageShape
from worker.desk.api.callers import AttestationsRead
from worker.desk.api.cursors import page_of, place_after
from worker.desk.api.requests import Paged

KIND = "attestations"

router = APIRouter(tags=["attestations"])


@router.get("/attestations")
def attestations(query: Annotated[Paged, Query()], caller: AttestationsRead) -> PageShape[AttestationShape]:
    """List what people said, the first first; `person` is null once they are erased.

    `people:read` includes the scope.
    """
    place = place_after(caller.services, KIND, query.after)
    with caller.services.store.reading() as uow:
        found = uow.attestations.page(int(place[0]) if place else 0, query.limit + 1)
        shown, following = page_of(caller.services, KIND, found, query.limit, lambda one: [str(one.id)])
        known = uow.people.facts([one.person for one in shown if one.person])
    return PageShape[AttestationShape].of(
        [AttestationShape.of(one, known) for one in shown], following=following
    )
