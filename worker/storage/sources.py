"""What is known about each connector's reads, and about each job's runs."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.ports.connectors.base import Port
from worker.ports.state.leases import JobRun
from worker.ports.state.overview import SourceDay
from worker.ports.state.sources import SourceState, WantedRead
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.tables import job, source, source_day, to_micros, wanted_read

DAYS_KEPT = timedelta(days=400)
_COLUMNS = tuple(f.name for f in fields(SourceState))
_WANTED = sa.select(wanted_read).order_by(wanted_read.c.source, wanted_read.c.group_id)
_HAD = sa.delete(wanted_read).where(
    wanted_read.c.source == sa.bindparam("one"),
    wanted_read.c.group_id == sa.bindparam("group"),
    wanted_read.c.asked_at <= sa.bindparam("until"),
)
_BY_NAME = sa.select(source).where(source.c.name == sa.bindparam("wanted"))
_ALL = sa.select(source).order_by(source.c.name)
_NEW = sa.insert(source)
_RUNS = sa.select(job).order_by(job.c.name)
_BY_NAME_CHANGE = sa.update(source).where(source.c.name == sa.bindparam("wanted"))
_THAT_DAY = sa.and_(
    source_day.c.name == sa.bindparam("of"),
    source_day.c.port == sa.bindparam("as"),
    source_day.c.day == sa.bindparam("on"),
)
_DAY = sa.select(source_day.c.failures, source_day.c.counts).where(_THAT_DAY)
_DAY_CHANGE = sa.update(source_day).where(_THAT_DAY)
_OLD_DAYS = sa.delete(source_day).where(source_day.c.day < sa.bindparam("kept_from"))


class SqlSources:
    """The port `Sources` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def get(self, name: str, port: Port) -> SourceState:
        row = self._c.execute(_BY_NAME, {"wanted": name}).first()
        return SourceState(name, port) if row is None else _state(row)

    def put(self, state: SourceState) -> None:
        values = {name: getattr(state, name) for name in _COLUMNS}
        values["counts"] = json.dumps(dict(state.counts))
        values["port"] = state.port.value
        changed = self._c.execute(_BY_NAME_CHANGE, {**values, "wanted": state.name})
        if changed.rowcount == 0:
            self._c.execute(_NEW, values)
        if state.last_attempt_at is not None:
            self._remember(state, state.last_attempt_at.astimezone(UTC).date())

    def _remember(self, state: SourceState, day: date) -> None:
        """Keep the day's last good counts, and its most failures in a row."""
        this = {"of": state.name, "as": state.port.value, "on": day.isoformat()}
        known = self._c.execute(_DAY, this).first()
        counts = known.counts if known and state.trouble is not None else json.dumps(dict(state.counts))
        failures = max(known.failures if known else 0, state.failures)
        values: dict[str, Any] = {"failures": failures, "counts": counts}
        if known is None:
            key = {"name": state.name, "port": state.port.value, "day": day.isoformat()}
            self._c.execute(sa.insert(source_day).values(**key, **values))
            self._c.execute(_OLD_DAYS, {"kept_from": (day - DAYS_KEPT).isoformat()})
        else:
            self._c.execute(_DAY_CHANGE, {**this, **values})

    def all(self) -> list[SourceState]:
        return [_state(row) for row in self._c.execute(_ALL)]

    def removed(self, port: Port) -> set[str]:
        s = source.c
        return set(
            self._c.execute(sa.select(s.name).where(s.port == port.value, s.is_removed == 1)).scalars()
        )

    def remove(self, port: Port, names: Collection[str]) -> None:
        is_removed = sa.case((source.c.name.in_(names), 1), else_=0)
        self._c.execute(sa.update(source).where(source.c.port == port.value).values(is_removed=is_removed))

    def want(self, source: str, groups: Iterable[str], now: datetime) -> None:
        rows = [(source, group, to_micros(now)) for group in groups]
        bulk_upsert(self._c, wanted_read, ("source", "group_id", "asked_at"), rows, update=False)

    def wanted(self) -> list[WantedRead]:
        return [WantedRead(*row) for row in self._c.execute(_WANTED)]

    def had(self, wanted: Iterable[WantedRead]) -> None:
        for read in wanted:
            self._c.execute(_HAD, {"one": read.source, "group": read.group_id, "until": read.asked_at})


def days_of(connection: sa.Connection, name: str, since: date) -> list[SourceDay]:
    """The kept days of one source, oldest first."""
    d = source_day.c
    query = sa.select(source_day).where(d.name == name, d.day >= since.isoformat()).order_by(d.day)
    return [
        SourceDay(date.fromisoformat(row.day), row.failures, json.loads(row.counts))
        for row in connection.execute(query)
    ]


def _state(row: Any) -> SourceState:
    values = {name: getattr(row, name) for name in _COLUMNS}
    values["counts"] = json.loads(row.counts)
    values["port"] = Port(row.port)
    return SourceState(**values)


class SqlJobRuns:
    """The port `JobRuns` within one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def record(self, name: str, now: datetime, *, is_ok: bool, report: Mapping[str, Any]) -> None:
        values: dict[str, Any] = {"last_run_at": now, "report": json.dumps(dict(report), default=str)}
        if is_ok:
            values["last_ok_at"] = now
        if self._c.execute(sa.update(job).where(job.c.name == name).values(values)).rowcount == 0:
            self._c.execute(sa.insert(job).values(name=name, **values))

    def all(self) -> list[JobRun]:
        rows = self._c.execute(_RUNS)
        return [JobRun(row.name, row.last_run_at, row.last_ok_at, json.loads(row.report)) for row in rows]
