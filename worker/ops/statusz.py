"""/statusz: each job's last run and next time, the leases with their holders, the state of each source, alarms.

Made only from the stored state: no source is asked. Texts of errors are masked as in the log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from worker.app.jobs.table import JOBS
from worker.app.tell.health import Freshness, judged
from worker.domain.reconcile.plan import instant
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

    def document(self) -> tuple[bool, dict[str, Any]]:
        """Return whether the database answered, and the document: without an answer, only process and error."""
        told = {"process": self._process, "version": self._version}
        try:
            standing = self._standing.answer()
        except Exception as error:  # noqa: BLE001  any error of the database is shown
            return False, {**told, "error": reason(error)}
        return True, {
            **told,
            "leases": [
                {
                    "job": lease.job,
                    "holder": lease.holder,
                    "fence": lease.fence,
                    "expires_at": instant(expires_at),
                }
                for lease, expires_at in standing.leases
                if lease.holder  # without those given back, which nobody holds
            ],
            "jobs": self._jobs(standing.jobs),
            "sources": self._judged(standing.sources),
            "alarms": [
                {"cause": one.cause.value, "about": one.about, "since": instant(one.since_at)}
                for one in standing.alarms
            ],
        }

    def _jobs(self, runs: Sequence[JobRun]) -> list[dict[str, Any]]:
        """Every job, even if it has not run yet, then the nightly passes."""
        known = {run.name: run for run in runs}
        found = []
        for name in (*JOBS, *(name for name in known if name not in JOBS)):
            run = known.get(name)
            found.append({
                "name": name,
                "last_run_at": instant(run.run_at if run else None),
                "last_ok_at": instant(run.ok_at if run else None),
                "next_run_at": instant(self.next_run_at(name)),
                "report": _shown(run.report) if run else None,
            })  # fmt: skip
        return found

    def _judged(self, states: Sequence[SourceState]) -> list[dict[str, Any]]:
        now = self._clock()
        known = {(state.name, state.port): state for state in states}
        found = []
        for source in self._sources:
            state = known.get((source.name, source.port)) or SourceState(source.name, source.port)
            verdict = judged(state, source.fresh, now)
            found.append({
                "name": source.name, "port": source.port, "kind": source.kind, "ok": verdict.ok,
                "message": mask_text(verdict.message), "remedy": mask_text(verdict.remedy),
                "last_success_at": instant(state.last_success_at), "stale": verdict.is_stale,
                "counts": dict(state.counts),
            })  # fmt: skip
        return found


def _shown(report: Mapping[str, Any]) -> dict[str, Any]:
    """A report with masked troubles, since an error may quote a person's address."""
    return {**report, "troubles": [mask_text(str(trouble)) for trouble in report.get("troubles", ())]}
