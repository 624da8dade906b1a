"""What is known of each connector's reads, and of each job's runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.ports.store import SourceState
from worker.storage.tables import job, source

_COLUMNS = tuple(f.name for f in fields(SourceState))


class SqlSources:
    """`ports.store.Sources` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def get(self, name: str, port: str) -> SourceState:
        row = self._c.execute(sa.select(source).where(source.c.name == name)).first()
        return SourceState(name, port) if row is None else _state(row)

    def put(self, state: SourceState) -> None:
        values = {name: getattr(state, name) for name in _COLUMNS}
        values["counts"] = json.dumps(dict(state.counts))
        changed = self._c.execute(sa.update(source).where(source.c.name == state.name).values(values))
        if changed.rowcount == 0:
            self._c.execute(sa.insert(source).values(values))

    def all(self) -> list[SourceState]:
        return [_state(row) for row in self._c.execute(sa.select(source).order_by(source.c.name))]


def _state(row: Any) -> SourceState:
    values = {name: getattr(row, name) for name in _COLUMNS}
    values["counts"] = json.loads(row.counts)
    return SourceState(**values)


class SqlJobRuns:
    """`ports.store.JobRuns` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def record(self, name: str, now: datetime, *, is_ok: bool, report: Mapping[str, Any]) -> None:
        values: dict[str, Any] = {"last_run_at": now, "report": json.dumps(dict(report), default=str)}
        if is_ok:
            values["last_ok_at"] = now
        if self._c.execute(sa.update(job).where(job.c.name == name).values(values)).rowcount == 0:
            self._c.execute(sa.insert(job).values(name=name, **values))

    def all(self) -> list[tuple[str, datetime, datetime | None, Mapping[str, Any]]]:
        rows = self._c.execute(sa.select(job).order_by(job.c.name))
        return [(row.name, row.last_run_at, row.last_ok_at, json.loads(row.report)) for row in rows]
