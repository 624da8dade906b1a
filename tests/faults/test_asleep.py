"""Transactions whose process stopped in the middle of a statement, where no limit on idleness counts."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from time import monotonic
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from faults.cluster import PORT, Cluster
from faults.replicas import url_of
from faults.waiting import pause, until
from memory import make_tables
from worker.ops.clock import system_now
from worker.ports.state.leases import Lease
from worker.storage.sql.engine import IDLE_MAX_S, LEASE_IDLE_MAX_S, open_engine
from worker.storage.store import SqlStore

pytestmark = pytest.mark.postgres

LIFE = timedelta(seconds=1)
HOLDER, OTHER = "pod-1:7:aaaaaa", "pod-2:7:bbbbbb"


@pytest.fixture
def engine(cluster: Cluster) -> Iterator[sa.Engine]:
    database = f"t_{uuid4().hex}"
    with cluster.connect("postgres") as admin:
        admin.execute(f'CREATE DATABASE "{database}" TEMPLATE template0')
        engine = open_engine(url_of((cluster.address, PORT), database))
        make_tables(engine)
        yield engine
        engine.dispose()
        admin.execute(f'DROP DATABASE "{database}" WITH (FORCE)')


class Sleeper:
    """A process that has the writers' turn and stops in the middle of a statement, until it is woken."""

    def __init__(self, engine: sa.Engine, lease: Lease) -> None:
        self._store = SqlStore(engine)
        self._lease = lease
        self.sleeps = Event()
        self.wakes = Event()

    def _sleep(self) -> None:
        self.sleeps.set()
        self.wakes.wait()

    def sends(self) -> None:
        """It has half of the rows still to send."""
        with self._store.begin(self._lease) as uow:
            connection = uow.journal._c
            with connection.connection.cursor().copy("COPY counter FROM STDIN") as copy:
                copy.write_row(("half", 1))
                self._sleep()
                copy.write_row(("whole", 1))

    def receives(self) -> None:
        """It has most of the rows still to fetch, more than fit into the wire."""
        with self._store.begin(self._lease) as uow:
            connection = uow.journal._c
            rows = connection.connection.cursor().stream(
                "SELECT repeat('x', 10000) FROM generate_series(1, 100000)"
            )
            next(rows)
            self._sleep()
            list(rows)


@contextmanager
def asleep(sleeper: Sleeper, what: str) -> Iterator[Future[None]]:
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(getattr(sleeper, what))
        try:
            assert sleeper.sleeps.wait(30)
            yield run
        finally:
            sleeper.wakes.set()


@pytest.mark.parametrize("what", ["sends", "receives"])
def test_whoever_takes_a_lease_ends_the_transaction_of_who_let_one_run_out(
    engine: sa.Engine, what: str
) -> None:
    store = SqlStore(engine)
    lease = store.leases.acquire("poll", HOLDER, system_now(), LIFE)
    assert lease is not None
    began_s = monotonic()
    with ThreadPoolExecutor(1) as pool, asleep(Sleeper(engine, lease), what) as run:
        turn = pool.submit(_write, store)
        until("its lease has run out", lambda: system_now() > lease.trusted_until + LIFE)
        assert not turn.done(), "the sleeper has the turn"

        assert store.leases.acquire("deliver", OTHER, system_now(), LIFE) is not None

        turn.result(IDLE_MAX_S / 2)
        assert monotonic() - began_s < IDLE_MAX_S / 2

    assert isinstance(run.exception(), (sa.exc.OperationalError, psycopg.OperationalError))
    with store.reading() as reader:
        rows = reader.journal._c.execute(sa.text("SELECT name FROM counter")).scalars()
        assert set(rows) == {"awake"}


def test_nobody_is_ended_whose_lease_lasts(engine: sa.Engine) -> None:
    store = SqlStore(engine)
    lease = store.leases.acquire("poll", HOLDER, system_now(), 60 * LIFE)
    assert lease is not None
    with asleep(sleeper := Sleeper(engine, lease), "sends") as run:
        store.leases.acquire("deliver", OTHER, system_now(), LIFE)
        pause(0.5)
        sleeper.wakes.set()
        run.result(10)


def test_who_stands_in_line_without_a_lease_never_gets_the_turn(engine: sa.Engine) -> None:
    store = SqlStore(engine)
    lease = store.leases.acquire("poll", HOLDER, system_now(), LIFE)
    assert lease is not None
    with ThreadPoolExecutor(1) as pool, store.begin():
        waits = pool.submit(_write, store, lease)
        until("its lease has run out", lambda: system_now() > lease.trusted_until + LIFE)
        store.leases.acquire("deliver", OTHER, system_now(), LIFE)
        assert isinstance(waits.exception(10), sa.exc.OperationalError)


def test_who_is_at_work_is_left_to_the_fence(engine: sa.Engine) -> None:
    store = SqlStore(engine)
    lease = store.leases.acquire("poll", HOLDER, system_now(), LIFE)
    assert lease is not None
    with ThreadPoolExecutor(1) as pool:
        works = pool.submit(_write, store, lease, "pg_sleep(3)")
        until("its lease has run out", lambda: system_now() > lease.trusted_until + LIFE)
        store.leases.acquire("deliver", OTHER, system_now(), LIFE)
        works.result(10)


def test_who_stops_while_it_takes_a_lease_keeps_it_from_others_for_seconds(engine: sa.Engine) -> None:
    stopped, wakes = Event(), Event()
    sleeping = open_engine(str(engine.url))

    def stop(_connection: sa.Connection) -> None:
        stopped.set()
        wakes.wait()

    event.listen(sleeping, "commit", stop)
    with ThreadPoolExecutor(1) as pool:
        taking = pool.submit(SqlStore(sleeping).leases.acquire, "poll", HOLDER, system_now(), LIFE)
        try:
            assert stopped.wait(30)
            began_s = monotonic()

            other = SqlStore(engine).leases.acquire("poll", OTHER, system_now(), LIFE)

            assert monotonic() - began_s < 2 * LEASE_IDLE_MAX_S
        finally:
            wakes.set()
        assert isinstance(taking.exception(), sa.exc.DBAPIError)
    sleeping.dispose()
    assert other is not None
    assert other.fence == 1


def _write(store: SqlStore, lease: Lease | None = None, work: str = "1") -> None:
    with store.begin(lease) as uow:
        uow.journal._c.execute(sa.text(f"SELECT {work}"))
        uow.journal._c.execute(sa.text("INSERT INTO counter (name, value) VALUES ('awake', 1)"))
