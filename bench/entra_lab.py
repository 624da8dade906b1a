"""A fake Entra ID in a process of its own, so that neither its memory nor its processor time is the readers'.

    tenant(size) -> Lab: where it is, and a line of JSON to it and back for each change

It ends when its standard input does, so that it never outlives whoever started it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

END_S = 10
CHANGED = 100
STRIDE = 7_919  # prime: who changes is spread over the whole tenant


@dataclass(frozen=True, slots=True)
class Spent:
    """What the tenant has done since it began: requests to Graph, and seconds of processor."""

    requests: int
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Lab:
    """`where` is all that a reader needs: entries, options (as a configuration has them), graph_url and token."""

    where: dict[str, Any]
    process: subprocess.Popen[str]

    def spent(self) -> Spent:
        return self._ask(None)

    def change(self, number: int) -> None:
        """Give the title `number` to the next hundred people."""
        self._ask(number)

    def _ask(self, number: int | None) -> Spent:
        assert self.process.stdin is not None
        print(json.dumps(number), file=self.process.stdin, flush=True)
        return Spent(**_line(self.process))


@contextmanager
def tenant(size: int) -> Iterator[Lab]:
    command = [sys.executable, "-m", "bench.entra_lab", str(size)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        lab = Lab(_line(process), process)
        try:
            yield lab
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:  # it waits for its clients, who may be this very process
        process.kill()


def _line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "the fake tenant ended"
    found: dict[str, Any] = json.loads(line)
    return found


def serve(size: int) -> None:
    """Say where it is, then obey line by line."""
    tests = Path(__file__).parents[1] / "tests"
    sys.path[:0] = [str(tests), str(tests / "support")]  # beside it, and no package
    from contracts.entra_world import options  # noqa: PLC0415  not in the processes of readers
    from fakes.graph.lab import FakeEntra  # noqa: PLC0415
    from fakes.graph.population import computed_id  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder, FakeEntra(Path(folder), people=size) as entra:
        where = {"options": options(entra), "graph_url": entra.graph_url, "token": entra.token()}
        print(json.dumps({"entries": size, **where}), flush=True)
        for line in sys.stdin:
            number = json.loads(line)
            for row in range((number or 0) * CHANGED, ((number or 0) + 1) * CHANGED if number else 0):
                entra.tenant.change(computed_id(row * STRIDE % size), jobTitle=f"Moved {number}")
            spent = {"requests": len(entra.graph.log), "cpu_s": time.process_time()}
            print(json.dumps(spent), flush=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
