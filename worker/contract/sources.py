"""Sources and jobs: each source's freshness, the findings of `check`, and each job's last run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import ConfigDict

from worker.app.reads.check import SourceCheck
from worker.app.reads.source import JudgedSource
from worker.contract.shape import Counts, Data, Day, Instant, Shape
from worker.ports import Port
from worker.ports.state.leases import JobRun
from worker.ports.state.overview import SourceDay


class SourceShape(Shape):
    """A directory or an inventory, by its last reads. `stale`: what it last said is too old to prove anything."""

    name: str
    port: Literal["directory", "inventory"]
    kind: str
    ok: bool
    message: str
    remedy: str
    last_success_at: Instant | None
    last_attempt_at: Instant | None
    taken_at: Instant | None
    failures: int
    stale: bool
    counts: Counts

    @classmethod
    def of(cls, source: JudgedSource) -> SourceShape:
        state, found = source.state, source.judged
        return cls(
            name=state.name,
            port="inventory" if state.port is Port.INVENTORY else "directory",
            kind=source.kind,
            ok=found.ok,
            message=found.message,
            remedy=found.remedy,
            last_success_at=state.last_success_at,
            last_attempt_at=state.last_attempt_at,
            taken_at=state.taken_at,
            failures=state.failures,
            stale=found.is_stale,
            counts=dict(state.counts),
        )


class SourceReadShape(Shape):
    """A read that was asked for: since when, and when it is due."""

    source: str
    asked_at: Instant
    due_at: Instant


class SourceDayShape(Shape):
    """One day (UTC): the last good read's counts, and the most failures in a row."""

    day: Day
    failures: int
    counts: Counts

    @classmethod
    def of(cls, one: SourceDay) -> SourceDayShape:
        return cls(day=one.day, failures=one.failures, counts=dict(one.counts))


class CheckedSourceShape(Shape):
    """One connector, looked at just now. What its kind alone can say stands beside the rest, by name."""

    model_config = ConfigDict(extra="allow")

    name: str
    port: Port
    kind: str
    ok: bool
    message: str
    remedy: str
    last_success_at: Instant | None
    stale: bool
    counts: Counts

    @classmethod
    def of(cls, one: SourceCheck) -> CheckedSourceShape:
        known: dict[str, Any] = {
            "name": one.name,
            "port": one.port,
            "kind": one.kind,
            "ok": one.ok,
            "message": one.message,
            "remedy": one.remedy,
            "last_success_at": one.last_success_at,
            "stale": one.stale,
            "counts": one.counts,
        }
        return cls(**known | one.details)


class CheckShape(Shape):
    """What a check of everything found. What is wrong beside the sources is in `warnings`, and `ok` is false."""

    ok: bool
    sources: list[CheckedSourceShape]
    warnings: list[str]

    @classmethod
    def of(cls, checks: Sequence[SourceCheck], warnings: Sequence[str], *, ok: bool) -> CheckShape:
        return cls(
            ok=ok,
            sources=[CheckedSourceShape.of(one) for one in checks],
            warnings=list(warnings),
        )


class JobShape(Shape):
    """What a job did last."""

    name: str
    last_run_at: Instant | None
    last_ok_at: Instant | None
    report: Data

    @classmethod
    def of(cls, run: JobRun) -> JobShape:
        return cls(name=run.name, last_run_at=run.run_at, last_ok_at=run.ok_at, report=dict(run.report))
