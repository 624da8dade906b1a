"""Links: members who match nobody or several people, and the answers to these questions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from worker.contract.links import HandleLinkShape, RejectedShape
from worker.contract.shape import PageShape
from worker.desk.api.callers import Caller, PeopleRead, PeopleWrite
from worker.desk.api.cursors import page_of, place_after
from worker.desk.api.errors import Problem, not_found
from worker.desk.api.requests import Confirm, LinksQuery, Reject
from worker.domain.model import HandleKey
from worker.ports.state.store import UnitOfWork

KIND = "links"

router = APIRouter(tags=["links"])


@router.get("/links")
def links(query: Annotated[LinksQuery, Query()], caller: PeopleRead) -> PageShape[HandleLinkShape]:
    """List who is behind which handle, by handle; open questions unless told otherwise."""
    place = place_after(caller.services, KIND, query.after)
    after = HandleKey(place[0], place[1]) if place else None
    with caller.services.store.reading() as uow:
        found = uow.identities.page(query.state, after, query.limit + 1)
    shown, following = page_of(caller.services, KIND, found, query.limit, lambda one: one.key)
    return PageShape[HandleLinkShape].of([HandleLinkShape.of(*one) for one in shown], following=following)


@router.post("/links/confirm")
def confirm(said: Confirm, caller: PeopleWrite) -> HandleLinkShape:
    """Say who a member is; never asked again until the number changes."""
    with caller.services.store.reading() as uow:
        _look(uow, said.link)
        if not uow.people.find(said.person):
            message = "Nobody in the directory has this id, e-mail address or employee id."
            raise not_found(message, "GET /api/v1/people lists them.")
    key, _ = caller.services.identifying.confirm(
        said.link, said.person, caller.named(said.by), caller.now, said.reason
    )
    return _as_it_is(caller, key)


@router.post("/links/reject")
def reject(said: Reject, caller: PeopleWrite) -> RejectedShape:
    """Take back a link, so that it is asked again; of an open question: it is nobody of the directory."""
    with caller.services.store.reading() as uow:
        _look(uow, said.link)
    key, person = caller.services.identifying.reject(
        said.link, caller.named(said.by), said.reason, caller.now, said.person or ""
    )
    return RejectedShape.of(key, person)


def _look(uow: UnitOfWork, text: str) -> None:
    if not any(uow.identities.get(key) for key in uow.identities.find(text)):
        raise _missing()


def _as_it_is(caller: Caller, key: HandleKey) -> HandleLinkShape:
    with caller.services.store.reading() as uow:
        link = uow.identities.get(key)
    if link is None:
        raise _missing()
    return HandleLinkShape.of(key, link)


def _missing() -> Problem:
    return not_found("There is no such link.", "GET /api/v1/links lists those that are questions.")
