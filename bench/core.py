"""make bench-core: loading, a full reconcile, a batch of leavers, and memory, each against its peer in the same run.

Each (database, size) runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.company import PAGE, START, Company, CompanyDirectory, CompanyInventory
from bench.postgres import database
from worker.app.jobs.inventory import InventoryRules, TakeInventory
from worker.app.jobs.poll import Poll, PollRules
from worker.app.jobs.reconcile import Reconcile, ReconcileRules
from worker.app.tell.alarms import Alarms
from worker.app.tell.health import Freshness
from worker.app.tell.teller import Teller
from worker.domain.people.leaver import LeaverPolicy
from worker.domain.reconcile.engine import TicketRules
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.text.tongue import ENGLISH_ONLY
from worker.ports import takes_all
from worker.ports.state.groups import Unlisted
from worker.ports.state.store import Store
from worker.storage.people import KEY_COLUMNS, PERSON_COLUMNS, keys_of
from worker.storage.sql.engine import open_engine
from worker.storage.sql.mapping import facts_to_json
from worker.storage.sql.migrate import migrate
from worker.storage.sql.tables import membership, metadata, person, person_key, to_micros
from worker.storage.staging import MEMBER_COLUMNS
from worker.storage.store import SqlStore

SIZES = (10_000, 100_000)
CHANGED = 1_000
NO_LIMITS = GuardLimits(None, None, None, None)
RULES = TicketRules(timedelta(hours=24), timedelta(hours=4), "accountable@example.org")


def main() -> None:
    """Run all, print one table a database."""
    if len(sys.argv) > 2 and sys.argv[2] == "one":
        print(json.dumps(measure(sys.argv[3], int(sys.argv[4]))))
        return
    for name in ("SQLite", "PostgreSQL"):
        with _url(name) as urls:
            results = {size: _child(url, size) for size, url in zip(SIZES, urls, strict=True)}
        _print(name, results)


@contextmanager
def _url(name: str) -> Iterator[list[str]]:
    if name == "SQLite":
        with tempfile.TemporaryDirectory() as folder:
            yield [f"sqlite:///{Path(folder) / f'{size}.db'}" for size in SIZES]
    else:
        with database() as small, database() as large:
            yield [small, large]


def _child(url: str, size: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench", "core", "one", url, str(size)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _timed(what: Callable[[], Any]) -> float:
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


def measure(url: str, size: int) -> dict[str, float]:
    """All figures for one database and one size, in seconds and MiB."""
    engine = open_engine(url)
    migrate(engine)
    company = Company(size)
    store = SqlStore(engine)
    found: dict[str, float] = {"raw_load": _raw_load(engine, company)}
    directory, inventory = CompanyDirectory(company), CompanyInventory(company)
    poll, take, reconcile = jobs_of(store, directory, inventory)
    found["load"] = _timed(lambda: _load(store, company))
    store_fresh = _emptied(engine)
    poll, take, reconcile = jobs_of(store_fresh, directory, inventory)
    found["poll"] = _timed(lambda: poll.run_once(START))
    found["inventory"] = _timed(lambda: take.run_once(START))
    found["match"] = _timed(lambda: reconcile.run_once(START))
    gone = company.leavers(CHANGED)
    directory.company = company.with_left(gone)
    later = START + timedelta(hours=1)
    found["batch"] = _timed(lambda: (poll.run_once(later), reconcile.run_once(later)))
    with engine.begin() as connection:
        found["tickets"] = connection.execute(sa.text("SELECT count(*) FROM ticket")).scalar_one()
    found["anti_join"] = min(_timed(lambda: _anti_join(engine)) for _ in range(3))
    found["reconcile"] = min(_timed(lambda: reconcile.run_once(later, full=True)) for _ in range(3))
    found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    engine.dispose()
    return found


def jobs_of(
    store: Store, directory: CompanyDirectory, inventory: CompanyInventory
) -> tuple[Poll, TakeInventory, Reconcile]:
    fresh = Freshness(timedelta(days=2), {})
    rules = PollRules(LeaverPolicy(), NO_LIMITS, fresh, (), Teller("UTC", ENGLISH_ONLY))
    name = inventory.name
    reading = InventoryRules(NO_LIMITS, {name: timedelta(minutes=15)}, {name: takes_all})
    return (
        Poll(store, [directory], rules),
        TakeInventory(store, [inventory], reading, Alarms()),
        Reconcile(store, ReconcileRules(RULES, NO_LIMITS, (), Teller("UTC", ENGLISH_ONLY))),
    )


# --- loading, and the peer: the same rows given to the driver as they are -------------------------------------


def _load(store: SqlStore, company: Company) -> None:
    """Stage and apply everybody and every membership, as poll and inventory do, without matching anybody."""
    with store.begin() as uow:
        for start in range(0, company.people, PAGE):
            numbers = range(start, min(start + PAGE, company.people))
            uow.people.stage("corp", [(company.person(n), None) for n in numbers])
        uow.people.apply_stage("corp", is_full=True, taken_at=START, now=START)
        uow.rosters.stage("groups", (company.roster(g) for g in range(company.groups)))
        uow.rosters.apply_stage("groups", now=START, limits=NO_LIMITS, rest=Unlisted())


def rows_of(
    company: Company,
) -> list[tuple[sa.Table, tuple[str, ...], Callable[[], Iterable[tuple[Any, ...]]]]]:
    at = to_micros(START)

    def people() -> Iterator[tuple[Any, ...]]:
        for n in range(company.people):
            facts = company.person(n)
            yield ("corp", facts.person_id, facts.display_name, facts.email, facts.department or "",
                   facts_to_json(facts), 0, "active", None, None, None, at, at)  # fmt: skip

    def keys() -> Iterator[tuple[Any, ...]]:
        for n in range(company.people):
            facts = company.person(n)
            yield from (("corp", facts.person_id, *key) for key in keys_of(facts))

    def members() -> Iterator[tuple[Any, ...]]:
        for g in range(company.groups):
            roster = company.roster(g)
            for m in roster.members:
                yield (
                    "groups",
                    roster.group.group_id,
                    m.handle,
                    m.display_name,
                    m.role.value,
                    m.phone,
                    *(None,) * (len(MEMBER_COLUMNS) - 6),
                )

    return [
        (person, PERSON_COLUMNS, people),
        (person_key, KEY_COLUMNS, keys),
        (membership, MEMBER_COLUMNS, members),
    ]


def _raw_load(engine: sa.Engine, company: Company) -> float:
    """The peer: COPY (PostgreSQL) or executemany (SQLite) of the same rows into the same empty tables."""

    def load() -> None:
        with engine.begin() as connection:
            for table, columns, rows in rows_of(company):
                _raw(connection, table, columns, rows())

    took = _timed(load)
    _emptied(engine)
    return took


def _raw(
    connection: sa.Connection, table: sa.Table, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]
) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    driver = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in columns)
        inserting = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'  # noqa: S608
        driver.executemany(inserting, rows)  # type: ignore[arg-type]  # the driver takes any iterable
        return
    with driver.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def _emptied(engine: sa.Engine) -> SqlStore:
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(sa.delete(table))
    return SqlStore(engine)


# --- the peer of a full reconcile -----------------------------------------------------------------------------


def _anti_join(engine: sa.Engine) -> None:
    """The bare query: memberships whose person has left and that no removal ticket names."""
    query = sa.text(
        "SELECT count(*) FROM membership m JOIN link l ON l.source = m.source AND l.handle = m.handle "
        "LEFT JOIN person p ON p.source = l.person_source AND p.person_id = l.person_id "
        "WHERE coalesce(p.standing, 'left') = 'left' AND NOT EXISTS (SELECT 1 FROM ticket t WHERE "
        "t.source = m.source AND t.group_id = m.group_id AND t.handle = m.handle AND t.kind = 'remove_member')"
    )
    with engine.begin() as connection:
        connection.execute(query).scalar_one()


# --- the table ------------------------------------------------------------------------------------------------


def _print(name: str, results: dict[int, dict[str, float]]) -> None:
    small, large = (results[size] for size in SIZES)
    print(f"\n{name}: {SIZES[1]:,} people, {SIZES[1] // 20:,} groups, {SIZES[1] * 5:,} memberships")
    rows = [
        ("loading", large["load"], large["raw_load"], "raw COPY / executemany", 3.0),
        ("full reconcile", large["reconcile"], large["anti_join"], "bare anti-join", 3.0),
        (f"{CHANGED:,} leavers -> {large['tickets']:,.0f} tickets", large["batch"], 2.0, "2 s", 1.0),
        ("  the same, against 10,000 people", large["batch"], small["batch"], "10,000 people", 1.5),
    ]
    print(f"{'what':<40} {'ours':>9} {'peer':>9}  {'ratio':>6}  {'aim':>5}  peer")
    for what, ours, peer, named, aim in rows:
        ratio = ours / peer
        verdict = "ok" if ratio <= aim else "OVER"
        print(f"{what:<40} {ours:>7.2f} s {peer:>7.2f} s  {ratio:>6.2f}  {aim:>4.1f}x  {named}  {verdict}")
    print(f"{'peak memory':<40} {large['memory']:>5.0f} MiB {small['memory']:>5.0f} MiB  "
          f"{large['memory'] / small['memory']:>6.2f}   300 MiB  10,000 people")  # fmt: skip
    print(f"first pass, in parts: poll {large['poll']:.1f} s, inventory {large['inventory']:.1f} s, "
          f"matching and first reconcile {large['match']:.1f} s")  # fmt: skip
