"""Sources and jobs: how fresh each one's word is, as it was at its last read. Nothing is read for an answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from worker.app.shapes import Shape
from worker.desk.api import models
from worker.desk.api.callers import Caller, SourcesRead
from worker.desk.api.errors import not_found
from worker.desk.api.requests import DaysQuery, Nothing, SourceName
from worker.domain.plan import instant
from worker.ports.connectors import Port
from worker.ports.store import SourceState

router = APIRouter(tags=["sources"])


@router.get("/sources", response_model=models.Page[models.Source])
def sources(query: Annotated[Nothing, Query()], caller: SourcesRead) -> Shape:
    """Every directory and inventory, in the configuration's order."""
    del query
    with caller.services.store.reading() as uow:
        known = {(state.name, state.port): state for state in uow.sources.all()}
    items = [
        _source_json(caller, known.get((name, port)) or SourceState(name, port), kind)
        for name, port, kind in caller.services.sources
    ]
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


def _source_json(caller: Caller, state: SourceState, kind: str) -> Shape:
    is_stale = _is_stale(caller, state, caller.now)
    ok, message, remedy = _judged(state, is_stale=is_stale)
    return {
        "name": state.name,
        "port": state.port,
        "kind": kind,
        "ok": ok,
        "message": message,
        "remedy": remedy,
        "last_success_at": instant(state.last_success_at),
        "last_attempt_at": instant(state.last_attempt_at),
        "taken_at": instant(state.taken_at),
        "failures": state.failures,
        "stale": is_stale,
        "counts": dict(state.counts),
    }


def _judged(state: SourceState, *, is_stale: bool) -> tuple[bool, str, str]:
    """Whether it is green, why, and what helps: red is what was never read, failed last, or is too old."""
    if state.trouble is not None:
        return False, f"the last read failed: {state.trouble}", state.remedy or "Poll again."
    if state.last_success_at is None:
        return False, "it was never read", "Run the worker, or: whosleft once all"
    if is_stale:
        message = f"what it last said is too old to prove anything ({instant(state.taken_at)})"
        return False, message, "Bring a newer export or register, or allow more with stale_after."
    return True, f"read {instant(state.last_success_at)}", ""


def _is_stale(caller: Caller, state: SourceState, now: datetime) -> bool:
    services = caller.services
    is_inventory = state.port == Port.INVENTORY.value
    fresh = services.fresh_inventories if is_inventory else services.fresh_directories
    return state.taken_at is not None and not fresh.is_fresh(state.name, state.taken_at, now)
