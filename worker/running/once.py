"""Run the jobs once. Imports nothing of the desk, so that commands start quickly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from worker.app.jobs.report import Report
from worker.ops.clock import system_now
from worker.ops.jobs import Jobs
from worker.ops.logs import configure as configure_logs
from worker.ops.progress import progress_bars
from worker.running.app import Clock, holder_name
from worker.running.wiring import open_app
from worker.settings import Settings


def run_jobs(
    settings: Settings, names: Sequence[str], now: datetime | None, *, full: bool
) -> Iterator[Report]:
    """Run jobs once, in order, each under its lease; yield each report.

    `now` is aware UTC, if somebody set the clock: it stands still then. Else each job begins at its own instant, and
    may ask for the present one while it runs.
    """
    clock: Clock = system_now if now is None else lambda: now
    configure_logs(level="ERROR")  # the reports say the rest
    with (
        progress_bars() as bars,
        open_app(settings, clock, bars, recorded_by=None if now is None else system_now) as app,
    ):
        app.deliver.begin()
        jobs = Jobs(app.use_cases, app.store, system_now, holder_name(), settings.job_schedule())
        for name in names:
            report = jobs.run(name, clock(), full=full)
            yield (
                report if report is not None else Report(name, {}, (f"another worker is at {name} just now",))
            )
