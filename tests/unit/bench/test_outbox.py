"""The benchmark of the outbox, in small: both loops send everything once, and the table says what missed its aim."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from bench import outbox_bare, outbox_ours
from bench.outbox import AIM, BARE, OURS, Row, cells_of
from bench.team import team
from worker.storage.sql.engine import open_engine
from worker.storage.sql.migrate import migrate
from worker.storage.store import SqlStore

MESSAGES = 12


def bare(path: Path) -> int:
    with sqlite3.connect(path, isolation_level=None) as lite:
        lite.execute(outbox_bare.INDEX)
        sent = outbox_bare.work(lite.execute, "BEGIN IMMEDIATE", "", "w0")
    lite.close()
    return sent


def ours(path: Path) -> int:
    engine = open_engine(f"sqlite:///{path}")
    store = SqlStore(engine)
    try:
        return outbox_ours.work(store, outbox_ours.job(store))
    finally:
        engine.dispose()


@pytest.mark.parametrize("work", [bare, ours])
def test_each_loop_sends_every_message_once_and_says_so_in_the_same_tables(
    tmp_path: Path, work: Callable[[Path], int]
) -> None:
    path = tmp_path / "outbox.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    outbox_ours.queue(SqlStore(engine), MESSAGES)

    assert work(path) == MESSAGES

    with engine.connect() as connection:
        for name in ("outbox", "delivery"):
            states = connection.execute(sa.text(f"SELECT state, count(*) FROM {name} GROUP BY state")).all()  # noqa: S608
            assert states == [("sent", MESSAGES)], name
    engine.dispose()


def test_each_row_stands_beside_the_bare_loop_with_as_many_workers() -> None:
    took = [{"cpu_s": 2.0, "wall_s": 8.0}, {"cpu_s": 4.0, "wall_s": 4.0}]
    of = [
        Row.of(1, OURS, 1_000, took),
        Row(1, BARE, 1_000.0, 500.0),
        Row(2, OURS, 90.0, 9.0),
        Row(2, BARE, 100.0, 5.0),
    ]

    _, first, _, second, _ = cells_of(of)

    assert first == ("1", OURS, "500", f"0.50, {AIM:g} missed", "250", "0.50")
    assert second == ("2", OURS, "90", "0.90", "9", "1.80")


def test_a_team_begins_together_and_tells_what_each_found() -> None:
    member = "echo ready; read line; echo '{\"cpu_s\": 1}'"
    with team([["sh", "-c", member]] * 2) as begin:
        assert begin() == [{"cpu_s": 1}, {"cpu_s": 1}]
