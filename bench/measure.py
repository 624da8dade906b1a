"""Seconds and memory of the process that asks, or of a whole program; medians of runs."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, TypeVar

Found = dict[str, float]
T = TypeVar("T")
POLL_S = 0.01


def timed(work: Callable[[], T]) -> tuple[T, Found]:
    """What the work returned, and its seconds; those of programs that it started are not in `cpu_s`."""
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    result = work()
    return result, {"wall_s": time.perf_counter() - wall_s, "cpu_s": time.process_time() - cpu_s}


def peak_mib() -> float:
    """Of this program alone: what getrusage tells begins with the peak of whoever started it."""
    return _peak_mib("self")


def _peak_mib(process: str) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return max((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), default=0.0)


def whole_program(command: Sequence[str], out: IO[bytes], more: Mapping[str, str]) -> tuple[int, Found]:
    """Run a program with `more` environment; its exit code, and its seconds and peak from start to end."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env={**os.environ, **more})
    peak = 0.0
    while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
        peak = max(peak, _peak_mib(str(process.pid)))
        time.sleep(POLL_S)
    wall_s = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(ended[1])
    cpu_s = ended[2].ru_utime + ended[2].ru_stime
    return process.returncode, {"wall_s": wall_s, "cpu_s": cpu_s, "peak_mib": peak}


def median(found: Sequence[Found]) -> Found:
    return {name: statistics.median(one[name] for one in found) for name in found[0]}
