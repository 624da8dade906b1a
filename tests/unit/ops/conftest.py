"""A process's jobs over fakes, and its log as a list of lines."""

import io
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from fakes.job_store import FakeJobStore
from fakes.log_lines import Lines
from fakes.use_cases import FakeApp, schedule_of
from worker.ops import logs
from worker.ops.clock import ManualClock
from worker.ops.interrupt import Interrupt
from worker.ops.jobs import Jobs

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def own_logging() -> Iterator[None]:
    """Undo what `logs.configure` did to the process."""
    root, hook = logging.getLogger(), threading.excepthook
    names = ("", *logs.OURS, "apscheduler.scheduler")
    before = list(root.handlers), {name: logging.getLogger(name).level for name in names}
    yield
    logging.captureWarnings(capture=False)
    threading.excepthook = hook
    root.handlers[:] = before[0]
    for name, level in before[1].items():
        logging.getLogger(name).setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def lines(own_logging: None) -> Lines:
    stream = io.StringIO()
    logs.configure(stream, json=True, level="DEBUG")
    return Lines(stream)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NINE)


@pytest.fixture
def store() -> FakeJobStore:
    return FakeJobStore()


@pytest.fixture
def app() -> FakeApp:
    return FakeApp()


@pytest.fixture
def interrupt() -> Interrupt:
    return Interrupt()


@pytest.fixture
def jobs(lines: Lines, app: FakeApp, store: FakeJobStore, clock: ManualClock, interrupt: Interrupt) -> Jobs:
    return Jobs(
        app.use_cases, store.as_store(), clock, "host:1", schedule_of(every=MINUTE), interrupt=interrupt
    )
