"""What a process reports about its work while it runs: to progress displays, counters, logs and traces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import datetime
from typing import Protocol

from worker.app.jobs.report import Report
from worker.ports import Fact, Noted
from worker.ports.state.outbox import Delivery, Outcome


class Observer(Protocol):
    """May be told from any thread; never raises, and never keeps anybody waiting."""

    def opened(self, secret: str, /) -> None:
        """The database is open; only processes of this database know `secret`."""

    def running(self) -> AbstractContextManager[None]:
        """Wrap the run of a job, in its thread."""

    def progressed(self, what: str, more: int, /) -> None:
        """Report that `more` were done; `what` is a source, for its records, or another name."""

    def noted(self, event: Noted, fields: Mapping[str, Fact], /) -> None:
        """Report what a connector did; the field `source` names the connector (see `ports.notes`)."""

    def delivered(self, delivery: Delivery, outcome: Outcome, began_at: datetime, /) -> None:
        """Report an attempt to deliver that began at `began_at`, after its result was committed."""

    def ran(self, report: Report, took_s: float, /) -> None:
        """Report that this thread's run was recorded. A run that was cut off is not reported."""


class Silent(Observer):
    """Does nothing. An observer of a few events overrides their methods."""

    def opened(self, secret: str, /) -> None:
        pass

    def running(self) -> AbstractContextManager[None]:
        return nullcontext()

    def progressed(self, what: str, more: int, /) -> None:
        pass

    def noted(self, event: Noted, fields: Mapping[str, Fact], /) -> None:
        pass

    def delivered(self, delivery: Delivery, outcome: Outcome, began_at: datetime, /) -> None:
        pass

    def ran(self, report: Report, took_s: float, /) -> None:
        pass


SILENT = Silent()


class All(Observer):
    """Passes everything on to several observers, in their order."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def opened(self, secret: str, /) -> None:
        for one in self._observers:
            one.opened(secret)

    @contextmanager
    def running(self) -> Iterator[None]:
        with ExitStack() as stack:
            for one in self._observers:
                stack.enter_context(one.running())
            yield

    def progressed(self, what: str, more: int, /) -> None:
        for one in self._observers:
            one.progressed(what, more)

    def noted(self, event: Noted, fields: Mapping[str, Fact], /) -> None:
        for one in self._observers:
            one.noted(event, fields)

    def delivered(self, delivery: Delivery, outcome: Outcome, began_at: datetime, /) -> None:
        for one in self._observers:
            one.delivered(delivery, outcome, began_at)

    def ran(self, report: Report, took_s: float, /) -> None:
        for one in self._observers:
            one.ran(report, took_s)
