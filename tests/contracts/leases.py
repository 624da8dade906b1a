"""What every `ports.leases.Leases` does, and the check that a job's transaction ends with."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest

from worker.ports.state.leases import Lease, LeaseLost, Leases

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LIFE = timedelta(seconds=30)
MOMENT = timedelta(microseconds=1)

Job = Callable[[Lease], AbstractContextManager[None]]


def taken(leases: Leases, holder: str, now: datetime = NOW, job: str = "poll") -> Lease:
    lease = leases.acquire(job, holder, now, LIFE)
    assert lease is not None
    return lease


class LeasesContract:
    """Subclasses give the fixtures `leases` and `job`: a transaction that ends with the lease's check."""

    def test_a_free_lease_is_taken_with_a_first_fence(self, leases: Leases) -> None:
        assert taken(leases, "a").fence == 1

    def test_it_is_trusted_for_less_than_its_life(self, leases: Leases) -> None:
        assert taken(leases, "a").trusted_until == NOW + LIFE * 0.8
        [(_, expires_at)] = leases.all()
        assert expires_at == NOW + LIFE

    def test_nobody_else_gets_it_while_it_lasts(self, leases: Leases) -> None:
        taken(leases, "a")

        assert leases.acquire("poll", "b", NOW + LIFE - MOMENT, LIFE) is None

    def test_another_job_is_another_lease(self, leases: Leases) -> None:
        taken(leases, "a")

        assert taken(leases, "b", job="verify").fence == 1

    def test_its_holder_renews_it_under_the_same_fence(self, leases: Leases) -> None:
        taken(leases, "a")

        renewed = taken(leases, "a", NOW + LIFE / 2)

        assert renewed.fence == 1
        assert leases.acquire("poll", "b", NOW + LIFE, LIFE) is None, "it lasts longer now"

    def test_an_expired_one_is_taken_over_with_a_higher_fence(self, leases: Leases) -> None:
        taken(leases, "a")

        assert taken(leases, "b", NOW + LIFE).fence == 2

    def test_one_that_was_lost_is_not_renewed(self, leases: Leases) -> None:
        taken(leases, "a")
        taken(leases, "b", NOW + LIFE)

        assert leases.acquire("poll", "a", NOW + LIFE, LIFE) is None

    def test_ones_own_expired_lease_is_a_new_tenure(self, leases: Leases) -> None:
        taken(leases, "a")

        assert taken(leases, "a", NOW + LIFE).fence == 2

    def test_the_fence_only_grows(self, leases: Leases) -> None:
        fences = [taken(leases, holder, NOW + LIFE * i).fence for i, holder in enumerate("abcab")]

        assert fences == [1, 2, 3, 4, 5]

    def test_one_that_a_wrong_clock_took_is_over_and_its_holder_goes_on_if_alive(
        self, leases: Leases
    ) -> None:
        taken(leases, "a", NOW + timedelta(days=40))

        assert taken(leases, "a").fence == 1, "its own clock was set back"
        dead = taken(leases, "c", NOW + timedelta(days=40))
        assert taken(leases, "b").fence == dead.fence + 1

    def test_a_holder_whose_clock_is_minutes_ahead_keeps_it(self, leases: Leases) -> None:
        taken(leases, "a", NOW + timedelta(minutes=50))

        assert leases.acquire("poll", "b", NOW, LIFE) is None

    def test_a_released_one_is_free_at_once(self, leases: Leases) -> None:
        leases.release(taken(leases, "a"))

        assert taken(leases, "b").fence == 2

    def test_releasing_one_that_was_taken_over_does_nothing(self, leases: Leases) -> None:
        old = taken(leases, "a")
        taken(leases, "b", NOW + LIFE)

        leases.release(old)

        assert leases.acquire("poll", "c", NOW + LIFE, LIFE) is None

    def test_all_lists_them_by_job(self, leases: Leases) -> None:
        taken(leases, "a", job="verify")
        taken(leases, "b", job="deliver")

        listed = [(lease.job, lease.holder, lease.fence) for lease, _ in leases.all()]

        assert listed == [("deliver", "b", 1), ("verify", "a", 1)]

    def test_of_many_who_race_for_a_new_one_one_wins(self, leases: Leases) -> None:
        assert len(_race(leases, NOW)) == 1

    def test_of_many_who_race_for_an_expired_one_one_wins(self, leases: Leases) -> None:
        taken(leases, "a")

        winners = _race(leases, NOW + LIFE)

        assert [lease.fence for lease in winners] == [2]

    # --- the check at the end of a job's transaction --------------------------------------------------

    def test_the_holder_commits(self, leases: Leases, job: Job) -> None:
        with job(taken(leases, "a")):
            pass

    def test_the_holder_commits_after_a_renewal(self, leases: Leases, job: Job) -> None:
        before = taken(leases, "a")
        taken(leases, "a", NOW + LIFE / 2)

        with job(before):
            pass

    def test_who_lost_it_cannot_commit(self, leases: Leases, job: Job) -> None:
        old = taken(leases, "a")
        taken(leases, "b", NOW + LIFE)

        with pytest.raises(LeaseLost, match=r"'poll' .*holder a, fence 1"), job(old):
            pass

    def test_who_got_it_back_cannot_commit_what_began_before(self, leases: Leases, job: Job) -> None:
        old = taken(leases, "a")
        taken(leases, "b", NOW + LIFE)
        taken(leases, "a", NOW + LIFE * 2)

        with pytest.raises(LeaseLost), job(old):
            pass

    def test_who_released_it_cannot_commit(self, leases: Leases, job: Job) -> None:
        old = taken(leases, "a")
        leases.release(old)

        with pytest.raises(LeaseLost), job(old):
            pass


def _race(leases: Leases, now: datetime) -> list[Lease]:
    runners = 4
    line = threading.Barrier(runners)

    def run(holder: str) -> Lease | None:
        line.wait()
        return leases.acquire("poll", holder, now, LIFE)

    with ThreadPoolExecutor(runners) as pool:
        results = list(pool.map(run, (f"runner {i}" for i in range(runners))))
    return [lease for lease in results if lease is not None]
