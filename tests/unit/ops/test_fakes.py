"""The fakes of this folder obey the ports that they stand for."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from contracts.leases import Job, LeasesContract
from fakes.job_store import FakeJobStore, FakeLeases
from worker.ports.state.leases import Lease


class TestFakeLeases(LeasesContract):
    @pytest.fixture
    def store(self) -> FakeJobStore:
        return FakeJobStore()

    @pytest.fixture
    def leases(self, store: FakeJobStore) -> FakeLeases:
        return store.leases

    @pytest.fixture
    def job(self, store: FakeJobStore) -> Job:
        @contextmanager
        def transaction(lease: Lease) -> Iterator[None]:
            with store.begin(lease):
                yield

        def begin(lease: Lease) -> AbstractContextManager[None]:
            return transaction(lease)

        return begin
