"""How a process ends in which a job may still hang in a read."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from threading import enumerate as running_threads
from time import monotonic
from types import FrameType
from typing import NoReturn

THREADS = "jobs"  # how the names of the threads begin that run jobs
LEAVE_S = 1.0  # for threads that have nothing more to do
told_by: list[signal.Signals] = []  # which signal told this process to end, if any


def end_process(code: int) -> NoReturn:
    """End the process at once: an ordinary exit would wait for threads that hang in a read."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # a pipe that nobody reads, or closed
            continue
    os._exit(code)


def unwind_at_signals() -> None:
    """Let SIGTERM and SIGHUP end a command as Ctrl-C does: copies of the database are removed, leases given back.

    One that the process was started to ignore, as by nohup, stays ignored. Python swallows what a handler raises in the
    callback of a weak reference, as while a module is imported: what waits to be told to end must look at `told_by`.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _unwind)


def _unwind(number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_DFL)  # a second one ends the process at once
    told_by.append(signal.Signals(number))
    sys.exit(128 + number)


def leave(code: int, end: Callable[[int], None] = end_process) -> None:
    """End the process with this code if a job that was left to itself still hangs; call it when all else has ended."""
    until_s = monotonic() + LEAVE_S
    for thread in [one for one in running_threads() if one.name.startswith(THREADS)]:
        thread.join(max(until_s - monotonic(), 0))
        if thread.is_alive():
            end(code)
            return
