"""The fake Entra ID in a process of its own, so that a benchmark measures its client alone.

    serving(folder, people=200_000) -> Served: addresses, credentials, a token;  .tell("disable", 500)

It lives as long as its input is open, so it goes with whoever started it, however that ends.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakes.graph.lab import FakeEntra

Json = dict[str, Any]
TESTS = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Served:
    """`facts`: graph_url, authority, ca_file, tenant_id, client_id, secret, token (with the product's own rights)."""

    facts: Json
    process: subprocess.Popen[str]

    def tell(self, order: str, value: int = 0) -> int:
        """Give an order, and return its number: `disable` or `delete` the first so many people, `page_size`,
        `requests` (how many there were), `units` (resource units spent).
        """
        assert self.process.stdin, "the process has no input"
        assert self.process.stdout, "the process has no output"
        print(json.dumps([order, value]), file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())


@contextmanager
def serving(folder: Path, *, people: int = 0) -> Iterator[Served]:
    """Serve a tenant of so many computed people (see graph.population) until the end of the block."""
    command = (sys.executable, "-m", "fakes.graph.serve", str(folder), str(people))
    path = os.pathsep.join(
        filter(None, (str(TESTS), str(TESTS / "support"), os.environ.get("PYTHONPATH", "")))
    )
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        assert process.stdout, "the process has no output"
        assert process.stdin, "the process has no input"
        yield Served(json.loads(process.stdout.readline()), process)
        process.stdin.close()


def main(folder: str, people: str) -> None:
    """Serve, and obey one order a line, until the input ends."""
    with FakeEntra(Path(folder), people=int(people)) as entra:
        places = {"graph_url": entra.graph_url, "authority": entra.authority, "ca_file": str(entra.ca_file)}
        _say(json.dumps({**places, **entra.credentials, "token": entra.token()}))
        orders = _orders(entra)
        for line in sys.stdin:
            order, value = json.loads(line)
            _say(str(orders[order](value)))


def _orders(entra: FakeEntra) -> dict[str, Callable[[int], int]]:
    def each(act: Callable[[str], None]) -> Callable[[int], int]:
        def do(count: int) -> int:
            for user in [entra.tenant.at(place) for place in range(count)]:
                act(user.id)
            return count

        return do

    def page_size(value: int) -> int:
        entra.graph.delta.settings.page_size = value
        return value

    return {
        "disable": each(entra.tenant.disable),
        "delete": each(entra.tenant.delete),
        "page_size": page_size,
        "requests": lambda _: len(entra.graph.log),
        "units": lambda _: entra.graph.units,
    }


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
