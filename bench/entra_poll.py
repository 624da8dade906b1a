"""Rounds into an empty SQLite database, in a process of their own: python -m bench.entra_poll < where.json

First everybody, then deltas; each delta is read by itself and by a poll. Each answer is asserted. The tenant is of
this process, which changes it; what changes it is not counted.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from bench.entra_lab import CHANGED, Lab, tenant
from bench.entra_read import directory_of, read
from bench.measure import Found, median, peak_mib, timed
from bench.wired import app_over
from worker.ports import Port
from worker.storage.sql.engine import open_engine
from worker.storage.sql.migrate import migrate
from worker.storage.store import SqlStore

ROUNDS = 5
EMPTY_ROUNDS = 20


class Polled:
    """A tenant and the database that it is polled into."""

    def __init__(self, lab: Lab, url: str) -> None:
        self.directory = directory_of(lab.where)
        self._lab = lab
        self._engine = open_engine(url)
        migrate(self._engine)
        self._store = SqlStore(self._engine)
        self._poll = app_over(self._store, [self.directory]).poll

    def poll(self) -> dict[str, int]:
        report = self._poll.run_once(datetime.now(UTC))
        assert not report.troubles, report.troubles
        return dict(report.counts)

    def people(self) -> int:
        with self._engine.begin() as connection:
            return int(connection.execute(sa.text("SELECT count(*) FROM person")).scalar_one())

    def cursor(self) -> str:
        with self._store.begin() as uow:
            cursor = uow.sources.get(self.directory.name, Port.DIRECTORY).cursor
        assert cursor is not None
        return cursor

    def counted(self, work: Callable[[], Any]) -> tuple[Any, Found]:
        """What the work returned; its seconds, its requests to Graph, and the tenant's seconds."""
        before = self._lab.spent()
        result, found = timed(work)
        after = self._lab.spent()
        return result, {
            **found,
            "requests": after.requests - before.requests,
            "server_s": after.cpu_s - before.cpu_s,
        }


def measure(lab: Lab, url: str) -> dict[str, Found]:
    """The first poll, and medians of deltas with a hundred changes and with none."""
    polled = Polled(lab, url)
    _, everybody = polled.counted(polled.poll)
    assert polled.people() == lab.where["entries"]
    found = {"into SQLite": {**everybody, "entries": lab.where["entries"], "peak_mib": peak_mib()}}

    def nothing(_: int) -> None: ...

    for name, rounds, change, count in (
        (f"{CHANGED} changes", ROUNDS, lab.change, CHANGED),
        ("no change", EMPTY_ROUNDS, nothing, 0),
    ):
        deltas, polls = [], []
        for number in range(1, rounds + 1):
            change(number)
            (entries, end), delta = polled.counted(partial(read, polled.directory, polled.cursor()))
            assert (entries, end.is_full, end.is_unchanged) == (count, False, not count)
            counts, poll = polled.counted(polled.poll)
            assert (counts["changed"], counts["unchanged"]) == (count, int(not count)), counts
            deltas.append(delta)
            polls.append(poll)
        found |= {f"delta, {name}": median(deltas), f"poll into SQLite, {name}": median(polls)}
    polled.directory.close()  # the fake waits for its clients
    return found


def main() -> None:
    where = json.load(sys.stdin)
    with tenant(where["entries"]) as lab, tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(lab, f"sqlite:///{folder}/whosleft.db")))


if __name__ == "__main__":
    main()
