"""make bench-outbox: messages of the outbox a second, beside a loop written by hand and beside procrastinate.

    python -m bench outbox [MESSAGES]        2,000 messages, on PostgreSQL with 1, 2 and 4 workers, on SQLite with one

Each worker is a process. The runs take turns, and of four the least counts. CPU is that of all workers and of the
database's server. The figures go into docs/performance.md.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from bench.measure import Found, timed_with_server
from bench.outbox_bare import INDEX
from bench.outbox_ours import letter, queue
from bench.page import OUTBOX, table_of, write_between
from bench.peer_python import python_with
from bench.postgres import database
from bench.team import team
from worker.storage.sql.engine import open_engine
from worker.storage.sql.migrate import migrate
from worker.storage.sql.tables import delivery, outbox
from worker.storage.store import SqlStore

MESSAGES = 2_000
DURABLE = 400  # where each commit waits for the disk
TEAMS = (1, 2, 4)
TOGETHER = 5  # messages to one reader, where several are folded into one
RUNS = 4
AIM = 0.8
PROCRASTINATE = "procrastinate>=3.5,<4"
OURS, BARE, PEER = "Whosleft", "a bare loop", "procrastinate"
SEVERAL = f"{OURS}, {TOGETHER} to each reader"
HEAD = (
    "workers",
    "who",
    "messages/s of CPU",
    "of the bare loop's",
    "messages/s by the clock",
    "of the bare loop's",
)


@dataclass(frozen=True, slots=True)
class Row:
    """Messages a second of one sender with so many workers."""

    workers: int
    who: str
    by_cpu: float
    by_clock: float

    @classmethod
    def of(cls, workers: int, who: str, messages: int, runs: Sequence[Found]) -> Row:
        """The least of several runs, each of CPU and of the clock."""
        least = {clock: min(one[clock] for one in runs) for clock in ("cpu_s", "wall_s")}
        return cls(workers, who, messages / least["cpu_s"], messages / least["wall_s"])


def main() -> None:
    """Run all and print the tables. Write the page, unless a number of messages is given."""
    messages = int(sys.argv[2]) if sys.argv[2:] else MESSAGES
    with python_with(PROCRASTINATE) as python:
        parts = [
            (f"PostgreSQL, {messages:,} messages", _postgresql(messages, TEAMS, python)),
            (f"SQLite, {messages:,} messages", _sqlite(messages)),
            (
                f"PostgreSQL with commits that reach the disk, {DURABLE:,} messages",
                _postgresql(DURABLE, (1, 4), python, durable=True),
            ),
        ]
    for title, rows in parts:
        print(f"\n{title}")
        for row in cells_of(rows):
            print("  ".join(cell.rjust(24) for cell in row))
    if messages == MESSAGES:
        write_between(OUTBOX, [f"### {title}\n\n{table_of(cells_of(rows), {0, 1})}" for title, rows in parts])


def _postgresql(
    messages: int, teams: Sequence[int], python: Path | None, *, durable: bool = False
) -> list[Row]:
    rows = []
    with (
        database(durable=durable) as url,
        database(durable=durable) as bare,
        database(durable=durable) as jobs,
    ):
        _prepare(url)
        _prepare(bare, INDEX)
        for count in teams:
            those = {OURS: _ours(url, messages, count), BARE: _bare(bare, messages, count)}
            if count == 1 and not durable:
                those[SEVERAL] = _ours(url, messages, count, TOGETHER)
            if python:
                those[PEER] = _procrastinate(jobs, messages, count, python)
            rows += _taking_turns(count, messages, those)
    return rows


def _sqlite(messages: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        url, bare = (f"sqlite:///{Path(folder) / name}.db" for name in ("ours", "bare"))
        _prepare(url)
        _prepare(bare, INDEX)
        those = {
            OURS: _ours(url, messages, 1),
            BARE: _bare(bare, messages, 1),
            SEVERAL: _ours(url, messages, 1, TOGETHER),
        }
        return _taking_turns(1, messages, those)


def _taking_turns(workers: int, messages: int, those: Mapping[str, Callable[[], Found]]) -> list[Row]:
    """Let each run once, then each again, since the machine has other work, too."""
    runs: dict[str, list[Found]] = {who: [] for who in those}
    for number in range(RUNS):
        print(f"{workers} workers: run {number + 1} of {RUNS}", flush=True)
        for who, run in those.items():
            runs[who].append(run())
    return [Row.of(workers, who, messages, found) for who, found in runs.items()]


# --- who runs -----------------------------------------------------------------------------------------------------


def _ours(url: str, messages: int, workers: int, together: int = 1) -> Callable[[], Found]:
    return lambda: _run(url, "bench.outbox_ours", messages, workers, together)


def _bare(url: str, messages: int, workers: int) -> Callable[[], Found]:
    return lambda: _run(url, "bench.outbox_bare", messages, workers, 1)


def _run(url: str, module: str, messages: int, workers: int, together: int) -> Found:
    """Queue the messages, let the workers send them, and see that each went out once."""
    with _opened(url) as engine:
        queue(SqlStore(engine), messages, together)
        _analyze(engine)
        commands = [[sys.executable, "-m", module, url, f"w{number}"] for number in range(workers)]
        found = _timed(engine, commands)
        with engine.begin() as connection:
            for sent, count in ((outbox, messages), (delivery, messages // together)):
                query = sa.select(sa.func.count()).where(sent.c.state == "sent")
                assert connection.execute(query).scalar_one() == count, (module, sent.name)
            for emptied in (outbox, delivery):
                clear = (
                    f"{'TRUNCATE' if engine.dialect.name == 'postgresql' else 'DELETE FROM'} {emptied.name}"
                )
                connection.exec_driver_sql(clear)
        return found


def _procrastinate(url: str, messages: int, workers: int, python: Path) -> Callable[[], Found]:
    script = str(Path(__file__).with_name("outbox_procrastinate.py"))
    dsn = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    command = [str(python), "-I", script]

    def run() -> Found:
        with _opened(url) as engine:
            with engine.begin() as connection:
                connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            subprocess.run([*command, "queue", dsn, str(messages), letter(0, 0).body.text], check=True)
            _analyze(engine)
            found = _timed(engine, [[*command, "work", dsn]] * workers)
            with engine.begin() as connection:
                query = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'"
                assert connection.exec_driver_sql(query).scalar_one() == messages
            return found

    return run


def _timed(engine: sa.Engine, commands: Sequence[Sequence[str]]) -> Found:
    """Seconds by the clock from the start to the last one's end, and CPU of all and of the server."""
    with team(commands) as begin:
        found, took = timed_with_server(engine, begin)
    return {**took, "cpu_s": took["cpu_s"] + sum(one["cpu_s"] for one in found)}


def _prepare(url: str, *more: str) -> None:
    with _opened(url) as engine:
        migrate(engine)
        with engine.begin() as connection:
            for statement in more:
                connection.exec_driver_sql(statement)


@contextmanager
def _opened(url: str) -> Iterator[sa.Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


def _analyze(engine: sa.Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE")


# --- the table ----------------------------------------------------------------------------------------------------


def cells_of(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """The table's cells, each row beside the bare loop with as many workers; ours say whether the aim is met."""
    bare = {row.workers: row for row in rows if row.who == BARE}
    found: list[tuple[str, ...]] = [HEAD]
    for row in rows:
        peer = bare[row.workers]
        ratio = row.by_cpu / peer.by_cpu
        missed = f", {AIM:g} missed" if row.who == OURS and ratio < AIM else ""
        found.append((
            str(row.workers), row.who, f"{row.by_cpu:,.0f}", f"{ratio:.2f}{missed}", f"{row.by_clock:,.0f}",
            f"{row.by_clock / peer.by_clock:.2f}",
        ))  # fmt: skip
    return found
