from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest

from fakes.job_store import FakeJobStore
from fakes.log_lines import Lines
from fakes.use_cases import FakeApp, schedule_of
from worker.app.jobs.observer import Silent
from worker.app.jobs.report import Report
from worker.app.jobs.table import JOBS
from worker.ops.clock import ManualClock
from worker.ops.interrupt import Interrupt, InterruptibleStore
from worker.ops.jobs import Jobs
from worker.ports.state.leases import Lease

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
LIFE = timedelta(seconds=30)
PATIENCE_S = 20.0
HOURLY = schedule_of(every=timedelta(hours=1))


@pytest.mark.parametrize("name", JOBS)
def test_a_job_runs_under_its_lease_and_gives_it_back(
    jobs: Jobs, app: FakeApp, store: FakeJobStore, name: str
) -> None:
    held: list[bool] = []
    app.case(name).does = lambda lease: held.append(lease is not None and store.leases.is_held(lease))

    report = jobs.run(name, NINE)

    assert report == Report(name)
    [(now, lease, _)] = app.case(name).runs
    assert (now, lease and lease.job, held) == (NINE, name, [True])
    assert store.leases.holder(name) == ""


@pytest.mark.parametrize("name", JOBS)
def test_a_job_that_another_process_holds_is_left_out(
    jobs: Jobs, app: FakeApp, store: FakeJobStore, lines: Lines, name: str
) -> None:
    store.leases.acquire(name, "another", NINE, LIFE)

    assert jobs.run(name, NINE) is None
    assert app.case(name).runs == []
    assert store.jobs.rows == {}
    [line] = lines.all()
    assert (line["event"], line["level"], line["job"]) == ("job.skipped", "debug", name)


def test_a_job_runs_once_at_a_time_in_one_process(jobs: Jobs, app: FakeApp) -> None:
    nested: list[Report | None] = []
    app.case("verify").does = lambda _lease: nested.append(jobs.run("verify", NINE))

    assert jobs.run("verify", NINE) is not None
    assert nested == [None]
    assert jobs.run("verify", NINE) is not None, "and again afterwards"


def test_an_unknown_job_is_refused(jobs: Jobs) -> None:
    with pytest.raises(
        ValueError,
        match="'tidy' is no job; there are poll, inventory, reconcile, controls, remediate, verify",
    ):
        jobs.run("tidy", NINE)


def test_now_is_the_clocks_unless_told(jobs: Jobs, app: FakeApp, clock: ManualClock) -> None:
    clock.advance(timedelta(days=1))

    jobs.run_now("escalate")

    assert app.case("escalate").runs[0][0] == NINE + timedelta(days=1)


# --- records ------------------------------------------------------------------------------------------


def test_what_a_job_did_is_recorded(jobs: Jobs, app: FakeApp, store: FakeJobStore) -> None:
    app.case("verify").report = Report("verify", {"weighed": 3, "verified": 1})

    jobs.run("verify", NINE)

    run_at, ok_at, report = store.jobs.rows["verify"]
    assert (run_at, ok_at) == (NINE, NINE)
    assert report["counts"] == {"weighed": 3, "verified": 1}
    assert report["troubles"] == []
    assert report["full"] is False
    assert 0 <= report["took_s"] < PATIENCE_S


def test_a_run_with_troubles_is_recorded_as_not_ok(jobs: Jobs, app: FakeApp, store: FakeJobStore) -> None:
    jobs.run("inventory", NINE)
    app.case("inventory").report = Report("inventory", {}, ("wards: the file is gone.",))

    report = jobs.run("inventory", NINE + timedelta(minutes=1))

    assert report is not None
    assert not report.is_ok
    run_at, ok_at, told = store.jobs.rows["inventory"]
    assert (run_at, ok_at) == (NINE + timedelta(minutes=1), NINE)
    assert told["troubles"] == ["wards: the file is gone."]


# --- what goes wrong ----------------------------------------------------------------------------------


def fail(error: Exception) -> Callable[[Lease | None], None]:
    def does(_lease: Lease | None) -> None:
        raise error

    return does


def test_an_unexpected_fault_is_a_report_a_record_and_a_traceback(
    jobs: Jobs, app: FakeApp, store: FakeJobStore, lines: Lines
) -> None:
    app.case("poll").does = fail(KeyError("nobody thought of it"))

    report = jobs.run("poll", NINE)

    assert report is not None
    assert report.troubles == ("poll failed: KeyError: 'nobody thought of it'",)
    assert store.jobs.rows["poll"][1] is None
    assert store.leases.holder("poll") == ""
    [line] = lines.of("job.failed")
    assert line["level"] == "error"
    assert line["exception"]["type"] == "KeyError"
    assert line["exception"]["at"][-1].endswith(" does")


def test_each_run_that_was_recorded_is_told_of_with_its_time(
    app: FakeApp, store: FakeJobStore, clock: ManualClock, lines: Lines
) -> None:
    told: list[tuple[Report, float]] = []

    class Heard(Silent):
        def ran(self, report: Report, took_s: float, /) -> None:
            told.append((report, took_s))

    jobs = Jobs(app.use_cases, store.as_store(), clock, "host:1", HOURLY, observer=Heard())
    app.case("verify").report = Report("verify", {"weighed": 3})
    app.case("deliver").does = fail(ZeroDivisionError("boom"))
    app.case("escalate").does = lambda _lease: store.leases.seize("escalate")

    for name in ("verify", "deliver", "escalate"):
        jobs.run(name, NINE)

    assert [report.job for report, _ in told] == ["verify", "deliver"], "the third lost its lease"
    assert told[0][0] is app.case("verify").report
    assert all(0 <= took_s < PATIENCE_S for _, took_s in told)


def test_a_job_that_failed_runs_again(jobs: Jobs, app: FakeApp, store: FakeJobStore) -> None:
    app.case("deliver").does = fail(RuntimeError("boom"))
    jobs.run("deliver", NINE)
    app.case("deliver").does = lambda _lease: None

    assert jobs.run("deliver", NINE) == Report("deliver")
    assert store.jobs.rows["deliver"][1] == NINE


def test_a_fault_that_goes_on_shows_its_traceback_once_an_hour(
    jobs: Jobs, app: FakeApp, lines: Lines
) -> None:
    app.case("deliver").does = fail(RuntimeError("boom"))

    for minutes in (0, 1, 59, 60, 61):
        jobs.run("deliver", NINE + timedelta(minutes=minutes))

    assert ["exception" in line for line in lines.of("job.failed")] == [True, False, False, True, False]


def test_a_database_that_does_not_answer_fails_the_run_and_nothing_else(
    jobs: Jobs, app: FakeApp, store: FakeJobStore
) -> None:
    store.leases.broken = OSError("connection refused")

    report = jobs.run("poll", NINE)

    assert report is not None
    assert report.troubles == ("poll failed: OSError: connection refused",)
    assert app.case("poll").runs == []
    assert jobs.running == ()


def test_a_lease_that_is_lost_on_the_way_keeps_the_run_from_being_recorded(
    jobs: Jobs, app: FakeApp, store: FakeJobStore, lines: Lines
) -> None:
    app.case("verify").does = lambda _lease: store.leases.seize("verify")

    report = jobs.run("verify", NINE)

    assert report is not None
    assert not report.is_ok
    assert "was taken over" in report.troubles[0]
    assert store.jobs.rows == {}
    assert store.leases.holder("verify") == "another"
    assert [line["level"] for line in lines.of("job.stopped")] == ["info"]
    assert lines.of("job.failed") == []


@pytest.fixture
def guarded(store: FakeJobStore, interrupt: Interrupt) -> InterruptibleStore:
    return InterruptibleStore(store.as_store(), interrupt)


@pytest.fixture
def guarded_jobs(app: FakeApp, guarded: InterruptibleStore, clock: ManualClock, interrupt: Interrupt) -> Jobs:
    return Jobs(app.use_cases, guarded, clock, "host:1", HOURLY, interrupt=interrupt)


def test_a_job_notices_between_two_transactions_that_its_lease_is_lost(
    guarded_jobs: Jobs, guarded: InterruptibleStore, app: FakeApp, store: FakeJobStore, clock: ManualClock
) -> None:
    committed: list[int] = []

    def sleeps_through(lease: Lease | None) -> None:
        with guarded.begin(lease):
            committed.append(1)
        clock.advance(LIFE * 2)
        store.leases.seize("poll")
        with guarded.begin(lease):
            committed.append(2)

    app.case("poll").does = sleeps_through

    report = guarded_jobs.run("poll", NINE)

    assert report is not None
    assert "another process took it over" in report.troubles[0]
    assert committed == [1]


# --- stopping -----------------------------------------------------------------------------------------


def test_once_the_worker_is_stopping_no_job_starts(jobs: Jobs, app: FakeApp, interrupt: Interrupt) -> None:
    interrupt.stop()

    assert jobs.run("poll", NINE) is None
    assert app.case("poll").runs == []


def test_a_running_job_stops_at_its_next_commit_and_gives_its_lease_back(
    guarded_jobs: Jobs, guarded: InterruptibleStore, app: FakeApp, store: FakeJobStore, interrupt: Interrupt
) -> None:
    def pages(lease: Lease | None) -> None:
        for _ in range(10):
            with guarded.begin(lease):
                interrupt.stop()

    app.case("inventory").does = pages

    report = guarded_jobs.run("inventory", NINE)

    assert report is not None
    assert "the worker is stopping" in report.troubles[0]
    assert store.committed == 1
    assert store.leases.holder("inventory") == ""


def test_waiting_for_idle_names_the_jobs_that_do_not_end(jobs: Jobs, app: FakeApp) -> None:
    began, may_end = Event(), Event()

    def hangs(_lease: Lease | None) -> None:
        began.set()
        may_end.wait(PATIENCE_S)

    app.case("inventory").does = hangs
    thread = Thread(target=jobs.run, args=("inventory", NINE))
    thread.start()
    assert began.wait(PATIENCE_S)

    assert jobs.wait_idle(0.01) == ("inventory",)
    may_end.set()
    assert jobs.wait_idle(PATIENCE_S) == ()
    thread.join()


# --- the nightly full pass ----------------------------------------------------------------------------

NIGHT = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)


def fulls(app: FakeApp, name: str = "poll") -> list[bool | None]:
    return [full for _, _, full in app.case(name).runs]


@pytest.mark.parametrize("name", ["poll", "reconcile"])
def test_the_nightly_full_pass_is_done_by_the_first_run_after_its_time(
    jobs: Jobs, app: FakeApp, name: str
) -> None:
    minute = timedelta(minutes=1)
    for now in (NINE, NINE + minute, NIGHT - minute, NIGHT, NIGHT + minute):
        jobs.run(name, now)

    assert fulls(app, name) == [True, False, False, True, False]


def test_a_full_pass_that_was_asked_for_counts_as_the_nights(jobs: Jobs, app: FakeApp) -> None:
    jobs.run("poll", NIGHT, full=True)
    jobs.run("poll", NIGHT + timedelta(minutes=1))

    assert fulls(app) == [True, False]


def test_a_full_pass_of_the_poll_is_none_of_the_reconciliation(jobs: Jobs, app: FakeApp) -> None:
    jobs.run("poll", NIGHT)
    jobs.run("reconcile", NIGHT)

    assert fulls(app, "reconcile") == [True]


def test_a_nightly_pass_with_troubles_is_tried_again_by_the_hour(jobs: Jobs, app: FakeApp) -> None:
    jobs.run("poll", NINE)
    app.case("poll").report = Report("poll", {}, ("corp: not reached.",))
    for minutes in (0, 1, 59, 60, 61):
        jobs.run("poll", NIGHT + timedelta(minutes=minutes))
    app.case("poll").report = None
    for minutes in (120, 121, 180):
        jobs.run("poll", NIGHT + timedelta(minutes=minutes))

    assert fulls(app) == [True, True, False, False, True, False, True, False, False]


def test_the_last_full_pass_is_remembered_by_the_next_process(
    jobs: Jobs, app: FakeApp, store: FakeJobStore, clock: ManualClock
) -> None:
    jobs.run("poll", NIGHT)

    Jobs(app.use_cases, store.as_store(), clock, "host:2", HOURLY).run("poll", NIGHT + timedelta(minutes=1))

    assert fulls(app) == [True, False]


def test_other_jobs_know_no_full_pass(jobs: Jobs, app: FakeApp, store: FakeJobStore) -> None:
    jobs.run("verify", NIGHT, full=True)

    assert fulls(app, "verify") == [None]
    assert "verify.full" not in store.jobs.rows


# --- the log ------------------------------------------------------------------------------------------


def finished(lines: Lines) -> list[str]:
    return [line["level"] for line in lines.of("job.finished")]


def test_a_run_that_did_something_is_logged_with_what_it_did(jobs: Jobs, app: FakeApp, lines: Lines) -> None:
    app.case("verify").report = Report("verify", {"weighed": 3, "verified": 1, "reopened": 0})

    jobs.run("verify", NINE)

    [line] = lines.of("job.finished")
    assert (line["level"], line["job"], line["ok"]) == ("info", "verify", True)
    assert line["counts"] == {"weighed": 3, "verified": 1}


def test_a_run_that_did_nothing_new_is_logged_for_those_who_debug(
    jobs: Jobs, app: FakeApp, lines: Lines
) -> None:
    idle = Report("inventory", {"sources": 1, "groups": 20, "members": 300, "added": 0})
    for report in (idle, idle, Report("inventory", {**idle.counts, "added": 2}), idle):
        app.case("inventory").report = report
        jobs.run("inventory", NINE)

    assert finished(lines) == ["info", "debug", "info", "info"], "and the first idle one after work"


def test_a_worker_that_has_nothing_to_do_says_nothing(jobs: Jobs, app: FakeApp, lines: Lines) -> None:
    app.case("escalate").report = Report("escalate", {"open": 0, "steps": 0})

    jobs.run("escalate", NINE)

    assert finished(lines) == ["debug"]


def test_each_trouble_is_a_warning_and_again_every_hour(jobs: Jobs, app: FakeApp, lines: Lines) -> None:
    report = Report("poll", {}, ("corp: not reached.", "tenant: the secret has expired."))
    app.case("poll").report = report

    for minutes in (0, 1, 30, 61):
        jobs.run("poll", NINE + timedelta(minutes=minutes))

    warned = [(line["level"], line["trouble"]) for line in lines.of("job.troubled")]
    assert warned == [("warning", trouble) for trouble in report.troubles] * 2


def test_a_trouble_that_comes_back_is_news(jobs: Jobs, app: FakeApp, lines: Lines) -> None:
    trouble = Report("poll", {}, ("corp: not reached.",))
    for minutes, report in enumerate((trouble, Report("poll"), trouble)):
        app.case("poll").report = report
        jobs.run("poll", NINE + timedelta(minutes=minutes))

    assert len(lines.of("job.troubled")) == 2
