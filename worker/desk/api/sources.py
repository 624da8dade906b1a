"""Sources and jobs: the freshness of each source at its last read. No source is read for an answer."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from worker.contract.shape import PageShape
from worker.contract.sources import JobShape, SourceDayShape, SourceShape
from worker.desk.api.callers import SourcesRead
from worker.desk.api.errors import not_found
from worker.desk.api.requests import DaysQuery, Nothing, SourceName
from worker.desk.services import sources_of

router = APIRouter(tags=["sources"])


@router.get("/sources")
def sources(query: Annotated[Nothing, Query()], caller: SourcesRead) -> PageShape[SourceShape]:
    """Every directory and inventory, in the configuration's order."""
    del query
    with caller.services.store.reading() as uow:
        found = sources_of(caller.services, uow, caller.now)
    return PageShape[SourceShape].of([SourceShape.of(one) for one in found], len(found))


@router.get("/sources/{name}/days")
def days(
    name: SourceName, query: Annotated[DaysQuery, Query()], caller: SourcesRead
) -> PageShape[SourceDayShape]:
    """What one source's reads came to, day by day (UTC), oldest first."""
    if name not in {configured for configured, _, _ in caller.services.sources}:
        raise not_found("No source of this name is configured.", "GET /api/v1/sources lists them.")
    since = (caller.now - timedelta(days=query.days)).astimezone(UTC).date()
    with caller.services.store.reading() as uow:
        found = uow.overview.source_days(name, since)
    return PageShape[SourceDayShape].of([SourceDayShape.of(one) for one in found], len(found))


@router.get("/jobs")
def jobs(query: Annotated[Nothing, Query()], caller: SourcesRead) -> PageShape[JobShape]:
    """What each job did last, by name."""
    del query
    with caller.services.store.reading() as uow:
        found = uow.jobs.all()
    return PageShape[JobShape].of([JobShape.of(one) for one in found], len(found))
