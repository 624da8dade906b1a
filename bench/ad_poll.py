"""Polls of a domain into a database, in a process of their own: python -m bench.ad_poll dirsync|usn < where.json

Each poll's own answer is asserted; what changes the domain runs beside it and is not counted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from bench.ad_lab import STAFF, Database, dn_of, ldif
from bench.ad_where import Where, directory_of
from bench.measure import Found, median, timed
from bench.wired import app_over
from worker.storage.sql.engine import open_engine
from worker.storage.sql.migrate import migrate
from worker.storage.store import SqlStore

CHANGED = 100
ROUNDS = 5
EMPTY_ROUNDS = 20
LOOKS = 100
STRIDE = 7_919  # prime: who changes is spread over the whole directory


class Polled:
    """A domain and the empty database that it is polled into."""

    def __init__(self, where: Where, mode: str = "auto") -> None:
        self.directory = directory_of(where, mode)
        self._engine = open_engine(where["database"])
        migrate(self._engine)
        self._poll = app_over(SqlStore(self._engine), [self.directory]).poll

    def read_everybody(self) -> int:
        """How many people the database holds after the first poll."""
        self.poll()
        with self._engine.begin() as connection:
            return int(connection.execute(sa.text("SELECT count(*) FROM person")).scalar_one())

    def poll(self) -> dict[str, int]:
        report = self._poll.run_once(datetime.now(UTC))
        assert not report.troubles, report.troubles
        return dict(report.counts)


def measure(where: Where, mode: str) -> dict[str, Found]:
    """Medians of a poll after 100 changes, after a change to nobody, of an empty one, and of a look for news."""
    polled = Polled(where, mode)
    size = where["entries"]
    assert polled.read_everybody() == size
    domain = Database(Path(where["folder"]))

    def change_people(number: int) -> None:
        rows = range(number * CHANGED, (number + 1) * CHANGED)
        dns = (dn_of(row * STRIDE % size) for row in rows)
        domain.ldbmodify(_with_new("title", f"Moved by {mode} {number}", dns))

    def change_nobody(number: int) -> None:
        domain.ldbmodify(_with_new("description", f"{mode} {number}", [STAFF]))

    looks = []
    before = polled.directory.watermark()
    assert before is not None
    for _ in range(LOOKS):
        seen, found = timed(polled.directory.watermark)
        assert seen == before
        looks.append(found)
    change_people(ROUNDS)
    assert polled.directory.watermark() != before
    polled.poll()
    return {
        f"poll, {CHANGED} changes": _polls(polled, ROUNDS, change_people, "changed", CHANGED),
        "poll, a change to nobody": _polls(polled, ROUNDS, change_nobody, "unchanged", 1),
        "poll, no change": _polls(polled, EMPTY_ROUNDS, lambda _: None, "unchanged", 1),
        "look for news": median(looks),
    }


def _polls(polled: Polled, rounds: int, change: Callable[[int], None], counter: str, count: int) -> Found:
    polls = []
    for number in range(rounds):
        change(number)
        counts, found = timed(polled.poll)
        assert counts[counter] == count, counts
        polls.append(found)
    return median(polls)


def _with_new(attribute: str, value: str, dns: Iterable[str]) -> str:
    return "".join(ldif.modify(dn, {attribute: value}) for dn in dns)


if __name__ == "__main__":
    print(json.dumps(measure(json.load(sys.stdin), sys.argv[1])))
