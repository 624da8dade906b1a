"""The whole process: jobs run again and again until a stop or a signal, and what hangs is left to itself."""

import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from fakes.job_store import FakeJobStore
from fakes.log_lines import Lines
from fakes.use_cases import FakeApp, schedule_of
from hung_up import hangup_is_heard
from worker.app.jobs.table import JOBS
from worker.ops.interrupt import Interrupt, Stopped
from worker.ops.jobs import Jobs
from worker.ops.scheduler import serve
from worker.ports.state.leases import Lease

__all__ = ["hangup_is_heard"]

PATIENCE_S = 20.0


class Process:
    """`serve` in a thread of its own, or in this one; `ended` has the code that it would have ended with."""

    def __init__(self, jobs: Jobs, interrupt: Interrupt) -> None:
        self.jobs = jobs
        self.stop = threading.Event()
        self.interrupt = interrupt
        self.ended: list[int] = []

    def serve(self, grace_s: float = PATIENCE_S) -> bool:
        return serve(
            self.jobs,
            schedule_of(every=timedelta(seconds=0.2)),
            self.stop,
            grace_s=grace_s,
            end=self.ended.append,
        )

    def await_stop(self) -> None:
        """Wait until it is stopping."""
        with pytest.raises(Stopped):
            self.interrupt.sleep(PATIENCE_S)


@pytest.fixture
def process(jobs: Jobs, interrupt: Interrupt) -> Process:
    return Process(jobs, interrupt)


class Counted:
    """Sets its event when a job has run so many times."""

    def __init__(self, times: int, then: Callable[[], object]) -> None:
        self.left = times
        self.then = then

    def __call__(self, _lease: Lease | None) -> None:
        self.left -= 1
        if self.left == 0:
            self.then()


def test_every_job_runs_again_and_again_until_it_is_stopped(
    process: Process, app: FakeApp, store: FakeJobStore, lines: Lines
) -> None:
    left = threading.Semaphore(0)
    for name in JOBS:
        app.case(name).does = Counted(3, left.release)

    def stop_after_all() -> None:
        for _ in JOBS:
            left.acquire(timeout=PATIENCE_S)
        process.stop.set()

    threading.Thread(target=stop_after_all, daemon=True).start()

    assert not process.serve(), "nobody told it to end"
    assert all(len(app.case(name).runs) >= 3 for name in JOBS)
    assert process.ended == []
    assert [lease.holder for lease, _ in store.leases.all()] == [""] * len(JOBS)
    assert len(lines.of("worker.started")) == 1
    assert [line["abandoned"] for line in lines.of("worker.stopped")] == [[]]


def test_a_job_that_fails_each_time_stops_neither_itself_nor_others(process: Process, app: FakeApp) -> None:
    def fails(_lease: Lease | None) -> None:
        raise RuntimeError("boom")

    app.case("poll").does = fails
    app.case("deliver").does = Counted(5, process.stop.set)

    assert not process.serve()
    assert len(app.case("poll").runs) >= 2


def test_a_job_that_is_running_when_the_stop_comes_ends_in_peace(
    process: Process, app: FakeApp, store: FakeJobStore
) -> None:
    def is_stopped_in_the_middle(_lease: Lease | None) -> None:
        process.stop.set()
        process.await_stop()

    app.case("inventory").does = is_stopped_in_the_middle

    assert not process.serve()
    assert store.jobs.rows["inventory"][1] is not None, "it ended, and was recorded"
    assert process.ended == []


@pytest.mark.parametrize(
    "is_signalled, ended", [(True, [0]), (False, [])], ids=["to end", "for other settings"]
)
def test_a_job_that_does_not_end_in_time_is_left_and_its_lease_given_back(
    process: Process, app: FakeApp, store: FakeJobStore, lines: Lines, is_signalled: bool, ended: list[int]
) -> None:
    may_end = threading.Event()

    def hangs(_lease: Lease | None) -> None:
        if is_signalled:
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            process.stop.set()
        may_end.wait(PATIENCE_S)

    app.case("inventory").does = hangs

    assert process.serve(grace_s=0.05) is is_signalled

    assert process.ended == ended, "only a signal ends the process"
    assert store.leases.holder("inventory") == ""
    assert [line["abandoned"] for line in lines.of("worker.stopped")] == [["inventory"]]
    may_end.set()
    assert process.jobs.wait_idle(PATIENCE_S) == ()
    assert store.jobs.rows.get("inventory") is None, "it had lost its lease, so nothing of it was written"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_it(process: Process, app: FakeApp, lines: Lines, number: signal.Signals) -> None:
    before = signal.getsignal(number)
    app.case("verify").does = Counted(1, lambda: os.kill(os.getpid(), number))

    assert process.serve(), "it says that it was told to"
    assert [line["signal"] for line in lines.of("worker.stop_asked")] == [number.name]
    assert signal.getsignal(number) is before


def test_a_terminal_that_is_closed_may_say_so_twice(process: Process, app: FakeApp) -> None:
    def is_hung_up_twice(_lease: Lease | None) -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        process.await_stop()
        os.kill(os.getpid(), signal.SIGHUP)

    app.case("verify").does = is_hung_up_twice

    assert process.serve()
    assert process.ended == []


def test_without_a_terminal_to_listen_to_it_goes_on_when_that_is_closed(
    process: Process, app: FakeApp
) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def is_hung_up(_lease: Lease | None) -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        process.stop.set()

    app.case("verify").does = is_hung_up
    try:
        assert not process.serve(), "it ended for other settings"
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_second_signal_ends_it_at_once(process: Process, app: FakeApp) -> None:
    def is_stopped_twice(_lease: Lease | None) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        process.await_stop()
        os.kill(os.getpid(), signal.SIGINT)

    app.case("verify").does = is_stopped_twice

    process.serve()

    assert process.ended == [128 + signal.SIGINT]
