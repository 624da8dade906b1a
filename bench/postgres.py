"""A throw-away PostgreSQL for benchmarks: the tests' own server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def database(*, durable: bool = False) -> Iterator[str]:
    """Yield the address of an empty database; server and database are gone afterwards.

    `durable`: each commit waits for the disk, as it does where the server keeps something.
    """
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
    from postgres import running_server  # noqa: PLC0415  beside the tests, which are no package

    with running_server(durable=durable) as server, server.database() as url:
        yield url
