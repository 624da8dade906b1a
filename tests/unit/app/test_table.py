"""The table of jobs: each row can be run, and the parts that are made from it know all of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fakes.use_cases import FakeApp
from worker.app.jobs.report import Report
from worker.app.jobs.table import JOBS, knowing_due
from worker.running.app import App
from worker.running.wiring import open_app
from worker.settings import Settings

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate(
        {
            "database": {"url": f"sqlite:///{tmp_path / 'whosleft.db'}"},
            "schedule": {"verify": "17m"},
        }
    )


def test_the_program_builds_the_use_case_of_each_job(settings: Settings) -> None:
    with open_app(settings, lambda: NOW) as app:
        assert isinstance(app, App)
        for job in JOBS.values():
            assert isinstance(app.use_cases[job.use_case], job.use_case)
            assert job.run(app.use_cases, NOW, full=True).job == job.name


def test_each_job_has_its_interval_in_the_configuration(settings: Settings) -> None:
    schedule = settings.job_schedule()

    assert schedule.every == {name: job.every for name, job in JOBS.items()} | {
        "verify": timedelta(minutes=17)
    }


def test_what_follows_a_full_pass_adds_its_counts_and_nothing_else_runs_it() -> None:
    app = FakeApp()
    app.case("reconcile").report = Report("reconcile", {"opened": 1})
    app.retention.report = Report("retention", {"erased": 2})

    assert JOBS["reconcile"].run(app.use_cases, NOW, full=False).counts == {"opened": 1}
    assert app.retention.runs == []
    assert JOBS["reconcile"].run(app.use_cases, NOW, full=True).counts == {"opened": 1, "erased": 2}


def test_the_scheduler_has_a_paced_job_do_only_what_is_due(settings: Settings) -> None:
    with open_app(settings, lambda: NOW) as app:
        for job in JOBS.values():
            assert job.run(app.use_cases, NOW, full=False, due_only=True).job == job.name
        assert set(knowing_due(app.use_cases)) == {"poll", "inventory", "mirror", "watch"}


def test_a_job_that_is_fed_is_a_job_and_no_two_rows_share_a_use_case() -> None:
    assert {fed for job in JOBS.values() for fed in job.feeds} <= set(JOBS)
    assert len({job.use_case for job in JOBS.values()}) == len(JOBS)
