from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from contracts.leases import LIFE, NOW, Job, LeasesContract, taken
from worker.ports.state.leases import Lease, LeaseLost
from worker.storage.leases import SqlLeases, assert_held
from worker.storage.sql.tables import counter


@pytest.fixture
def leases(engine: sa.Engine) -> SqlLeases:
    return SqlLeases(engine)


@pytest.fixture
def job(engine: sa.Engine) -> Job:
    @contextmanager
    def run(lease: Lease) -> Iterator[None]:
        with engine.begin() as connection:
            yield
            connection.execute(sa.insert(counter).values(name="written", value=1))
            assert_held(connection, lease)

    return run


class TestSqlLeases(LeasesContract):
    def test_nothing_is_written_by_who_lost_it(self, leases: SqlLeases, job: Job, engine: sa.Engine) -> None:
        old = taken(leases, "a")
        taken(leases, "b", NOW + LIFE)

        with pytest.raises(LeaseLost), job(old):
            pass

        with engine.begin() as connection:
            assert connection.execute(sa.select(counter)).all() == []

    def test_a_taker_waits_for_a_holder_who_is_about_to_commit(
        self, leases: SqlLeases, engine: sa.Engine
    ) -> None:
        lease = taken(leases, "a")
        with ThreadPoolExecutor(1) as pool:
            with engine.begin() as connection:
                assert_held(connection, lease)
                taking = pool.submit(leases.acquire, "poll", "b", NOW + LIFE, LIFE)
                with pytest.raises(NotYet):
                    taking.result(timeout=0.3)
            taken_over = taking.result(timeout=30)

        assert taken_over is not None
        assert taken_over.fence == 2

    def test_a_lease_needs_a_holder(self, leases: SqlLeases) -> None:
        with pytest.raises(ValueError, match="holder"):
            leases.acquire("poll", "", NOW, LIFE)
