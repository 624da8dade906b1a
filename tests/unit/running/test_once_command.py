"""What `once` says of each job, in a line, and by which clock it works."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from wards_commands import configured
from worker.app.jobs.report import Report
from worker.cli.working import in_one_line
from worker.ops.clock import system_now
from worker.ports import Port
from worker.ports.state.feeds import FeedState
from worker.running import once
from worker.running.once import run_jobs
from worker.running.wiring import load_settings, open_app

PEOPLE = """objectGUID,displayName,mail,mobile,userAccountControl,accountExpires
11111111-1111-4111-8111-111111111111,Dee Example,dee@example.org,+447700900104,512,
"""
GROUPS = """Group ID,Group,Member,Phone,Role
w7,Ward 7,Dee Example,+447700900104,admin
"""


@pytest.mark.parametrize(
    "report, line",
    [
        (Report("deliver", {"sent": 2, "failed": 0}), "deliver    2 sent"),
        (Report("deliver", {"sent": 0}), "deliver    nothing to do"),
        (Report("deliver", {"sent": 0}, ("The disk is full.",)), "deliver    failed"),
        (Report("deliver", {"sent": 2}, ("A channel did not answer.",)), "deliver    2 sent"),
    ],
)
def test_a_job_that_failed_is_no_job_that_had_nothing_to_do(report: Report, line: str) -> None:
    assert in_one_line(report) == line


@pytest.mark.parametrize("is_stated", [True, False])
def test_the_clock_goes_on_unless_it_was_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_stated: bool
) -> None:
    settings = load_settings(configured(tmp_path, PEOPLE, GROUPS))
    began_at = system_now()
    ticks: list[datetime] = []

    def tick() -> datetime:
        ticks.append(began_at + timedelta(seconds=len(ticks)))
        return ticks[-1]

    monkeypatch.setattr(once, "system_now", tick)
    stated = began_at if is_stated else None
    assert all(report.is_ok for report in run_jobs(settings, ["poll", "inventory"], stated, full=False))
    with open_app(settings, system_now) as app, app.store.reading() as uow:
        read = {one.port: one.last_success_at for one in uow.sources.all()}
    assert (read[Port.DIRECTORY] == read[Port.INVENTORY]) is is_stated


def test_a_program_that_follows_events_is_sent_what_the_first_run_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHSEC", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    gone = PEOPLE + "22222222-2222-4222-8222-222222222222,Ann Example,,+447700900105,514,\n"
    file = configured(tmp_path, gone, GROUPS + "w7,Ward 7,Ann Example,+447700900105,\n")
    siem = "{name: siem, kind: webhook, url: 'http://127.0.0.1:9/', secrets: ['${env:WHSEC}'], events: ['*']}"
    file.write_text(f"{file.read_text()}notify: [{siem}]\n")
    settings = load_settings(file)
    assert all(
        report.is_ok for report in run_jobs(settings, ["poll", "inventory", "reconcile"], None, full=False)
    )

    with open_app(settings, system_now) as app, app.store.begin() as uow:
        assert uow.feeds.get("siem") == FeedState(0)
        assert uow.journal.head().seq > 0
