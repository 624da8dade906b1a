"""What a process tells of its work while it goes on: to whoever shows progress, counts, logs, or traces."""

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
        """The database is there; `secret` is known to all of its processes, and to those of no other."""

    def running(self) -> AbstractContextManager[None]:
        """Is around the run of a job, in its thread."""

    def progressed(self, what: str, more: int, /) -> None:
        """So many more were done, of a source's records or of whatever else is named."""

    def noted(self, event: Noted, fields: Mapping[str, Fact], /) -> None:
        """A connector did something; the field `source` says which one (see `ports.notes`)."""

    def delivered(self, delivery: Delivery, outcome: Outcome, began_at: datetime, /) -> None:
        """An attempt to deliver, under way since `began_at`, was made, and its result committed."""

    def ran(self, report: Report, took_s: float, /) -> None:
        """The run in this thread is recorded. One that was cut off is not told of."""


class Silent(Observer):
    """Does nothing; observers of a few events override those."""

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
    """Tells several, in their order."""

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
