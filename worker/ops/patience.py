"""Ask a database that may never answer, as behind a dead line, and wait only for a limited time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from time import monotonic
from typing import Generic, TypeVar

from worker.storage.sql.errors import REACHING, StorageError

WAIT_S = 2.0

T = TypeVar("T")


class Unanswered(StorageError):
    """No answer yet. The call still waits for it, and is not repeated until it has come."""

    passes = True


class PatientCall(Generic[T]):
    """One call, made in a thread of its own; there is at most one such thread.

    Callers that come while it waits share its answer. An answer or error is reused for `keep_s`, counted from the
    start of its call.
    """

    def __init__(
        self,
        ask: Callable[[], T],
        *,
        wait_s: float = WAIT_S,
        keep_s: float = 0.0,
        clock_s: Callable[[], float] = monotonic,
    ) -> None:
        self._ask = ask
        self._wait_s = wait_s
        self._keep_s = keep_s
        self._clock_s = clock_s
        self._lock = Lock()
        self._asked: tuple[float, Future[T]] | None = None

    def answer(self) -> T:
        """Return the answer. Raises the call's own error, or Unanswered if the call began over `wait_s` ago."""
        with self._lock:
            now_s = self._clock_s()
            began_s, future = self._asked = self._current(now_s)
        try:
            return future.result(max(began_s + self._wait_s - now_s, 0))
        except TimeoutError:
            if future.done():  # the answer itself was a time-out
                raise
            waited_s = self._clock_s() - began_s
            raise Unanswered(
                f"the database does not answer (no answer for {waited_s:.0f} s). {REACHING}"
            ) from None

    def _current(self, now_s: float) -> tuple[float, Future[T]]:
        if self._asked is not None:
            began_s, future = self._asked
            if not future.done() or now_s - began_s < self._keep_s:
                return self._asked
        future = Future()
        Thread(target=self._run, args=(future,), name="question", daemon=True).start()
        return now_s, future

    def _run(self, future: Future[T]) -> None:
        try:
            future.set_result(self._ask())
        except BaseException as error:  # noqa: BLE001  `answer` raises it
            future.set_exception(error)
