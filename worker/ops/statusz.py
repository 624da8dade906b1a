"""/statusz: each job's last run and next time, the leases with their holders, the state of each source, alarms.

Made only from the stored state: no source is asked. Texts of errors are masked as in the log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from worker.app.jobs.table import JOBS
from worker.app.tell.health import Freshness, judged
from worker.contract.shape import Data
from worker.contract.statusz import (
    AlarmShape,
    HeldLeaseShape,
    ScheduledJobShape,
    StatusShape,
    StoredSourceShape,
    UnansweredShape,
)
from worker.ops.health import reason
from worker.ops.masking import mask_text
from worker.ops.patience import PatientCall
from worker.ports import Port
from worker.ports.state.figures import ProcessState
from worker.ports.state.leases import JobRun
from worker.ports.state.sources import SourceState

KEEP_S = 1.0
NextRun = Callable[[str], datetime | None]


class Source(NamedTuple):
    """A configured directory or inventory, and how old its data may be."""

    name: str
    port: Port
    kind: str
    fresh: Freshness


class Status:
    """Makes the document. `process` is this process's name in leases; `next_run_at` is its loop's, once it has one."""

    def __init__(
        self,
        process: str,
        version: str,
        sources: Sequence[Source],
        standing: Callable[[], ProcessState],
        clock: Callable[[], datetime],
    ) -> None:
        self.next_run_at: NextRun = lambda _job: None
        self._process = process
        self._version = version
        self._sources = sources
        self._standing = PatientCall(standing, keep_s=KEEP_S)
        self._clock = clock

    def document(self) -> tuple[bool, Data]:
        """Return whether the database answered, and the document: a `StatusShape`, or an `UnansweredShape`."""
        try:
            standing = self._standing.answer()
        except Exception as error:  # noqa: BLE001  any error of the database is shown
            unanswered = UnansweredShape(process=self._process, version=self._version, error=reason(error))
            return False, unanswered.model_dump(mode="json")
        status = StatusShape(
            process=self._process,
            version=self._version,
            leases=[
                HeldLeaseShape.of(one) for one in standing.leases if one.lease.holder
            ],  # not those given back
            jobs=self._jobs(standing.jobs),
            sources=self._judged(standing.sources),
            alarms=[AlarmShape.of(one) for one in standing.alarms],
        )
        return True, status.model_dump(mode="json")

    def _jobs(self, runs: Sequence[JobRun]) -> list[ScheduledJobShape]:
        """Every job, even if it has not run yet, then the nightly passes."""
        known = {run.name: run for run in runs}
        found = []
        for name in (*JOBS, *(name for name in known if name not in JOBS)):
            run = known.get(name)
            report = _shown(run.report) if run else None
            found.append(ScheduledJobShape.of(name, run, report, self.next_run_at(name)))
        return found

    def _judged(self, states: Sequence[SourceState]) -> list[StoredSourceShape]:
        now = self._clock()
        known = {(state.name, state.port): state for state in states}
        found = []
        for source in self._sources:
            state = known.get((source.name, source.port)) or SourceState(source.name, source.port)
            verdict = judged(state, source.fresh, now)
            message, remedy = mask_text(verdict.message), mask_text(verdict.remedy)
            found.append(StoredSourceShape.of(state, source.kind, verdict, message, remedy))
        return found


def _shown(report: Mapping[str, Any]) -> Data:
    """A report with masked troubles, since an error may quote a person's address."""
    return {**report, "troubles": [mask_text(str(trouble)) for trouble in report.get("troubles", ())]}
