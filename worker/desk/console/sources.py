"""Sources: how fresh each one's word is, what last went wrong, and how its counts went over time."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from starlette.responses import Response

from worker.app.tell.health import judged
from worker.desk.calls import Call
from worker.desk.console.frame import missing
from worker.desk.sessions import Guest
from worker.ports.connectors.base import Port
from worker.ports.state.sources import SourceState
from worker.ports.state.store import UnitOfWork

DAYS = timedelta(days=90)


def sources(call: Call, guest: Guest) -> Response:
    """All of them."""
    del guest
    with call.services.store.reading() as uow:
        rows = source_rows(call, uow)
        jobs = uow.jobs.all()
        backlog = uow.outbox.backlog()
    return call.page("console/sources.html", {"sources": rows, "jobs": jobs, "backlog": backlog})


def source(call: Call, guest: Guest) -> Response:
    """One, with its days."""
    del guest
    name = call.path("name")
    with call.services.store.reading() as uow:
        row = next((row for row in source_rows(call, uow) if row["name"] == name), None)
        if row is None:
            return missing(call)
        days = uow.overview.source_days(name, (call.now - DAYS).astimezone(UTC).date())
        history = uow.journal.of(f"source:{name}")[-50:][::-1]
    names = sorted({count for day in days for count in day.counts})
    return call.page("console/source.html", {"source": row, "days": days, "names": names, "history": history})


def source_rows(call: Call, uow: UnitOfWork) -> list[dict[str, Any]]:
    """Every configured source with what is known of its reads. Red: never read, in trouble, or stale."""
    known = {(state.name, state.port): state for state in uow.sources.all()}
    rows = []
    for name, port, kind in call.services.sources:
        state = known.get((name, port))
        fresh = (
            call.services.fresh_inventories
            if port == Port.INVENTORY.value
            else call.services.fresh_directories
        )
        verdict = judged(state or SourceState(name, port), fresh, call.now)
        rows.append({
            "name": name, "port": port, "kind": kind, "state": state, "ok": verdict.ok,
            "stale": verdict.is_stale, "trouble": state.trouble if state else None,
        })  # fmt: skip
    return rows
