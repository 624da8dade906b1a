"""People: the list, and one account with its person."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from worker.app.reads.person import history_of, whole_person
from worker.contract.people import PersonRefShape, PersonShape, PersonShownShape
from worker.contract.shape import PageShape
from worker.desk.api.callers import Caller, PeopleRead, PeopleWrite
from worker.desk.api.cursors import page_of, place_after
from worker.desk.api.errors import Code, Problem, not_found
from worker.desk.api.requests import Identity, Paged, Said, Search, SourceName
from worker.domain.model import Account, AccountKey
from worker.ports.state.store import UnitOfWork

KIND = "people"

router = APIRouter(tags=["people"])


@router.get("/people")
def people(query: Annotated[Paged, Query()], caller: PeopleRead) -> PageShape[PersonShape]:
    """List everybody whom the directories know, by name."""
    return _list(query, caller, "")


@router.post("/people/search")
def search(caller: PeopleRead, wanted: Search | None = None) -> PageShape[PersonShape]:
    """List them as GET does, by a text, too: it is in no address, which proxies keep."""
    wanted = wanted or Search()
    return _list(wanted, caller, wanted.text)


def _list(query: Paged | Search, caller: Caller, text: str) -> PageShape[PersonShape]:
    place = place_after(caller.services, KIND, query.after)
    after = (place[0], AccountKey(place[1], place[2])) if place else None
    with caller.services.store.reading() as uow:
        found = uow.overview.people(text, after, query.limit + 1)
    shown, following = page_of(
        caller.services, KIND, found, query.limit, lambda one: [one.facts.display_name, *one.key]
    )
    return PageShape[PersonShape].of([PersonShape.of(one) for one in shown], following=following)


# Before the next route: an id may have slashes, and the first route that fits the path decides the allowed methods
@router.post("/people/{source}/{id:path}/erase")
def erase(
    source: SourceName,
    id: Identity,  # noqa: A002  the contract's name
    caller: PeopleWrite,
    said: Said | None = None,
) -> PersonRefShape:
    """Forget the personal data of somebody who left and has no live ticket, under all accounts that have left.

    The journal stays as it is, with the ids and the reasons that were given, and so do copies in trackers.
    """
    said = said or Said()
    key, text = AccountKey(source, id), f"{source}/{id}"
    with caller.services.store.reading() as uow:
        _person(uow, key)
        is_only_one = [one.key for one in uow.people.find(text)] == [key]
    if not is_only_one:
        message = f"{text} is the id of one account and another word for a second one."
        raise Problem(409, Code.REFUSED, message, "Erase it on the command line: whosleft people erase ID")
    caller.services.desk.erase(text, caller.named(said.by), said.reason, caller.now)
    return PersonRefShape.of(key)


@router.get("/people/{source}/{id:path}")
def person(
    source: SourceName,
    id: Identity,  # noqa: A002  the contract's name
    caller: PeopleRead,
) -> PersonShownShape:
    """One account: evidence, and the accounts, groups, tickets and history of the human behind it."""
    with caller.services.store.reading() as uow:
        whole = whole_person(uow, _person(uow, AccountKey(source, id)))
        keeps = caller.services.keeps.of(uow, whole.keys)
        return PersonShownShape.of(whole, history_of(uow, whole), keeps)


def _person(uow: UnitOfWork, key: AccountKey) -> Account:
    found = uow.people.get(key)
    if found is None:
        raise not_found(
            "No directory has an account with this source and id.", "GET /api/v1/people lists them."
        )
    return found
