"""make bench-journal: what ten years of journal and finished tickets cost a small live company every day.

    python -m bench journal [EVENTS [OF_POSTGRESQL]]      10,000,000 events in each, beside 100,000
    python -m bench journal one URL EVENTS                one database, filled and measured, as JSON
    python -m bench journal filled URL EVENTS             the same for one that is filled already

Each part runs in a process of its own, so that its peak memory is its own. CPU is that of the process and of its
database server. The figures go into docs/performance.md.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.company import START
from bench.journal_day import measure_console, measure_day
from bench.journal_years import BEGAN, LIVED, fill
from bench.measure import Found, peak_mib, timed_with_server
from bench.page import HISTORY, table_of, write_between
from bench.postgres import database
from bench.wired import app_over
from worker.app.evidence.export import check_chain
from worker.app.evidence.scope import Selection
from worker.app.evidence.zip import verify_pack
from worker.domain.evidence.actor import Actor
from worker.storage.sql.engine import open_engine
from worker.storage.sql.migrate import migrate
from worker.storage.store import SqlStore

EVENTS, FEW = 10_000_000, 100_000
Measured = dict[str, Found]


def main() -> None:
    """Run both databases and print the tables. Write them, unless numbers of events are given."""
    if sys.argv[2:3] and sys.argv[2] in STEPS:
        print(json.dumps(STEPS[sys.argv[2]](sys.argv[3], int(sys.argv[4]))))
        return
    given = [int(one) for one in sys.argv[2:4]]
    events = dict(zip(("SQLite", "PostgreSQL"), given or [EVENTS, EVENTS], strict=False))
    parts = []
    for name, count in events.items():
        found = []
        for size in (FEW, count):
            with _url(name) as url:
                found.append(_child("one", url, size))
        parts.append(part_of(name, count, *found))
        print(f"\n{parts[-1]}")
    if not given:
        write_between(HISTORY, parts)


@contextmanager
def _url(name: str) -> Iterator[str]:
    if name == "SQLite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'years.db'}"
    else:
        with database() as url:
            yield url


def _child(step: str, url: str, events: int) -> Any:
    command = [sys.executable, "-m", "bench", "journal", step, url, str(events)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


# --- the parts, each in a process of its own --------------------------------------------------------------------


def one(url: str, events: int) -> Measured:
    """Fill an empty database, and measure everything."""
    engine = open_engine(url)
    migrate(engine)
    _, filling = timed_with_server(engine, lambda: fill(engine, events))
    engine.dispose()
    return {"filling": filling, **filled(url, events)}


def filled(url: str, events: int) -> Measured:
    """Measure everything in a database that `fill` has filled."""
    engine = open_engine(url)
    migrate(engine)
    size = _bytes(engine)
    engine.dispose()
    found: Measured = {"bytes": {"bytes": size}}
    for step in ("chain", "bare", "pack", "day", "console"):
        found |= _child(step, url, events)
    return found


def _bytes(engine: sa.Engine) -> float:
    lite = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    post = "SELECT pg_database_size(current_database())"
    with engine.connect() as connection:
        query = post if engine.dialect.name == "postgresql" else lite
        return float(connection.exec_driver_sql(query).scalar_one())


def _timed(engine: sa.Engine, work: Callable[[], Any]) -> tuple[Any, Found]:
    result, found = timed_with_server(engine, work)
    return result, {**found, "peak_mib": peak_mib()}


def chain(url: str, events: int) -> Measured:
    """Check the whole chain in the database, as `audit check` begins with, and every export."""
    engine = open_engine(url)
    count, found = _timed(engine, lambda: check_chain(SqlStore(engine)))
    engine.dispose()
    assert count >= events
    return {"check of the chain": {**found, "events": count}}


def _year() -> tuple[datetime, datetime]:
    """The days of the pack: the last whole calendar year that has a tenth of all."""
    year = (BEGAN + LIVED).year - 1
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)


def pack(url: str, _events: int) -> Measured:
    """A pack of a year, by the code of `audit export`, and its check by that of `audit verify`."""
    engine, (first, after) = open_engine(url), _year()
    audit = app_over(SqlStore(engine)).audit
    selection = Selection(from_on=first.date(), to_on=(after - timedelta(days=1)).date())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "year.zip"
        with path.open("wb") as file:
            made, export = _timed(engine, lambda: audit.export(selection, file, Actor("bench"), START))
        verify = _child("verify", str(path), 0)
        engine.dispose()
        export |= {"events": made.journal.full, "bytes": path.stat().st_size}
    return {"pack of a year": export, **verify}


def verify(path: str, _events: int) -> Measured:
    """`audit verify` of a pack."""
    with Path(path).open("rb") as file:
        verdict, found = _timed(sa.create_engine("sqlite://"), lambda: verify_pack(file))
    assert verdict.is_whole and verdict.manifest is not None  # noqa: PT018
    return {"audit verify": {**found, "events": verdict.manifest.journal.count}}


def bare(url: str, _events: int) -> Measured:
    """The peer of a pack: the year's rows by a bare cursor into a zip, with their SHA-256."""
    engine, (first, after) = open_engine(url), _year()
    _, found = _timed(engine, lambda: _bare(engine, first, after))
    engine.dispose()
    return {"bare rows of a year": found}


def _bare(engine: sa.Engine, first: datetime, after: datetime) -> None:
    digest = hashlib.sha256()
    between = [int(one.timestamp()) * 1_000_000 for one in (first, after)]
    query = f"SELECT * FROM journal WHERE at >= {between[0]} AND at < {between[1]} ORDER BY seq"  # noqa: S608  numbers
    driver = engine.raw_connection()
    is_lite = isinstance(driver.driver_connection, sqlite3.Connection)
    cursor = driver.cursor() if is_lite else driver.driver_connection.cursor("bare")  # type: ignore[union-attr]
    with tempfile.TemporaryFile() as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        with zipped.open("journal", "w", force_zip64=True) as member:
            cursor.execute(query)
            while rows := cursor.fetchmany(1000):
                text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
                digest.update(text)
                member.write(text)
        zipped.writestr("sum", digest.hexdigest())
    driver.close()


STEPS: dict[str, Callable[[str, int], Measured]] = {
    "one": one, "filled": filled, "chain": chain, "pack": pack, "verify": verify, "bare": bare, "day": measure_day,
    "console": measure_console,
}  # fmt: skip


# --- the tables -------------------------------------------------------------------------------------------------

WHOLE = ("check of the chain", "pack of a year", "bare rows of a year", "audit verify")


def part_of(name: str, events: int, few: Measured, many: Measured) -> str:
    """The tables of one database, as Markdown: every day, and the evidence."""
    daily = [one for one in many if one not in {*WHOLE, "filling", "bytes"}]
    rows = [("what", f"CPU with {FEW:,}", f"with {events:,}", "ratio", "wall", "wall", "ratio")]
    for what in daily:
        mine, theirs = few[what], many[what]
        cells = [
            (_seconds(mine[clock]), _seconds(theirs[clock]), f"{theirs[clock] / mine[clock]:.2f}")
            for clock in ("cpu_s", "wall_s")
        ]
        rows.append((what, *cells[0], *cells[1]))
    more = [("what", "events", "CPU", "wall", "a second of CPU", "peak memory", f"peak with {FEW:,}")]
    for what in WHOLE:
        mine, theirs = few[what], many[what]
        count = theirs.get("events", many["pack of a year"]["events"])
        speed = f"{count / theirs['cpu_s']:,.0f}"
        memory = (f"{theirs['peak_mib']:.0f} MiB", f"{mine['peak_mib']:.0f} MiB")
        more.append(
            (what, f"{count:,.0f}", _seconds(theirs["cpu_s"]), _seconds(theirs["wall_s"]), speed, *memory)
        )
    year = many["pack of a year"]
    ratio = year["cpu_s"] / many["bare rows of a year"]["cpu_s"]
    said = (
        f"The database has {many['bytes']['bytes'] / 1e9:.1f} GB. The pack of {year['events']:,.0f} events in full "
        f"takes {ratio:.1f} times the CPU of its bare rows, and has {year['bytes'] / 1e6:.0f} MB; "
        f"it also has the hash of each of the {many['audit verify']['events']:,.0f} events."
    )
    title = f"### {name}: {events:,} events, {events // 10:,} finished tickets"
    return "\n\n".join([title, table_of(rows), table_of(more), said])


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"
