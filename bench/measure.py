"""Seconds and memory of the process that asks; medians of runs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

Found = dict[str, float]
T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[T, Found]:
    """What the work returned, and its seconds; those of programs that it started are not in `cpu_s`."""
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    result = work()
    return result, {"wall_s": time.perf_counter() - wall_s, "cpu_s": time.process_time() - cpu_s}


def peak_mib() -> float:
    """Of this program alone: what getrusage tells begins with the peak of whoever started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def median(found: Sequence[Found]) -> Found:
    return {name: statistics.median(one[name] for one in found) for name in found[0]}
