"""Groups: the list, and one with its roster."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from worker.app.reads.group import listed_groups, whole_group
from worker.contract.groups import GroupShape, GroupShownShape
from worker.contract.shape import PageShape
from worker.desk.api.callers import Caller, GroupsRead
from worker.desk.api.cursors import page_of, place_after
from worker.desk.api.errors import not_found
from worker.desk.api.requests import Identity, Paged, Search, SourceName
from worker.domain.model import GroupKey

KIND = "groups"

router = APIRouter(tags=["groups"])


@router.get("/groups")
def groups(query: Annotated[Paged, Query()], caller: GroupsRead) -> PageShape[GroupShape]:
    """List groups with size, admins and the age of what is known, by name."""
    return _list(query, caller, "")


@router.post("/groups/search")
def search(caller: GroupsRead, wanted: Search | None = None) -> PageShape[GroupShape]:
    """List them as GET does, by a text, too: it is in no address, which proxies keep."""
    wanted = wanted or Search()
    return _list(wanted, caller, wanted.text)


def _list(query: Paged | Search, caller: Caller, text: str) -> PageShape[GroupShape]:
    place = place_after(caller.services, KIND, query.after)
    after = (place[0], GroupKey(place[1], place[2])) if place else None
    with caller.services.store.reading() as uow:
        found = uow.overview.groups(text, after, query.limit + 1)
        shown, following = page_of(
            caller.services, KIND, found, query.limit, lambda one: [one.name, *one.key]
        )
        listed = [GroupShape.of(one) for one in listed_groups(uow, shown, caller.services.witnesses)]
    return PageShape[GroupShape].of(listed, following=following)


@router.get("/groups/{source}/{id:path}")
def group(
    source: SourceName,
    id: Identity,  # noqa: A002  the contract's name
    caller: GroupsRead,
) -> GroupShownShape:
    """One group: its members, who they are, and its tickets."""
    with caller.services.store.reading() as uow:
        found = uow.rosters.group(GroupKey(source, id))
        if found is None:
            raise not_found(
                "No inventory has a group with this source and id.", "GET /api/v1/groups lists them."
            )
        whole = whole_group(uow, found, caller.services.witnesses)
    report_url = caller.services.reporting.url(found.key, caller.now)
    return GroupShownShape.of(whole, caller.services.witnesses, report_url)
