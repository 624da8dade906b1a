"""How a process ends in which a job may still hang in a read."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from threading import enumerate as running_threads
from time import monotonic
from typing import NoReturn

THREADS = "jobs"  # how the names of the threads begin that run jobs
LEAVE_S = 1.0  # for threads that have nothing more to do


def end_process(code: int) -> NoReturn:
    """End the process at once: an ordinary exit would wait for threads that hang in a read."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # a pipe that nobody reads, or closed
            continue
    os._exit(code)


def leave(code: int, end: Callable[[int], None] = end_process) -> None:
    """End the process with this code if a job that was left to itself still hangs; call it when all else has ended."""
    until_s = monotonic() + LEAVE_S
    for thread in [one for one in running_threads() if one.name.startswith(THREADS)]:
        thread.join(max(until_s - monotonic(), 0))
        if thread.is_alive():
            end(code)
            return
