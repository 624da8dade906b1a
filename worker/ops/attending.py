"""Threads for what people do in channels: what is stored wakes them, and they take it, one thing after the other.

They also look by themselves, for what another process stored and could not take. Any number of processes may do this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from threading import Event, Semaphore, Thread

import structlog

from worker.app.acts.interacting import Interacting
from worker.ops import events
from worker.ports.connectors.conversing import Interaction

THREADS = 4  # a look-up takes up to a second, and a form has to open within three
LOOK_S = 5.0

log = structlog.stdlib.get_logger(__name__)


@contextmanager
def attended(interacting: Interacting, clock: Callable[[], datetime]) -> Iterator[None]:
    """Listen to all notifiers in which people act, and take what they do, until the end of the context.

    What has begun is finished. Without such notifiers, nothing is started: what was stored while there were some is
    told as lost.
    """
    if not interacting.notifiers:
        _take_all(interacting, clock)
        yield
        return
    work, ended = Semaphore(0), Event()

    def keep(notifier: str, one: Interaction) -> None:
        if interacting.keep(notifier, one, clock()):
            work.release()

    threads = [
        Thread(target=_attend, args=(interacting, clock, work, ended), name=f"attending {number}")
        for number in range(THREADS)
    ]
    with ExitStack() as stack:
        stack.callback(_end, threads, work, ended)
        for thread in threads:
            thread.start()
        for notifier in interacting.notifiers:
            stack.enter_context(notifier.listen(partial(keep, notifier.name)))
        yield


def _attend(interacting: Interacting, clock: Callable[[], datetime], work: Semaphore, ended: Event) -> None:
    while not ended.is_set():
        work.acquire(timeout=LOOK_S)
        _take_all(interacting, clock, ended.is_set)


def _take_all(
    interacting: Interacting, clock: Callable[[], datetime], is_over: Callable[[], bool] = lambda: False
) -> None:
    try:
        while not is_over() and interacting.take(clock()):
            pass
    except Exception as error:  # the process has to live on; the claim ends, and it is tried again
        log.exception(events.ATTENDING_FAILED, error=type(error).__name__)


def _end(threads: list[Thread], work: Semaphore, ended: Event) -> None:
    ended.set()
    work.release(len(threads))
    for thread in threads:
        thread.join()
