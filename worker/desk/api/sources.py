"""Sources and jobs: how fresh each one's word is, as it was at its last read. Nothing is read for an answer."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from worker.app.reads.shapes import Shape
from worker.app.reads.source import JudgedSource
from worker.desk.api import models
from worker.desk.api.callers import SourcesRead
from worker.desk.api.errors import not_found
from worker.desk.api.requests import DaysQuery, Nothing, SourceName
from worker.desk.services import sources_of
from worker.domain.reconcile.plan import instant

router = APIRouter(tags=["sources"])


@router.get("/sources", response_model=models.Page[models.Source])
def sources(query: Annotated[Nothing, Query()], caller: SourcesRead) -> Shape:
    """Every directory and inventory, in the configuration's order."""
    del query
    with caller.services.store.reading() as uow:
        found = sources_of(caller.services, uow, caller.now)
    items = [_source_json(one) for one in found]
    return {"items": items, "total": len(items), "next": None}


@router.get("/sources/{name}/days", response_model=models.Page[models.SourceDay])
def days(name: SourceName, query: Annotated[DaysQuery, Query()], caller: SourcesRead) -> Shape:
    """What one source's reads came to, day by day (UTC), oldest first."""
    if name not in {configured for configured, _, _ in caller.services.sources}:
        raise not_found("No source of this name is configured.", "GET /api/v1/sources lists them.")
    since = (caller.now - timedelta(days=query.days)).astimezone(UTC).date()
    with caller.services.store.reading() as uow:
        found = uow.overview.source_days(name, since)
    items = [
        {"day": one.day.isoformat(), "failures": one.failures, "counts": dict(one.counts)} for one in found
    ]
    return {"items": items, "total": len(items), "next": None}


@router.get("/jobs", response_model=models.Page[models.Job])
def jobs(query: Annotated[Nothing, Query()], caller: SourcesRead) -> Shape:
    """What each job did last, by name."""
    del query
    with caller.services.store.reading() as uow:
        found = uow.jobs.all()
    items = [
        {"name": name, "last_run_at": instant(run), "last_ok_at": instant(good), "report": dict(report)}
        for name, run, good, report in found
    ]
    return {"items": items, "total": len(items), "next": None}


def _source_json(source: JudgedSource) -> Shape:
    state, found = source.state, source.judged
    return {
        "name": state.name,
        "port": state.port,
        "kind": source.kind,
        "ok": found.ok,
        "message": found.message,
        "remedy": found.remedy,
        "last_success_at": instant(state.last_success_at),
        "last_attempt_at": instant(state.last_attempt_at),
        "taken_at": instant(state.taken_at),
        "failures": state.failures,
        "stale": found.is_stale,
        "counts": dict(state.counts),
    }
