"""Groups: the list, and one with its roster."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from worker.app.reads.group import whole_group
from worker.app.reads.shapes import Shape, group_json, group_shown
from worker.desk.api import models
from worker.desk.api.callers import Caller, GroupsRead
from worker.desk.api.cursors import page_of, place_after
from worker.desk.api.errors import not_found
from worker.desk.api.requests import Identity, Nothing, Paged, Search, SourceName
from worker.domain.model import GroupKey

KIND = "groups"

router = APIRouter(tags=["groups"])


@router.get("/groups", response_model=models.Page[models.Group])
def groups(query: Annotated[Paged, Query()], caller: GroupsRead) -> Shape:
    """List groups with size, admins and the age of what is known, by name."""
    return _list(query, caller, "")


@router.post("/groups/search", response_model=models.Page[models.Group])
def search(caller: GroupsRead, wanted: Search | None = None) -> Shape:
    """List them as GET does, by a text, too: it is in no address, which proxies keep."""
    wanted = wanted or Search()
    return _list(wanted, caller, wanted.text)


def _list(query: Paged | Search, caller: Caller, text: str) -> Shape:
    place = place_after(caller.services, KIND, query.after)
    after = (place[0], GroupKey(place[1], place[2])) if place else None
    with caller.services.store.reading() as uow:
        found = uow.overview.groups(text, after, query.limit + 1)
    shown, following = page_of(caller.services, KIND, found, query.limit, lambda one: [one.name, *one.key])
    return {"items": [group_json(one) for one in shown], "total": None, "next": following}


@router.get("/groups/{source}/{id:path}", response_model=models.GroupShown)
def group(
    source: SourceName,
    id: Identity,  # noqa: A002  the contract's name
    query: Annotated[Nothing, Query()],
    caller: GroupsRead,
) -> Shape:
    """One group: its members, who they are, and its tickets."""
    del query
    with caller.services.store.reading() as uow:
        found = uow.rosters.group(GroupKey(source, id))
        if found is None:
            raise not_found(
                "No inventory has a group with this source and id.", "GET /api/v1/groups lists them."
            )
        return group_shown(whole_group(uow, found))
