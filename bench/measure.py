"""Seconds and memory of the process that asks, of its database server, or of a whole program; medians of runs."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

import sqlalchemy as sa

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


def _family(process: str) -> list[str]:
    """A process and all that descend from it, now."""
    found = [process]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += _family(child)
    return found


def _peak_mib(process: str) -> float:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:  # it has ended meanwhile
        return 0.0
    return max((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), default=0.0)


def whole_program(command: Sequence[str], out: IO[bytes], more: Mapping[str, str]) -> tuple[int, Found]:
    """Run a program with `more` environment; its exit code; its seconds and peak, with those of its children."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env={**os.environ, **more})
    peak = 0.0
    while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
        peak = max(peak, sum(map(_peak_mib, _family(str(process.pid)))))
        time.sleep(POLL_S)
    wall_s = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(ended[1])
    cpu_s = ended[2].ru_utime + ended[2].ru_stime
    return process.returncode, {"wall_s": wall_s, "cpu_s": cpu_s, "peak_mib": peak}


def median(found: Sequence[Found]) -> Found:
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


@dataclass(frozen=True, slots=True)
class _Server:
    """A database server of this machine, by the id of its first process; 0: there is none."""

    process: int

    @classmethod
    def of(cls, engine: sa.Engine) -> _Server:
        if engine.dialect.name != "postgresql":
            return cls(0)
        with engine.connect() as connection:
            own = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        return cls(int(_stat(own)[1]))

    def cpu_s(self) -> float:
        """Of all its processes so far, those that have ended, too."""
        if not self.process:
            return 0.0
        fields = [_stat(one) for one in Path("/proc").iterdir() if one.name.isdecimal()]
        ticks = sum(int(one[11]) + int(one[12]) for one in fields if one and int(one[1]) == self.process)
        first = _stat(self.process)
        return (ticks + sum(map(int, first[11:15]))) / os.sysconf("SC_CLK_TCK")


def _stat(process: int | Path) -> list[str]:
    """The fields of a process from its state on; empty if it has ended."""
    path = process if isinstance(process, Path) else Path(f"/proc/{process}")
    try:
        return (path / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def timed_with_server(engine: sa.Engine, work: Callable[[], Any]) -> tuple[Any, Found]:
    """As `timed`, with the CPU of a database server on this machine."""
    server = _Server.of(engine)
    before = server.cpu_s()
    result, found = timed(work)
    return result, {**found, "cpu_s": found["cpu_s"] + server.cpu_s() - before}
