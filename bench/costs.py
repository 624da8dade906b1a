"""make bench-costs: what docs/scale.md multiplies: bytes a row, seconds a pass, the longest transaction, a delivery.

    python -m bench costs [PEOPLE]          20,000 people, 100,000 memberships, on SQLite and PostgreSQL
    python -m bench costs each URL PEOPLE   one database, as JSON

Deliveries go to a channel that takes them and does nothing, so that only the worker and its database are measured.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import perf_counter

import sqlalchemy as sa
from sqlalchemy import event

from bench.company import START, Company, CompanyDirectory, CompanyInventory
from bench.measure import peak_mib, timed_with_server
from bench.outbox_ours import letter
from bench.postgres import database
from bench.wired import Sink, app_over
from worker.app.jobs.delivery_pass import DELIVERIES_MAX
from worker.domain.evidence.journal import Entry
from worker.storage.sql.engine import open_engine
from worker.storage.sql.migrate import migrate
from worker.storage.store import SqlStore

PEOPLE = 20_000
RECIPIENTS = 1_000
LATER = timedelta(hours=1)
WEIGHED = ("person", "person_key", "membership", "link", "ticket", "journal", "outbox", "delivery")
MEASURED = {"CPU, ": "cpu_s", "": "wall_s"}


def main() -> None:
    """Run both databases, print one table."""
    if sys.argv[2:3] == ["each"]:
        print(json.dumps(measure(sys.argv[3], int(sys.argv[4]))))
        return
    people = int(sys.argv[2]) if sys.argv[2:] else PEOPLE
    found = {}
    for name in ("SQLite", "PostgreSQL"):
        with _url(name) as url:
            found[name] = _child(url, people)
    _print(people, found)


@contextmanager
def _url(name: str) -> Iterator[str]:
    if name == "SQLite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'costs.db'}"
    else:
        with database() as url:
            yield url


def _child(url: str, people: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench", "costs", "each", url, str(people)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(url: str, people: int, readers: int = RECIPIENTS) -> dict[str, float]:
    """Seconds and bytes of one database, each under its name and unit. `readers`: a multiple of a pass's deliveries."""
    engine = open_engine(url)
    migrate(engine)
    company = Company(people)
    directory, inventory = CompanyDirectory(company), CompanyInventory(company)
    worker = app_over(SqlStore(engine), [directory], [inventory])
    poll, take, reconcile = worker.poll, worker.inventory, worker.reconcile
    watch = _Longest(engine)
    found: dict[str, float] = {}
    found |= watch.of("first poll", lambda: poll.run_once(START))
    found |= watch.of("first inventory", lambda: take.run_once(START))
    found |= watch.of("first reconcile", lambda: reconcile.run_once(START))
    company.now = START + LATER
    found |= watch.of("same poll", lambda: poll.run_once(START + LATER, full=True))
    found |= watch.of("same inventory", lambda: take.run_once(START + LATER))
    found |= watch.of("full reconcile", lambda: reconcile.run_once(START + LATER, full=True))
    directory.company = company.with_left(company.leavers(people // 100))
    found |= watch.of("leavers poll", lambda: poll.run_once(START + 2 * LATER))
    found |= watch.of("leavers reconcile", lambda: reconcile.run_once(START + 2 * LATER))
    found |= _deliveries(engine, watch, readers)
    found |= _journal(engine, watch, readers)
    found |= {"peak memory, MiB": peak_mib()} | _sizes(engine)
    engine.dispose()
    return found


@dataclass
class _Longest:
    """The longest time from a transaction's begin to its commit."""

    engine: sa.Engine
    longest_s: float = 0.0
    _begun: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        event.listen(self.engine, "begin", self._begin)
        event.listen(self.engine, "commit", self._commit)

    def _begin(self, connection: sa.Connection) -> None:
        self._begun[id(connection)] = perf_counter()

    def _commit(self, connection: sa.Connection) -> None:
        self.longest_s = max(self.longest_s, perf_counter() - self._begun[id(connection)])

    def of(self, name: str, work: Callable[[], object]) -> dict[str, float]:
        self.longest_s = 0.0
        _, seconds = timed_with_server(self.engine, work)
        return {
            f"{name}: CPU, s": seconds["cpu_s"],
            f"{name}: s": seconds["wall_s"],
            f"{name}: longest transaction, s": self.longest_s,
        }


# --- messages and the journal -----------------------------------------------------------------------------------


def _deliveries(engine: sa.Engine, watch: _Longest, readers: int) -> dict[str, float]:
    """Fold and send a message to each of many people, with the channel left alone while they are folded."""
    store, now = SqlStore(engine), START + 3 * LATER
    with store.begin() as uow:
        for recipient, _, _ in uow.outbox.waiting(now, now):
            uow.outbox.give_up(recipient, now)
        uow.outbox.add([letter(number, number) for number in range(readers)], now)
        uow.outbox.leave_alone(Sink.name, now + LATER)
    at = [now]
    deliver = app_over(store, clock=lambda: at[0]).deliver
    folding = watch.of("folding", lambda: deliver.run_once(now))
    at[0] += 2 * LATER

    def send() -> int:
        runs = readers // DELIVERIES_MAX
        return sum(deliver.run_once(at[0]).counts["sent"] for _ in range(runs))

    count, sending = timed_with_server(engine, send)
    assert count == readers, count
    each = {
        f"claim, send nothing, mark: {what}ms": 1000 * sending[key] / count for what, key in MEASURED.items()
    }
    return {**folding, "fold one recipient: CPU, ms": 1000 * folding["folding: CPU, s"] / readers, **each}


def _journal(engine: sa.Engine, watch: _Longest, events: int) -> dict[str, float]:
    """One event in each transaction, as what people do is written."""
    store = SqlStore(engine)

    def write() -> None:
        for number in range(events):
            with store.begin() as uow:
                uow.journal.append([Entry(START, "bench", "bench.event", f"ticket:{number}")])

    found = watch.of("journal", write)
    return {"a transaction with one event: ms": 1000 * found["journal: s"] / events}


# --- bytes ------------------------------------------------------------------------------------------------------


def _sizes(engine: sa.Engine) -> dict[str, float]:
    """Bytes a row with its indexes; on PostgreSQL without dead rows."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("VACUUM FULL")
        found = {}
        for table in WEIGHED:
            rows = connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608
            if rows and (size := _bytes(connection, table)):
                found[f"a row of {table}: bytes"] = size / rows
        return found


def _bytes(connection: sa.Connection, table: str) -> int:
    if connection.dialect.name == "postgresql":
        query = sa.text("SELECT pg_total_relation_size(CAST(:name AS regclass))")
        return int(connection.execute(query, {"name": table}).scalar_one())
    query = sa.text(
        "SELECT sum(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_master WHERE tbl_name = :name)"
    )
    try:
        return int(connection.execute(query, {"name": table}).scalar_one())
    except sa.exc.OperationalError:  # this SQLite was built without dbstat
        return 0


# --- the table --------------------------------------------------------------------------------------------------


def _print(people: int, found: dict[str, dict[str, float]]) -> None:
    lite, post = found["SQLite"], found["PostgreSQL"]
    print(
        f"\n{people:,} people, {people // 20:,} groups, {people * 5:,} memberships, {people // 100:,} leavers"
    )
    print(f"{'what':<48}{'SQLite':>12}{'PostgreSQL':>12}")
    for what in post:
        print(f"{what:<48}{lite.get(what, 0):>12.2f}{post[what]:>12.2f}")
