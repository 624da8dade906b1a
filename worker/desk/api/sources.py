"""Sources and jobs: how fresh each one's word is, as it was at its last read. Nothing is read for an answer.

A read can be asked for; the worker does it.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from worker.app.acts.sources import ask_for_read
from worker.contract.shape import PageShape
from worker.contract.sources import JobShape, SourceDayShape, SourceReadShape, SourceShape
from worker.desk.api.callers import Caller, SourcesRead, SourcesWrite
from worker.desk.api.errors import not_found
from worker.desk.api.requests import DaysQuery, SourceName
from worker.desk.services import sources_of

router = APIRouter(tags=["sources"])


@router.get("/sources")
def sources(caller: SourcesRead) -> PageShape[SourceShape]:
    """Every directory and inventory, in the configuration's order."""
    with caller.services.store.reading() as uow:
        found = sources_of(caller.services, uow, caller.now)
    return PageShape[SourceShape].of([SourceShape.of(one) for one in found], len(found))


@router.get("/sources/{name}/days")
def days(
    name: SourceName, query: Annotated[DaysQuery, Query()], caller: SourcesRead
) -> PageShape[SourceDayShape]:
    """What one source's reads came to, day by day (UTC), oldest first."""
    _require(caller, name)
    since = (caller.now - timedelta(days=query.days)).astimezone(UTC).date()
    with caller.services.store.reading() as uow:
        found = uow.overview.source_days(name, since)
    return PageShape[SourceDayShape].of([SourceDayShape.of(one) for one in found], len(found))


@router.post("/sources/{name}/read", status_code=202)
def read(name: SourceName, caller: SourcesWrite) -> SourceReadShape:
    """Make the next read of a source due now. The worker begins it within some seconds; repeated calls are one read."""
    _require(caller, name)
    asked_at = ask_for_read(caller.services.store, name, caller.named(""), caller.now)
    return SourceReadShape(source=name, asked_at=asked_at, due_at=asked_at)


@router.get("/jobs")
def jobs(caller: SourcesRead) -> PageShape[JobShape]:
    """What each job did last, by name."""
    with caller.services.store.reading() as uow:
        found = uow.jobs.all()
    return PageShape[JobShape].of([JobShape.of(one) for one in found], len(found))


def _require(caller: Caller, name: str) -> None:
    if name not in {configured for configured, _, _ in caller.services.sources}:
        raise not_found("No source of this name is configured.", "GET /api/v1/sources lists them.")
