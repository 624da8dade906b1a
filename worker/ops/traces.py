"""What traces are told of the work of one process. Where nobody collects them, that is nobody; else see `otlp`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Protocol

from worker.app.jobs.report import Report
from worker.ports import Fact, Noted
from worker.ports.state.outbox import Delivery, Outcome


class Traces(Protocol):
    """May be told from any thread; never raises, and never keeps anybody waiting."""

    def running(self) -> AbstractContextManager[None]:
        """Is around the run of a job, in its thread."""

    def ran(self, report: Report) -> None:
        """The run in this thread is recorded."""

    def delivered(self, delivery: Delivery, outcome: Outcome, began_at: datetime) -> None:
        """The run in this thread made an attempt to deliver."""

    def noted(self, event: Noted, fields: Mapping[str, Fact]) -> None:
        """The run in this thread asked something of a source (see `ports.notes`)."""

    def know(self, secret: str) -> None:
        """Tell the tickets of this database from those of others by something that all of its processes know."""

    def end(self) -> None:
        """Let go of what is left."""


class NoTraces:
    """Nobody collects them."""

    @contextmanager
    def running(self) -> Iterator[None]:
        yield

    def ran(self, report: Report) -> None:
        pass

    def delivered(self, delivery: Delivery, outcome: Outcome, began_at: datetime) -> None:
        pass

    def noted(self, event: Noted, fields: Mapping[str, Fact]) -> None:
        pass

    def know(self, secret: str) -> None:
        pass

    def end(self) -> None:
        pass
