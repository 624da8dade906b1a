"""Asking what may never answer (a database behind a dead line): who asks waits for so long, and no longer."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from time import monotonic
from typing import Generic, TypeVar

WAIT_S = 2.0

T = TypeVar("T")


class Unanswered(Exception):
    """No answer yet. It is still waited for, and nobody asks again until it has come."""


class PatientCall(Generic[T]):
    """One question, asked in a thread of its own, of which there is one at most.

    Whoever asks while it waits shares its answer. An answer, be it an error, is good for `keep_s` from when it
    was asked for.
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
        """The answer. Raises what the question raised, or Unanswered when it was asked over `wait_s` ago."""
        with self._lock:
            now_s = self._clock_s()
            began_s, future = self._asked = self._current(now_s)
        try:
            return future.result(max(began_s + self._wait_s - now_s, 0))
        except TimeoutError:
            if future.done():  # the answer itself was a time-out
                raise
            raise Unanswered(f"no answer for {self._clock_s() - began_s:.0f} s") from None

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
        except BaseException as error:  # noqa: BLE001  whoever asks gets it
            future.set_exception(error)
