from datetime import timedelta
from threading import Event, Thread

import pytest

from fakes.job_store import FakeJobStore
from worker.ops.clock import ManualClock
from worker.ops.interrupt import Interrupt, InterruptibleStore, Stopped
from worker.ops.tenure import Tenure
from worker.ports.state.leases import Lease, LeaseLost

LIFE = timedelta(seconds=30)


@pytest.fixture
def guarded(store: FakeJobStore, interrupt: Interrupt) -> InterruptibleStore:
    return InterruptibleStore(store.as_store(), interrupt)


def lease_of(store: FakeJobStore, clock: ManualClock, job: str = "poll") -> Lease:
    lease = store.leases.acquire(job, "host:1", clock(), LIFE)
    assert lease is not None
    return lease


def test_a_job_stops_before_its_next_transaction(
    guarded: InterruptibleStore, store: FakeJobStore, clock: ManualClock, interrupt: Interrupt
) -> None:
    lease = lease_of(store, clock)
    with guarded.begin(lease):
        interrupt.stop()

    assert store.committed == 1, "what had begun was committed"
    with pytest.raises(Stopped, match="poll ended between two transactions"):
        guarded.begin(lease)
    assert store.begun == 1


def test_a_delivery_is_marked_as_sent_whatever_happens(
    guarded: InterruptibleStore, store: FakeJobStore, clock: ManualClock, interrupt: Interrupt
) -> None:
    interrupt.stop()

    with guarded.begin(lease_of(store, clock, "deliver")):
        pass

    assert store.committed == 1


def test_the_desk_works_until_the_process_ends(
    guarded: InterruptibleStore, store: FakeJobStore, interrupt: Interrupt
) -> None:
    interrupt.stop()

    with guarded.begin():
        pass

    assert store.committed == 1


def test_no_transaction_begins_under_a_lease_that_was_lost(
    guarded: InterruptibleStore, store: FakeJobStore, clock: ManualClock, interrupt: Interrupt
) -> None:
    tenure = Tenure.take(store.leases, "poll", "host:1", LIFE, clock)
    assert tenure is not None
    interrupt.watch(tenure)
    with guarded.begin(tenure.lease):
        pass
    clock.advance(LIFE)
    store.leases.seize("poll")

    with pytest.raises(LeaseLost):
        guarded.begin(tenure.lease)
    assert store.begun == 1


def test_leases_are_those_of_the_store(guarded: InterruptibleStore, store: FakeJobStore) -> None:
    assert guarded.leases is store.leases


def test_a_wait_ends_at_once_when_the_process_stops(interrupt: Interrupt) -> None:
    began, ended = Event(), Event()

    def wait() -> None:
        began.set()
        with pytest.raises(Stopped, match="cut short"):
            interrupt.sleep(3600)
        ended.set()

    Thread(target=wait, daemon=True).start()
    assert began.wait(20)
    interrupt.stop()
    assert ended.wait(20)


def test_a_wait_that_is_over_is_over(interrupt: Interrupt) -> None:
    interrupt.sleep(0)
