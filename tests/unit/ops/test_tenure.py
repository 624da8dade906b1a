"""A lease while its job runs. Renewal threads are real; the clock that times the leases is not."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from fakes.job_store import FakeLeases
from worker.ops.clock import ManualClock
from worker.ops.tenure import RENEWALS, Tenure
from worker.ports.state.leases import LeaseLost

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
LIFE = timedelta(seconds=30)
SHORT = timedelta(milliseconds=30)  # a renewal each ten milliseconds
PATIENCE_S = 20.0


@pytest.fixture
def leases() -> FakeLeases:
    return FakeLeases()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NINE)


def taken(leases: FakeLeases, clock: ManualClock, life: timedelta = LIFE) -> Tenure:
    tenure = Tenure.take(leases, "poll", "host:1", life, clock)
    assert tenure is not None
    leases.acquired.acquire()
    return tenure


def await_renewals(leases: FakeLeases, count: int) -> None:
    for _ in range(count):
        assert leases.acquired.acquire(timeout=PATIENCE_S), "no renewal came"


def test_a_lease_that_another_holds_is_not_taken(leases: FakeLeases, clock: ManualClock) -> None:
    leases.acquire("poll", "another", NINE, LIFE)

    assert Tenure.take(leases, "poll", "host:1", LIFE, clock) is None


def test_it_is_renewed_in_the_background_while_the_job_runs(leases: FakeLeases, clock: ManualClock) -> None:
    tenure = taken(leases, clock, SHORT)
    with tenure:
        for _ in range(20):  # seven lives
            clock.advance(SHORT / RENEWALS)
            await_renewals(leases, 2)  # the one that may have begun before the clock moved, and the next
        assert tenure.is_trusted()
        assert leases.acquire("poll", "another", clock(), LIFE) is None
    assert leases.rows["poll"][1] == 1, "renewed under its first fence, then given back"


def test_it_is_given_back_at_the_end(leases: FakeLeases, clock: ManualClock) -> None:
    with taken(leases, clock):
        assert leases.holder("poll") == "host:1"

    assert leases.holder("poll") == ""


def test_it_is_given_back_when_the_job_fails(leases: FakeLeases, clock: ManualClock) -> None:
    with pytest.raises(ZeroDivisionError), taken(leases, clock):
        _ = 1 / 0

    assert leases.holder("poll") == ""


def test_no_renewal_comes_after_the_end(leases: FakeLeases, clock: ManualClock) -> None:
    with taken(leases, clock, SHORT):
        await_renewals(leases, 1)

    assert not [thread for thread in threading.enumerate() if thread.name == "lease-poll"]
    assert leases.holder("poll") == ""


def test_one_that_was_taken_over_is_lost_at_the_next_renewal(leases: FakeLeases, clock: ManualClock) -> None:
    with taken(leases, clock, SHORT) as tenure:
        leases.seize("poll")
        tenure._thread.join(PATIENCE_S)
        assert not tenure.is_trusted()
        with pytest.raises(LeaseLost, match="'poll' is lost: another process took it over"):
            tenure.prove()
    assert leases.holder("poll") == "another", "what another holds is not given back"


def test_one_that_was_taken_over_and_given_back_meanwhile_is_lost(
    leases: FakeLeases, clock: ManualClock
) -> None:
    tenure = taken(leases, clock)
    clock.advance(LIFE * 2)
    other = leases.acquire("poll", "another", clock(), LIFE)
    assert other is not None
    leases.release(other)

    with pytest.raises(LeaseLost, match="changed hands"):
        tenure.prove()
    assert leases.holder("poll") == "", "the new tenure that came of asking is given back"


def test_while_it_is_trusted_the_database_is_not_asked(leases: FakeLeases, clock: ManualClock) -> None:
    tenure = taken(leases, clock)
    leases.broken = OSError("the database is gone")

    clock.advance(LIFE * 0.8 - timedelta(microseconds=1))

    tenure.prove()


def test_once_trust_ran_out_the_database_must_confirm_it(leases: FakeLeases, clock: ManualClock) -> None:
    tenure = taken(leases, clock)
    clock.advance(LIFE * 0.8)
    assert not tenure.is_trusted()

    leases.broken = OSError("the database is gone")
    with pytest.raises(OSError, match="the database is gone"):
        tenure.prove()
    leases.broken = None
    tenure.prove()

    assert tenure.is_trusted()


def test_one_that_ran_out_unnoticed_goes_on_with_its_fence(leases: FakeLeases, clock: ManualClock) -> None:
    """A commit of minutes on SQLite lets no renewal through, and nobody else either."""
    tenure = taken(leases, clock)
    clock.advance(LIFE * 10)

    tenure.prove()

    assert leases.is_held(tenure.lease)
    assert leases.acquire("poll", "another", clock(), LIFE) is None
    clock.advance(LIFE * 0.8)
    assert not tenure.is_trusted(), "it is trusted for one life's share, not for ten"


def test_a_renewal_that_fails_is_tried_again_and_the_job_goes_on(
    leases: FakeLeases, clock: ManualClock
) -> None:
    with taken(leases, clock, SHORT) as tenure:
        leases.broken = OSError("the database is gone")
        await_renewals(leases, 2)
        leases.broken = None
        await_renewals(leases, 2)
        assert tenure.is_trusted()
        assert leases.is_held(tenure.lease)


def test_a_job_ends_well_even_if_its_lease_cannot_be_given_back(
    leases: FakeLeases, clock: ManualClock
) -> None:
    with taken(leases, clock):
        leases.broken = OSError("the database is gone")

    assert leases.holder("poll") == "host:1", "it runs out by itself"


def test_a_clock_that_is_set_back_does_not_end_the_tenure(leases: FakeLeases, clock: ManualClock) -> None:
    with taken(leases, clock, SHORT) as tenure:
        clock.advance(timedelta(hours=-1))
        await_renewals(leases, 2)
        tenure.prove()
        assert leases.is_held(tenure.lease)
