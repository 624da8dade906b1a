"""Loading rows with bulk_upsert against the quickest that each driver can do with the same rows.

python -m bench bulk [ROWS]      200,000 rows; aim: within 3 times of the raw driver
"""

from __future__ import annotations

import contextlib
import gc
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from bench.postgres import database
from worker.storage.sql.bulk import bulk_upsert
from worker.storage.sql.engine import open_engine
from worker.storage.sql.tables import membership, metadata

ROWS = 200_000
ROUNDS = 3
RATIO_MAX = 3.0
COLUMNS = ("source", "group_id", "handle", "display_name", "role", "phone", "username", "joined_at")
Row = tuple[Any, ...]
Load = Callable[[sa.Connection, list[Row]], None]


def make_rows(n: int) -> list[Row]:
    """Groups of fifty, sorted by key, as a roster brings them."""
    draw = random.Random(1)
    return sorted(
        ("wards", f"group {i // 50:06}", f"+44770{draw.randrange(10**7):07}-{i}", f"Nurse {i}", "member",
         None, None, i)
        for i in range(n)
    )  # fmt: skip


def executemany(connection: sa.Connection, rows: list[Row]) -> None:
    marks = ", ".join("?" * len(COLUMNS))
    columns = ", ".join(COLUMNS)
    connection.connection.cursor().executemany(f"INSERT INTO membership ({columns}) VALUES ({marks})", rows)  # noqa: S608


def copy(connection: sa.Connection, rows: list[Row]) -> None:
    with connection.connection.cursor().copy(f"COPY membership ({', '.join(COLUMNS)}) FROM STDIN") as out:
        for row in rows:
            out.write_row(row)


def upsert(connection: sa.Connection, rows: list[Row]) -> None:
    bulk_upsert(connection, membership, COLUMNS, iter(rows))


def seconds(engine: sa.Engine, load: Load, rows: list[Row]) -> float:
    gc.collect()
    start = time.perf_counter()
    with engine.begin() as connection:
        load(connection, rows)
    return time.perf_counter() - start


def measure(engine: sa.Engine, raw: Load, rows: list[Row]) -> None:
    """Take turns, since the machine has other work too; each way's best time counts."""
    changed = [(*row[:4], "admin", *row[5:]) if i % 10 == 0 else row for i, row in enumerate(rows)]
    times: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, load in ((f"raw {raw.__name__}", raw), ("bulk_upsert, empty table", upsert)):
            metadata.drop_all(engine)
            metadata.create_all(engine)
            times.setdefault(name, []).append(seconds(engine, load, rows))
        times.setdefault("bulk_upsert, nothing changed", []).append(seconds(engine, upsert, rows))
        times.setdefault("bulk_upsert, 10 % changed", []).append(seconds(engine, upsert, changed))
    peer = min(times[f"raw {raw.__name__}"])
    for name, taken in times.items():
        best = min(taken)
        verdict = f"   over {RATIO_MAX:g}" if best / peer > RATIO_MAX else ""
        speed = f"{best:8.2f} s{len(rows) / best:12,.0f} rows/s"
        print(f"{engine.dialect.name:12}{name:32}{speed}{best / peer:8.2f}{verdict}")


@contextlib.contextmanager
def opened(url: str) -> Iterator[sa.Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


def main() -> None:
    """Run both databases, and print a line for each."""
    n = int(sys.argv[2]) if sys.argv[2:] else ROWS
    rows = make_rows(n)
    print(f"\nLoading {n:,} memberships (two indexes); the last column is times the raw driver\n")
    with tempfile.TemporaryDirectory() as folder, opened(f"sqlite:///{folder}/bench.db") as engine:
        measure(engine, executemany, rows)
    with database() as url, opened(url) as engine:
        measure(engine, copy, rows)
