"""make bench-core: loading, matching, a full reconcile, a batch of leavers, and memory, each against its peer.

Each (database, size) runs in a process of its own, so that its peak memory is its own. CPU is that of the process and
of its database server. The figures go into docs/performance.md.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import rapidfuzz.process  # noqa: F401  a worker loads it once, when it first compares names: no part of a match
import sqlalchemy as sa

from bench.company import PAGE, START, Company, CompanyDirectory, CompanyInventory, Mixed
from bench.measure import Found, peak_mib, timed_with_server
from bench.page import MILLION, Part, write_between, write_page
from bench.postgres import database
from bench.wired import NO_LIMITS, app_over
from worker.app.jobs.matching import Matching
from worker.domain.model import AccountFacts, Roster
from worker.ports.state.groups import Unlisted
from worker.ports.state.people import JudgedFacts
from worker.ports.state.store import Store
from worker.storage.people_passes import PERSON_COLUMNS
from worker.storage.people_rows import keys_of
from worker.storage.people_staging import KEY_COLUMNS
from worker.storage.sql.chunks import chunked
from worker.storage.sql.engine import open_engine
from worker.storage.sql.mapping import facts_to_json
from worker.storage.sql.migrate import migrate
from worker.storage.sql.tables import link, membership, metadata, person, person_key, ticket, to_micros
from worker.storage.staging import MEMBER_COLUMNS
from worker.storage.store import SqlStore

DATABASES = ("SQLite", "PostgreSQL")
SIZES, MILLION_PEOPLE = (10_000, 100_000), 1_000_000
CHANGED = 1_000
GROUPS_PAGE = 50  # as many members as the inventory job stages at a time


@dataclass(frozen=True, slots=True)
class Measured:
    """One company in one database. `tickets` came of the leavers; `memory_mib` is the peak of the whole process."""

    size: int
    groups: int
    memberships: int
    load: Found
    raw_load: Found
    match: Found
    hash_join: Found
    batch: Found
    reconcile: Found
    anti_join: Found
    tickets: int
    memory_mib: float


def main() -> None:
    """Run all, print one table a database, and write the page.

    `N`: so many people instead of a hundred thousand; the page has a place for a million.
    """
    wanted = sys.argv[2:]
    if wanted[:1] == ["one"]:
        print(json.dumps(asdict(measure(wanted[1], int(wanted[2])))))
        return
    sizes = (SIZES[0], int(wanted[0])) if wanted else SIZES
    parts = []
    for name in DATABASES:
        parts.append(part_of(name, in_children(name, sizes)))
        print(f"\n{parts[-1].text()}", flush=True)
    if sizes == SIZES:
        write_page(parts)
    elif sizes[-1] == MILLION_PEOPLE:
        write_between(MILLION, [part.markdown() for part in parts])


def in_children(name: str, sizes: tuple[int, ...]) -> list[Measured]:
    """Measure a database, each size in a process of its own."""
    with _urls(name, len(sizes)) as urls:
        return [_child(url, size) for size, url in zip(sizes, urls, strict=True)]


@contextmanager
def _urls(name: str, count: int) -> Iterator[list[str]]:
    if name == "SQLite":
        with tempfile.TemporaryDirectory() as folder:
            yield [f"sqlite:///{Path(folder) / f'{number}.db'}" for number in range(count)]
    elif count == 1:
        with database() as only:
            yield [only]
    else:
        with database() as first, _urls(name, count - 1) as others:
            yield [first, *others]


def _child(url: str, size: int) -> Measured:
    command = [sys.executable, "-m", "bench", "core", "one", url, str(size)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def measure(url: str, size: int) -> Measured:
    """All figures for one database and one size."""
    engine = open_engine(url)
    migrate(engine)
    company, store = Mixed(size), SqlStore(engine)

    def took(work: Callable[[], Any]) -> Found:
        return timed_with_server(engine, work)[1]

    def least(work: Callable[[], Any]) -> Found:
        return min((took(work) for _ in range(3)), key=lambda one: one["cpu_s"])

    raw_load = took(partial(_raw_load, engine, company))
    _empty(engine)
    load = took(partial(_load, store, company))
    _empty(engine)
    directories = [CompanyDirectory(company, name) for name in company.directories]
    inventories = [CompanyInventory(company, name) for name in company.inventories]
    worker = app_over(store, directories, inventories)
    poll, take, reconcile = worker.poll, worker.inventory, worker.reconcile
    poll.run_once(START)
    take.run_once(START)
    _forget_matches(engine)
    _vacuum(engine)
    match = took(partial(_match, store))
    hash_join = least(partial(_hash_join, engine))
    reconcile.run_once(START)
    _vacuum(engine)
    for directory in directories:
        directory.company = company.with_left(company.leavers(CHANGED))
    later, before = START + timedelta(hours=1), _count(engine, ticket)
    batch = took(lambda: (poll.run_once(later), reconcile.run_once(later)))
    tickets, memberships = _count(engine, ticket) - before, _count(engine, membership)
    _vacuum(engine)
    anti_join = least(partial(_anti_join, engine))
    nightly = least(partial(reconcile.run_once, later, full=True))
    engine.dispose()
    return Measured(
        size, company.groups, memberships, load, raw_load, match, hash_join, batch, nightly, anti_join, tickets,
        peak_mib(),
    )  # fmt: skip


def _count(engine: sa.Engine, table: sa.Table) -> int:
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


# --- loading, and the peer: the same rows given to the driver as they are -------------------------------------


def _load(store: SqlStore, company: Company) -> None:
    """Stage and apply everybody and every membership, as poll and inventory do, without matching anybody."""
    with store.begin() as uow:
        for source in company.directories:
            for page in chunked(company.accounts(source), PAGE):
                uow.people.stage(source, [JudgedFacts(one, None) for one in page])
            uow.people.apply_stage(source, is_full=True, taken_at=START, now=START)
        for source in company.inventories:
            for groups in chunked(company.groups_of(source), GROUPS_PAGE):
                uow.rosters.stage(source, (company.roster(g) for g in groups))
            uow.rosters.apply_stage(source, now=START, limits=NO_LIMITS, rest=Unlisted())


def rows_of(
    company: Company,
) -> list[tuple[sa.Table, tuple[str, ...], Callable[[], Iterable[tuple[Any, ...]]]]]:
    at = to_micros(START)

    def people() -> Iterator[tuple[Any, ...]]:
        for source, facts in _accounts(company):
            yield (source, facts.person_id, facts.display_name, facts.email, facts.department or "",
                   facts_to_json(facts), 0, "active", None, None, None, None, at, at)  # fmt: skip

    def keys() -> Iterator[tuple[Any, ...]]:
        for source, facts in _accounts(company):
            yield from ((source, facts.person_id, *key) for key in keys_of(facts))

    def members() -> Iterator[tuple[Any, ...]]:
        for source, roster in _rosters(company):
            for m in roster.members:
                yield (
                    source,
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


def _accounts(company: Company) -> Iterator[tuple[str, AccountFacts]]:
    return ((source, one) for source in company.directories for one in company.accounts(source))


def _rosters(company: Company) -> Iterator[tuple[str, Roster]]:
    return ((source, company.roster(g)) for source in company.inventories for g in company.groups_of(source))


def _raw_load(engine: sa.Engine, company: Company) -> None:
    """The peer: COPY (PostgreSQL) or executemany (SQLite) of the same rows into the same empty tables."""
    with engine.begin() as connection:
        for table, columns, rows in rows_of(company):
            _raw(connection, table, columns, rows())


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


def _empty(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(sa.delete(table))
    _vacuum(engine)


def _vacuum(engine: sa.Engine) -> None:
    """What PostgreSQL does by itself within minutes after many rows were written: the next part meets no dead ones."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("VACUUM ANALYZE"))


# --- the first match, and its peer: a bare join of handles and people by number -------------------------------


def _forget_matches(engine: sa.Engine) -> None:
    nothing = {"state": "unmatched", "person_source": None, "person_id": None, "how": None}
    with engine.begin() as connection:
        connection.execute(sa.update(link).values(**nothing, decided_fingerprint=None, is_dirty=1))


def _match(store: Store) -> None:
    with Matching(store, START, None).begin():
        pass


def _hash_join(engine: sa.Engine) -> None:
    query = sa.text(
        "CREATE TEMPORARY TABLE matched AS SELECT l.source, l.handle, k.source AS person_source, k.person_id "
        "FROM link l JOIN person_key k ON k.kind = 'phone' AND k.value = l.phone_key"
    )
    with engine.begin() as connection:
        connection.execute(query)
        connection.execute(sa.text("DROP TABLE matched"))


# --- the peer of a full reconcile -----------------------------------------------------------------------------


def _anti_join(engine: sa.Engine) -> None:
    """The bare query: members who have left and no removal ticket names, and strangers about whom nobody is asked."""
    query = sa.text(
        "SELECT count(*) FROM membership m JOIN link l ON l.source = m.source AND l.handle = m.handle "
        "LEFT JOIN person p ON p.source = l.person_source AND p.person_id = l.person_id "
        "WHERE coalesce(p.standing, 'left') = 'left' AND NOT EXISTS (SELECT 1 FROM ticket t WHERE "
        "t.source = m.source AND t.group_id = m.group_id AND t.handle = m.handle AND t.kind = 'remove_member') "
        "AND m.handle NOT IN (SELECT t.handle FROM ticket t WHERE t.kind = 'identify_member')"
    )
    with engine.begin() as connection:
        connection.execute(query).scalar_one()


# --- the tables -----------------------------------------------------------------------------------------------


def part_of(name: str, found: list[Measured]) -> Part:
    """The table of one database: the largest company, against its peers and against the smallest."""
    small, large = found[0], found[-1]
    part = Part(f"{name}: {large.size:,} people, {large.groups:,} groups, {large.memberships:,} memberships")
    part.add("loading", large.load, large.raw_load, "COPY" if name == "PostgreSQL" else "executemany", 2)
    part.add("first match", large.match, large.hash_join, "a bare join by number, into a table", 4)
    aim = 3 if name == "PostgreSQL" else 4
    part.add("full reconcile, nothing to do", large.reconcile, large.anti_join, "the bare anti-join", aim)
    batch = f"{CHANGED:,} leavers, {large.tickets:,} tickets"
    part.add(batch, large.batch, {"cpu_s": 2, "wall_s": 2}, "2 seconds", 1)
    if small is not large:
        part.add(f"{batch}, by size", large.batch, small.batch, f"the same with {small.size:,} people", 1.5)
    part.remarks.append(
        f"Peak memory: {large.memory_mib:.0f} MiB; with {small.size:,} people {small.memory_mib:.0f}."
    )
    return part
