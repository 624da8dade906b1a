"""What happened: the journal as a feed, searched, and as an evidence pack."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, BinaryIO
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from worker.app.evidence.scope import Selection
from worker.app.refused import Refused
from worker.contract.events import EntriesShape, FeedShape
from worker.desk.api.callers import AuditRead, AuditWrite, Caller, EventsRead
from worker.desk.api.errors import not_found
from worker.desk.api.requests import AuditQuery, AuditSearch, Export, FeedQuery
from worker.desk.downloads import download
from worker.domain.evidence.pack import Sought
from worker.ports.state.groups import GroupRow
from worker.ports.state.overview import JournalFilter

ZIP = "application/zip"

router = APIRouter()


@router.get("/events", tags=["events"])
def events(query: Annotated[FeedQuery, Query()], caller: EventsRead) -> FeedShape:
    """What happened after an event, oldest first. Ask again with `next`, which is there also when nothing is new."""
    with caller.services.store.reading() as uow:
        found = uow.journal.page(query.after, query.limit)
        following = found[-1].seq if found else min(query.after, uow.journal.head().seq)
    return FeedShape.of(found, following)


@router.get("/audit", tags=["audit"])
def audit(query: Annotated[AuditQuery, Query()], caller: AuditRead) -> EntriesShape:
    """List what happened, newest first."""
    return _entries(query, caller, "", "")


@router.post("/audit/search", tags=["audit"])
def search(caller: AuditRead, wanted: AuditSearch | None = None) -> EntriesShape:
    """As GET does, by who did it and what it is about, too: neither is in an address, which proxies keep."""
    wanted = wanted or AuditSearch()
    return _entries(wanted, caller, wanted.actor, wanted.subject)


def _entries(query: AuditQuery | AuditSearch, caller: Caller, actor: str, subject: str) -> EntriesShape:
    timezone = caller.services.place.timezone
    wanted = JournalFilter(
        actor,
        query.kind,
        subject,
        _midnight(query.from_on, timezone) if query.from_on else None,
        _midnight(query.to_on + timedelta(days=1), timezone) if query.to_on else None,
    )
    with caller.services.store.reading() as uow:
        found = uow.overview.journal(wanted, query.before, query.limit + 1)
    shown = found[: query.limit]
    following = shown[-1].seq if len(found) > len(shown) else None
    return EntriesShape.of(shown, following)


@router.post(
    "/audit/export",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The pack; `whosleft audit verify` checks it.",
            "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
    tags=["audit"],
)
def export(caller: AuditWrite, said: Export | None = None) -> StreamingResponse:
    """An evidence pack. That it was made is an event, too."""
    said = said or Export()
    sought = Sought(said.actor, said.kind, said.subject)
    selection = Selection(
        said.person.strip() or None, said.group.strip() or None, said.from_on, said.to_on, sought
    )

    def write(file: BinaryIO) -> None:
        caller.services.audit.export(selection, file, caller.named(said.by), caller.now)

    try:
        return download(write, f"whosleft-{caller.now:%Y%m%d-%H%M%S}.zip", ZIP)
    except Refused:
        _look(caller, selection)
        raise


def _look(caller: Caller, selection: Selection) -> None:
    """Raise Problem if the named person or group is unknown; for any other cause the refusal is enough."""
    if selection.kinds > 1:
        return
    with caller.services.store.reading() as uow:
        if selection.person and not uow.people.find(selection.person):
            raise not_found("Nobody is known by this.", "GET /api/v1/people lists them.")
        if selection.group and not _is_group(selection.group, uow.rosters.groups()):
            raise not_found("No group has this id or name.", "GET /api/v1/groups lists them.")


def _is_group(text: str, groups: Sequence[GroupRow]) -> bool:
    wanted = text.casefold()
    names = ({one.name, one.key.group_id, "/".join(one.key)} for one in groups)
    return any(wanted == name.casefold() for each in names for name in each)


def _midnight(day: date, timezone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)
