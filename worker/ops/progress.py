"""Progress of long passes: bars on standard error if that is a terminal, else nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from worker.app.jobs.observer import Silent
from worker.ops.terminal import Terminal

SHOW_AFTER_S = 1.0  # a pass that is over sooner shows nothing


@contextmanager
def progress_bars(console: Console | None = None) -> Iterator[ProgressBars]:
    """Bars that are gone when the context ends."""
    bars = ProgressBars(console)
    try:
        yield bars
    finally:
        bars.close()


class ProgressBars(Silent):
    """Shows progress. Call `close` at the end.

    The total is not known beforehand, so a bar is a count and its rate. Nothing shows in the first second. May be
    called from several threads.
    """

    def __init__(self, console: Console | None = None, clock_s: Callable[[], float] = monotonic) -> None:
        self._console = console or Terminal(stderr=True)
        self._clock_s = clock_s
        self._lock = Lock()
        self._bars: Bars | None = None
        self._tasks: dict[str, TaskID] = {}
        self._done: dict[str, int] = {}
        self._since = clock_s()

    def progressed(self, what: str, more: int, /) -> None:
        if not self._console.is_terminal:
            return
        with self._lock:
            self._done[what] = self._done.get(what, 0) + more
            if self._clock_s() - self._since >= SHOW_AFTER_S:
                self._show(what)

    def close(self) -> None:
        """Take the bars away; new ones show after a second at the earliest."""
        with self._lock:
            if self._bars is not None:
                self._bars.stop()
            self._bars = None
            self._since = self._clock_s()
            self._tasks.clear()
            self._done.clear()

    def _show(self, what: str) -> None:
        if self._bars is None:
            self._bars = Bars(
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                TextColumn("{task.completed:,.0f}"),
                TextColumn("{task.fields[rate]}"),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._bars.start()
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=None, rate="")
        passed_s = self._clock_s() - self._since
        rate = f"{self._done[what] / passed_s:,.0f}/s" if passed_s else ""
        self._bars.update(self._tasks[what], completed=self._done[what], rate=rate)
